"""The parameters of the flows, as the form in the Prefect UI asks for them."""

from typing import Annotated

from pydantic import Field

Tenant = Annotated[
    str | None, Field(title="Tenant", description="Seller to work for; empty: the only one there is", examples=["acme"])
]
Tenants = Annotated[
    str | None, Field(title="Tenant", description="Seller to work for; empty: all of them", examples=["acme"])
]
Supplier = Annotated[
    str,
    Field(
        title="Supplier",
        description="Name of the supplier, as `meschain supplier list` shows it",
        pattern=r"^[a-z0-9][a-z0-9-]*$",
        examples=["acme-toys"],
    ),
]
Force = Annotated[
    bool, Field(title="Read it anyway", description="Read the feed even if it is the one that was read last")
]
EverySupplier = Annotated[
    bool, Field(title="Every supplier", description="Sync all suppliers with a source, not only those that are due")
]
Concurrency = Annotated[int, Field(title="At once", description="How many suppliers are synced at once", ge=1, le=32)]
