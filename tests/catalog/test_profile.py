"""A profile is refused when it is made, not when a feed is read; and its fingerprint says what it reads alike."""

import pytest

from commerce.errors import Permanent
from meschain.catalog.profile import FeedProfile, parse_profile


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"derive": {"cost": "avg(cost)"}}, "depends on other rows"),
        ({"derive": {"cost": "row_number() OVER (ORDER BY cost)"}}, "depends on other rows"),
        ({"derive": {"cost": "price * 2"}}, "price"),
        ({"derive": {"cost": "cost +"}}, "not a SQL expression"),
        ({"derive": {"title": "upper(title)"}}, "derive.title"),
        ({"fields": {"cost": {"from": ["a"], "rewrite": [{"match": "(", "to": ""}]}}}, "not a regular expression"),
        ({"vat_rates": {"18": "eighteen"}}, "vat_rates.18"),
        ({"stock_words": {"Var": "many"}}, "stock_words.Var"),
        ({"currency": "TL"}, "ISO 4217"),
        ({"field": {}}, "field: Extra"),
        ({"weight_unit": "ton"}, "weight_unit"),
        ({"stock_words": {"Var": -1}}, "stock_words.Var"),
        (["fields"], "profile"),
        (None, "profile"),
    ],
)
def test_a_profile_that_cannot_work_is_refused_when_it_is_made(body, message):
    with pytest.raises(Permanent, match=r"^mine\.yml is not a feed profile: ") as refused:
        parse_profile(body, "mine.yml")
    assert message in str(refused.value)


FULL = {
    "layout": {"format": "delimited", "delimiter": ";"},
    "fields": {"cost": {"from": ["a", "b"], "decimal": ",", "rewrite": [{"match": "x(.)", "to": "${1}"}]}},
    "derive": {"cost": "CASE WHEN cost < 0 THEN list_price * (100 + cost) / 100 ELSE cost END", "stock": "5"},
    "decimal": ".",
    "currency": "EUR",
    "vat_rates": {"18": "20", "8": 10},
    "stock_words": {"Az": 2, "Çok": "12.5"},
    "drop": ["x"],
    "gate": {"row_loss": 0.5},
    "absence": {"complete": False},
}


def test_a_profile_comes_back_from_its_stored_form():
    profile = parse_profile(FULL, "mine")
    assert parse_profile(profile.model_dump(mode="json"), "stored") == profile
    assert parse_profile(profile.model_dump(mode="json", by_alias=True, exclude_defaults=True), "shown") == profile
    assert FeedProfile.model_validate_json(profile.model_dump_json()) == profile


@pytest.mark.parametrize(
    ("changed", "reads_alike"),
    [
        ({}, True),
        ({"layout": {"format": "delimited", "delimiter": ","}}, True),
        ({"gate": {"row_loss": 0.6}}, True),
        ({"absence": {"complete": True}}, True),
        ({"decimal": ","}, False),
        ({"currency": "TRY"}, False),
        ({"drop": []}, False),
        ({"stock_words": {"Az": 3}}, False),
        ({"derive": {}}, False),
        ({"fields": {"cost": {"from": ["b", "a"]}}}, False),
        ({"zero_price": "refuse"}, False),
    ],
)
def test_the_fingerprint_changes_with_whatever_decides_what_a_record_means(changed, reads_alike):
    """The layout is not in it: the formats' own digests have that."""
    fingerprints = {parse_profile(body, "mine").fingerprint("TRY") for body in (FULL, FULL | changed)}
    assert (len(fingerprints) == 1) == reads_alike


def test_the_fingerprint_knows_what_else_decides():
    profile = parse_profile(FULL, "mine")
    assert len({profile.fingerprint(), profile.fingerprint("TRY"), profile.fingerprint("TRY", "")}) == 3
