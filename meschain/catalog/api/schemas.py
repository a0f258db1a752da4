"""What the routes of the catalog take and give. Amounts are texts that keep their scale; secrets are taken only."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from connectors.sources.http import HttpOptions
from connectors.sources.protocol import public_options, secrets
from meschain.catalog.context import Catalog
from meschain.catalog.decisions import Difference
from meschain.catalog.profile import FeedProfile
from meschain.catalog.sources import secret_names
from meschain.catalog.suppliers import LONGEST_INTERVAL, Change
from meschain.catalog.tables import ProfileOrigin, Run, RunKind, RunStatus, Supplier

REMOTE = "http"
"""The kind of source that may be set over the API: any other could reach what only the operator may reach."""
_ONLY_REMOTE = "over the API a feed comes by HTTP (kind http); files of the server are named by its operator alone"
_LONGEST_TEXT = 2_000
Minutes = Annotated[int, Field(ge=1, le=LONGEST_INTERVAL, description="Interval at which a new feed is expected.")]
Secret = Annotated[SecretStr, Field(json_schema_extra={"secret": True, "writeOnly": True})]
Text = Annotated[str, Field(max_length=200)]


class Body(BaseModel):
    """What is sent; a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class SourceBody(HttpOptions):
    """Where a supplier's feed is, and the credentials that it asks for; they are stored encrypted and never shown.

    It takes the place of the source that was: also of its credentials, which have to be given again.
    """

    kind: str = Field(examples=[REMOTE])
    urls: tuple[str, ...] = Field(
        min_length=1, max_length=50, description="http(s) addresses; all of them together are one feed",
        examples=[["https://feeds.example.com/acme.csv"]],
    )  # fmt: skip
    password: Secret = SecretStr("")
    headers: dict[str, Secret] = Field(
        default={}, description="header lines with a key, such as X-Api-Key",
        json_schema_extra={"secret": True, "writeOnly": True},
    )  # fmt: skip
    query: dict[str, Secret] = Field(
        default={}, description="query parameters with a key, added to every address",
        json_schema_extra={"secret": True, "writeOnly": True},
    )  # fmt: skip

    @model_validator(mode="before")
    @classmethod
    def _is_remote(cls, given: object) -> object:
        if isinstance(given, dict) and "kind" in given and given["kind"] != REMOTE:
            raise PydanticCustomError("source_kind", _ONLY_REMOTE)
        return given

    def given(self) -> dict[str, Any]:
        """As the use cases take it."""
        return {**public_options(self), **secrets(self)}


class NewSupplier(Body):
    """A supplier to make."""

    supplier: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="Its name in addresses.", examples=["acme-toys"]
    )
    name: Text = Field(default="", examples=["Acme Oyuncak"])
    every_minutes: Minutes | None = None
    source: SourceBody | None = None


class SupplierChange(Body):
    """What to change; what is left out stays."""

    name: Text = Field(default="", examples=["Acme Oyuncak"])
    every_minutes: Minutes | None = Field(default=None, description="null: whenever it is started by hand.")
    active: bool = Field(default=True, description="Whether it is synced by schedule.")

    def given(self) -> Change:
        """As the use case takes it."""
        return cast("Change", {name: getattr(self, name) for name in self.model_fields_set})


class SourceOut(BaseModel):
    """Where a supplier's feed comes from."""

    kind: str
    options: dict[str, Any] = Field(description="None of them secret; none at all of a source that the operator set.")
    secrets: list[str] = Field(
        description="Which secrets are given; what they say is never told.", examples=[["password"]]
    )


class SupplierOut(BaseModel):
    """A supplier."""

    supplier: str
    name: str
    source: SourceOut | None
    every_minutes: int | None
    active: bool
    created_at: datetime

    @classmethod
    def of(cls, catalog: Catalog, found: Supplier) -> "SupplierOut":
        """From the supplier."""
        return cls(
            supplier=found.slug, name=found.name, source=_source(catalog, found), every_minutes=found.every_minutes,
            active=found.active, created_at=found.created_at,
        )  # fmt: skip


def _source(catalog: Catalog, found: Supplier) -> SourceOut | None:
    if not found.source:
        return None
    kind = str(found.source["kind"])
    options = {name: value for name, value in found.source.items() if name != "kind"} if kind == REMOTE else {}
    return SourceOut(kind=kind, options=options, secrets=secret_names(catalog, found))


class ProfileOut(BaseModel):
    """How a supplier's feed is read; what is left out is as by default."""

    version: int
    origin: ProfileOrigin
    created_at: datetime
    profile: FeedProfile


class SyncBody(Body):
    """How to sync."""

    force: bool = Field(default=False, description="Read the feed even if it is the one that was read last.")


class DecisionBody(Body):
    """Why."""

    note: str = Field(default="", max_length=500, examples=["the supplier confirmed the new prices"])


class FeedFile(BaseModel):
    """A file of a feed."""

    name: str
    hash: str = Field(description="xxh3-128 of its bytes.")
    bytes: int


class CatalogRun(BaseModel):
    """One attempt to bring a supplier's feed into the lake."""

    id: str
    supplier: str
    kind: RunKind
    status: RunStatus
    started_at: datetime
    finished_at: datetime | None
    seconds: float | None
    counts: dict[str, int] = Field(description="Rows by what became of them.", examples=[{"read": 120, "changed": 3}])
    notes: dict[str, int] = Field(description="What was noted while reading, by `field:reason`.")
    reasons: list[str] = Field(description="Why it is, or was, held.")
    error: str | None
    files: list[FeedFile]
    base_run_id: str | None = Field(description="The run whose state it was compared with, or that it undid.")
    flow_run_id: str | None = Field(description="Prefect's id of the flow run that carried it out.")
    decided_by: str | None
    decided_at: datetime | None
    decision_note: str | None

    @classmethod
    def of(cls, run: Run, supplier: str) -> "CatalogRun":
        """From the run."""
        names = cls.model_fields.keys() - {"supplier", "counts", "notes", "reasons", "files"}
        return cls(
            supplier=supplier,
            counts={name: count for name, count in run.counts.items() if isinstance(count, int) and name != "seed"},
            notes=run.counts.get("notes", {}),
            reasons=[str(finding["message"]) for finding in run.gate],
            files=[FeedFile(name=file["name"], hash=file["hash"], bytes=file["bytes"]) for file in run.files],
            **{name: getattr(run, name) for name in names},
        )


class FieldChange(BaseModel):
    """One field of an offer, before and after; null where there is nothing. Long texts are cut."""

    field: str
    before: str | None
    after: str | None


class OfferChange(BaseModel):
    """What happens to one offer."""

    supplier_sku: str
    kind: str = Field(examples=["changed"])
    changes: list[FieldChange]


class DifferenceOut(BaseModel):
    """What a run changes: offers per kind of change, and some of them field by field."""

    kinds: dict[str, int] = Field(examples=[{"new": 2, "changed": 40}])
    examples: list[OfferChange]

    @classmethod
    def of(cls, found: Difference) -> "DifferenceOut":
        """From the difference."""
        examples = [
            OfferChange(
                supplier_sku=example["supplier_sku"], kind=example["kind"],
                changes=[FieldChange(**_cut(change)) for change in example["changes"]],
            )
            for example in found.examples
        ]  # fmt: skip
        return cls(kinds=found.kinds, examples=examples)


class QuarantineEntry(BaseModel):
    """A row, or a value of one, that could not be read."""

    quarantined_at: datetime
    run_id: str
    supplier: str
    source_file: str
    row_number: int
    supplier_sku: str | None
    scope: str = Field(description="row: all of it was refused; field: the offer went on without this value.")
    field: str
    reason: str = Field(examples=["ambiguous_number"])
    value: str | None
    expected: str
    raw: str = Field(description="The record as it was received; a long one is cut.")

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "QuarantineEntry":
        """From an entry of the lake."""
        return cls(**_cut(entry))


class QuarantineReason(BaseModel):
    """How many entries are open for a reason."""

    supplier: str
    scope: str
    field: str
    reason: str
    rows: int


class OfferOut(BaseModel):
    """An offer, in short."""

    supplier: str
    supplier_sku: str
    title: str | None
    brand: str | None
    category: str | None
    gtin: str | None
    mpn: str | None
    cost: Decimal | None
    list_price: Decimal | None
    currency: str | None
    vat_rate: Decimal | None
    vat_included: bool | None
    stock: Decimal | None
    stock_kind: str | None
    status: str = Field(examples=["active"])
    missing_since: datetime | None
    run_id: str
    updated_at: datetime


class OfferDetail(OfferOut):
    """Everything that is known of an offer."""

    gtins: list[str] | None
    description: str | None
    weight_g: Decimal | None
    length_cm: Decimal | None
    width_cm: Decimal | None
    height_cm: Decimal | None
    desi: Decimal | None
    image_urls: list[str] | None
    attributes: dict[str, Any] = Field(description="Whatever else the feed says, in its own words.")
    variant_group: str | None
    source_file: str
    row_number: int


class OfferEvent(BaseModel):
    """One change of a field of an offer."""

    changed_at: datetime
    run_id: str
    kind: str
    field: str
    before: str | None
    after: str | None


def _cut(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with long texts cut."""
    return {
        name: f"{value[: _LONGEST_TEXT - 1]}…" if isinstance(value, str) and len(value) > _LONGEST_TEXT else value
        for name, value in values.items()
    }
