"""The parameters of the flows and what they may be, as the form in the Prefect UI asks for them.

What the form says of each stands in the flow's docstring: Prefect reads it there and nowhere else.
"""

from typing import Annotated, Literal

from pydantic import Field

from meschain.pricing.banks import Source

Tenant = Annotated[str | None, Field(examples=["acme"])]
Supplier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", examples=["acme-toys"])]
RunId = Annotated[str, Field(pattern=r"^[0-9a-f-]{36}$", examples=["01a21e25-4f8e-743b-a896-4b66542a4cdc"])]
Decision = Literal["approve", "reject", "roll back"]
Note = Annotated[str, Field(max_length=500)]
Concurrency = Annotated[int, Field(ge=1, le=32)]
RateSource = Source | None
Weeks = Annotated[int, Field(ge=1, le=53)]
RulesVersion = Annotated[int, Field(ge=1)]
