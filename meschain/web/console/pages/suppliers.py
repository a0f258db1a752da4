"""Pages of suppliers: how they stand, where their feeds come from, how these are read."""

from dataclasses import replace
from typing import Annotated, Any

import yaml
from fastapi import APIRouter, Response
from pydantic import ValidationError

from commerce.errors import MesChainError
from meschain.access.permissions import Permission
from meschain.access.rules import NotFound
from meschain.catalog import suppliers
from meschain.catalog.api import quarantine as quarantine_api
from meschain.catalog.api import runs as runs_api
from meschain.catalog.api import suppliers as api
from meschain.catalog.api.context import SUPPLIER, catalog_of, the_supplier
from meschain.catalog.api.schemas import REMOTE, SourceBody, SupplierOut
from meschain.catalog.profile import FeedProfile
from meschain.catalog.quarantine import count_reasons
from meschain.catalog.standing import Standing, list_standings
from meschain.web.console.fields import PREFIX, Schema, read_fields
from meschain.web.console.forms import read_posted, write_values
from meschain.web.console.pages.rows import run_row, supplier_row
from meschain.web.console.places import ACTS, PAGES
from meschain.web.console.views import catalog as views
from meschain.web.console.views.page import EMPTY, Form
from meschain.web.console.visits import Entered, Visit
from meschain.web.console.written import Faults, read_yaml

router = APIRouter()
Seer = Annotated[Visit, Entered(Permission.SUPPLIERS_READ, SUPPLIER, partly=True)]
Reader = Annotated[Visit, Entered(Permission.SUPPLIERS_READ, SUPPLIER)]
Writer = Annotated[Visit, Entered(Permission.SUPPLIERS_WRITE, SUPPLIER)]
Maker = Annotated[Visit, Entered(Permission.SUPPLIERS_WRITE)]
_RUNS = 10


def _source_schema() -> Schema:
    """What is asked of a source: that it is a remote one is not."""
    schema = SourceBody.model_json_schema()
    asked = {name: part for name, part in schema["properties"].items() if name != "kind"}
    return {**schema, "properties": asked, "required": [name for name in schema["required"] if name != "kind"]}


_SCHEMA = _source_schema()
_FIELDS = read_fields(_SCHEMA)
_SECRETS = frozenset(field.key for field in _FIELDS if field.secret)


@router.get(PAGES["suppliers"])
def list_suppliers(visit: Seer) -> Response:
    """Every supplier that one may see."""
    scopes = visit.who.scopes(Permission.SUPPLIERS_READ, SUPPLIER)
    standings = list_standings(catalog_of(visit.request, visit.who), scopes=scopes)
    return visit.show(views.Suppliers(suppliers=tuple(supplier_row(visit, each) for each in standings)))


@router.get(PAGES["new-supplier"])
def show_new_supplier(visit: Maker) -> Response:
    """A supplier to be added."""
    return visit.show(_form(None, Form(values=write_values(_FIELDS))))


@router.post(ACTS["add-supplier"])
def add_supplier(visit: Maker) -> Response:
    """Add a supplier, with the web address of its feed if one is given."""
    slug, name = visit.given("slug"), visit.given("name")
    try:
        source = _source(visit) if visit.given(f"{PREFIX}urls") else None
        minutes = visit.number("every_minutes") if visit.given("every_minutes") else None
        suppliers.add_supplier(
            catalog_of(visit.request, visit.who), slug, name=name, source=source, every_minutes=minutes
        )
    except _Misfit as misfit:
        return visit.show(_form(None, misfit.form), 422)
    except MesChainError as error:
        form, status = visit.form(error)
        return visit.show(_form(None, form), status)
    return visit.go("supplier", "supplier-added", supplier=slug)


@router.get(PAGES["supplier"])
def show_supplier(visit: Reader, supplier: str) -> Response:
    """One supplier."""
    return visit.show(_supplier(visit, supplier))


@router.get(PAGES["supplier-source"])
def show_source(visit: Writer, supplier: str) -> Response:
    """Another source for a supplier; secrets have to be given again."""
    catalog = catalog_of(visit.request, visit.who)
    known = SupplierOut.of(catalog, the_supplier(catalog, supplier)).source
    return visit.show(_form(supplier, Form(values=write_values(_FIELDS, known.options if known else None))))


@router.post(ACTS["change-source"])
def change_source(visit: Writer, supplier: str) -> Response:
    """Give a supplier another source."""
    try:
        suppliers.set_source(catalog_of(visit.request, visit.who), supplier, _source(visit))
    except _Misfit as misfit:
        return visit.show(_form(supplier, misfit.form), 422)
    except MesChainError as error:
        form, status = visit.form(error)
        return visit.show(_form(supplier, form), status)
    return visit.go("supplier", "source-changed", supplier=supplier)


@router.post(ACTS["change-interval"])
def change_interval(visit: Writer, supplier: str) -> Response:
    """Expect the supplier's feed at another interval; none: it is synced by hand."""
    try:
        minutes = visit.number("every_minutes") if visit.given("every_minutes") else None
        suppliers.change_supplier(catalog_of(visit.request, visit.who), supplier, {"every_minutes": minutes})
    except MesChainError as error:
        form, status = visit.form(error)
        return visit.show(_supplier(visit, supplier, interval=form), status)
    return visit.go("supplier", "interval-changed", supplier=supplier)


@router.post(ACTS["change-profile"])
def change_profile(visit: Annotated[Visit, Entered(Permission.PROFILES_WRITE, SUPPLIER)], supplier: str) -> Response:
    """Read the supplier's feed by this profile from now on."""
    catalog, body = catalog_of(visit.request, visit.who), visit.posted.get("body", "")
    owner = the_supplier(catalog, supplier)
    try:
        suppliers.save_profile(catalog, owner, _parsed(body), "declared", after=visit.number("version"))
    except (Faults, MesChainError) as error:
        told = error.faults if isinstance(error, Faults) else (visit.form(error)[0].refused,)
        return visit.show(_supplier(visit, supplier, faults=tuple(map(str, told)), body=body), 422)
    return visit.go("supplier", "profile-changed", supplier=supplier)


@router.post(ACTS["test-supplier"])
def test_supplier(visit: Annotated[Visit, Entered(Permission.SUPPLIERS_TEST, SUPPLIER)], supplier: str) -> Response:
    """Have the supplier's feed fetched for a look at it."""
    try:
        asked = api.begin_connection_test(visit.request, Response(), supplier, who=visit.who, key=visit.key)
    except MesChainError as error:
        form, status = visit.form(error)
        return visit.show(_supplier(visit, supplier, interval=form), status)
    return visit.go("trigger", "flow-started", trigger=asked.id)


@router.post(ACTS["retry-quarantine"])
def retry_quarantine(visit: Annotated[Visit, Entered(Permission.CATALOG_RETRY, SUPPLIER)], supplier: str) -> Response:
    """Have the supplier's quarantined rows read again by its present profile."""
    asked = quarantine_api.retry(visit.request, Response(), supplier, who=visit.who, key=visit.key)
    return visit.go("trigger", "flow-started", trigger=asked.id)


class _Misfit(Exception):
    """What was given is no source."""

    def __init__(self, form: Form) -> None:
        super().__init__("no source")
        self.form = form


def _source(visit: Visit) -> dict[str, Any]:
    """The source that the form describes; raises _Misfit."""
    read = read_posted(_SCHEMA, _FIELDS, visit.posted)
    if read.errors:
        raise _Misfit(visit.form_with(read.errors))
    try:
        return SourceBody(kind=REMOTE, **read.parameters).given()
    except ValidationError as error:
        told = {f"{PREFIX}{'.'.join(map(str, each['loc'][:1])) or 'urls'}": each["msg"] for each in error.errors()}
        raise _Misfit(visit.form_with(told)) from None


def _parsed(body: str) -> FeedProfile:
    """The profile that is written there, in YAML without references; raises Faults."""
    try:
        return FeedProfile.model_validate(read_yaml(body, "a profile"))
    except ValidationError as error:
        told = (
            f"{'.'.join(map(str, each['loc'])) or 'profile'}: {each['msg'].removeprefix('Value error, ')}"
            for each in error.errors(include_input=False)
        )
        raise Faults(tuple(told)) from None


def _form(supplier: str | None, form: Form) -> views.SupplierForm:
    """What was given but for secrets, which are never written into a form."""
    values = {name: text for name, text in form.values.items() if name not in _SECRETS}
    return views.SupplierForm(supplier=supplier, fields=_FIELDS, form=replace(form, values=values))


def _standing(visit: Visit, slug: str) -> Standing:
    scopes = visit.who.scopes(Permission.SUPPLIERS_READ, SUPPLIER)
    found = list_standings(catalog_of(visit.request, visit.who), scopes=scopes, only=slug)
    if not found:
        raise NotFound(f"there is no supplier {slug!r}")
    return found[0]


def _supplier(
    visit: Visit, slug: str, *, interval: Form = EMPTY, faults: tuple[str, ...] = (), body: str | None = None
) -> views.Supplier:
    standing, catalog = _standing(visit, slug), catalog_of(visit.request, visit.who)
    source = SupplierOut.of(catalog, standing.supplier).source
    may_see = visit.who.policy.allows(Permission.CATALOG_READ, (SUPPLIER, slug))
    asked = runs_api.RunQuery(limit=_RUNS)
    recent = runs_api.list_runs_of_supplier(visit.request, Response(), slug, asked, visit.who).items if may_see else []
    return views.Supplier(
        row=supplier_row(visit, standing), source=source.options if source else {},
        secret_names=tuple(source.secrets) if source else (), last_good_at=standing.last_good_at,
        due_at=standing.due_at, runs=tuple(run_row(each) for each in recent),
        refusals=tuple(views.RefusalGroup(**each) for each in count_reasons(catalog, slug)) if may_see else (),
        profile=_profile(visit, standing, faults, body), interval=interval,
    )  # fmt: skip


def _profile(visit: Visit, standing: Standing, faults: tuple[str, ...], body: str | None) -> views.Profile:
    current = suppliers.current_profile(catalog_of(visit.request, visit.who), standing.supplier)
    if current is None:
        return views.Profile(body=body or "", errors=faults)
    stored = current[0]
    written = yaml.safe_dump(stored.body, allow_unicode=True, sort_keys=False)
    return views.Profile(
        body=written if body is None else body, version=stored.version, origin=stored.origin,
        saved_at=stored.created_at, errors=faults,
    )  # fmt: skip
