"""The parameters of the flows and what they may be, as the form in the Prefect UI asks for them.

What the form says of each stands in the flow's docstring: Prefect reads it there and nowhere else.
"""

from typing import Annotated

from pydantic import Field

Tenant = Annotated[str | None, Field(examples=["acme"])]
Supplier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", examples=["acme-toys"])]
Concurrency = Annotated[int, Field(ge=1, le=32)]
