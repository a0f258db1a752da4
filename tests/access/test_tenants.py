"""Tenants are made once, found by slug, and the only one is found without a name; refusals say what to do."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from commerce.errors import Refused
from meschain.access.tenants import (
    create_tenant,
    ensure_tenant,
    get_tenant,
    list_tenants,
    only_tenant,
    update_tenant,
)


def test_a_tenant_is_found_as_it_was_made(engine: Engine) -> None:
    made = create_tenant(engine, "acme", name="Acme A.Ş.", default_currency="TRY", time_zone="Europe/Berlin")
    found = get_tenant(engine, "acme")
    assert (found.id, found.name, found.default_currency, found.time_zone, found.created_at) == (
        made.id, "Acme A.Ş.", "TRY", "Europe/Berlin", made.created_at,
    )  # fmt: skip


def test_the_defaults_are_those_of_home(engine: Engine) -> None:
    tenant = create_tenant(engine, "acme")
    assert (tenant.name, tenant.default_currency, tenant.time_zone) == ("acme", None, "Europe/Istanbul")


def test_a_slug_is_taken_once(engine: Engine) -> None:
    create_tenant(engine, "acme")
    with pytest.raises(Refused, match="a tenant 'acme' already"):
        create_tenant(engine, "acme")
    assert len(list_tenants(engine)) == 1


def test_what_cannot_be_is_refused_and_nothing_is_made(engine: Engine) -> None:
    with pytest.raises(Refused, match="a-z, 0-9 and dash"):
        create_tenant(engine, "Acme")
    with pytest.raises(Refused, match="a-z, 0-9 and dash"):
        ensure_tenant(engine, "Acme")
    with pytest.raises(Refused, match="ISO 4217"):
        create_tenant(engine, "acme", default_currency="TL")
    with pytest.raises(Refused, match="IANA"):
        create_tenant(engine, "acme", time_zone="Istanbul")
    assert list_tenants(engine) == []


def test_what_is_given_is_changed_and_the_rest_is_left(engine: Engine) -> None:
    create_tenant(engine, "acme", name="Acme A.Ş.", default_currency="TRY", time_zone="Europe/Berlin")
    create_tenant(engine, "bravo")
    changed = update_tenant(engine, "acme", default_currency="EUR")
    found = get_tenant(engine, "acme")
    for tenant in (changed, found):
        assert (tenant.name, tenant.default_currency, tenant.time_zone) == ("Acme A.Ş.", "EUR", "Europe/Berlin")
    update_tenant(engine, "acme", name="Acme", time_zone="UTC")
    assert update_tenant(engine, "acme", name="", default_currency="").default_currency is None
    found = get_tenant(engine, "acme")
    assert (found.name, found.default_currency, found.time_zone) == ("acme", None, "UTC")
    assert get_tenant(engine, "bravo").time_zone == "Europe/Istanbul"


def test_a_change_that_cannot_be_is_refused_and_nothing_is_changed(engine: Engine) -> None:
    create_tenant(engine, "acme", default_currency="TRY")
    for given, told in (({"default_currency": "TL"}, "ISO 4217"), ({"time_zone": "Istanbul"}, "IANA")):
        with pytest.raises(Refused, match=told):
            update_tenant(engine, "acme", name="Other", **given)
    with pytest.raises(Refused, match="no tenant 'bravo'; there are: acme"):
        update_tenant(engine, "bravo", default_currency="EUR")
    found = get_tenant(engine, "acme")
    assert (found.name, found.default_currency) == ("acme", "TRY")


def test_a_tenant_that_is_not_there_is_answered_with_those_that_are(engine: Engine) -> None:
    with pytest.raises(Refused, match="no tenant 'acme'; there are: none yet"):
        get_tenant(engine, "acme")
    create_tenant(engine, "bravo")
    create_tenant(engine, "alfa")
    with pytest.raises(Refused, match="there are: alfa, bravo"):
        get_tenant(engine, "acme")


def test_the_only_tenant_needs_no_name(engine: Engine) -> None:
    with pytest.raises(Refused, match="--tenant NAME"):
        only_tenant(engine)
    create_tenant(engine, "bravo")
    assert only_tenant(engine).slug == "bravo"
    create_tenant(engine, "alfa")
    with pytest.raises(Refused, match="choose one with --tenant: alfa, bravo"):
        only_tenant(engine)


def test_ensuring_makes_one_tenant_however_many_ask_at_once(engine: Engine) -> None:
    with ThreadPoolExecutor(6) as pool:
        tenants = list(pool.map(lambda _: ensure_tenant(engine, "acme"), range(12)))
    assert len({tenant.id for tenant in tenants}) == 1
    assert len(list_tenants(engine)) == 1
