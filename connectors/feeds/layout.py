"""How a feed file is written: everything needed to cut it into records, nothing about what the fields mean."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Layout(BaseModel):
    """The written form of one feed, found by looking at it (`connectors.feeds.detect`) or declared in a profile.

    `record_path` and `variant_path` are slash-separated element or key names from the root (`root/urun`,
    `Urunler/Urun` and, below the record, `UrunSecenek/Secenek`); they matter to XML and JSON only.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["delimited", "xml", "json", "ndjson", "xlsx"]
    encoding: str = "utf-8"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', max_length=1)
    """Empty when the file does not quote."""
    header: bool = True
    columns: tuple[str, ...] = ()
    """Names for the columns of a file without a heading line."""
    record_path: str = ""
    variant_path: str = ""
    sheet: str = ""
