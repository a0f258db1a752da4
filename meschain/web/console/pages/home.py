"""The first page: what needs a look, how suppliers stand, what ran last."""

from typing import Annotated

from fastapi import APIRouter, Response

from meschain.access import account
from meschain.access.permissions import Permission
from meschain.access.rules import Forbidden
from meschain.access.scopes import Scopes
from meschain.catalog.api import runs as api
from meschain.catalog.api.context import SUPPLIER, catalog_of
from meschain.catalog.standing import list_standings
from meschain.catalog.tables import RunStatus
from meschain.web.console.pages.flows import runner_alive
from meschain.web.console.pages.rows import run_row, supplier_row
from meschain.web.console.places import PAGES
from meschain.web.console.views.catalog import Dashboard, RunRow
from meschain.web.console.visits import Entered, Visit

router = APIRouter()
_NOTHING = Scopes(())
_MOST_HELD, _RECENT = 20, 10


@router.get(PAGES["home"])
def show_home(visit: Annotated[Visit, Entered()]) -> Response:
    """What everybody sees first, as far as he may."""
    seen = _scopes(visit, Permission.SUPPLIERS_READ)
    standings = list_standings(catalog_of(visit.request, visit.who), scopes=seen) if seen != _NOTHING else []
    view = Dashboard(
        suppliers=tuple(supplier_row(visit, each) for each in standings), held=_runs(visit, _MOST_HELD, "held"),
        recent=_runs(visit, _RECENT), runner_alive=runner_alive(visit),
        second_factor=account.has_second_factor(visit.access, visit.who.user_id),
    )  # fmt: skip
    return visit.show(view)


def _runs(visit: Visit, limit: int, status: RunStatus | None = None) -> tuple[RunRow, ...]:
    if _scopes(visit, Permission.CATALOG_READ) == _NOTHING:
        return ()
    asked = api.RunsQuery(limit=limit, status=status)
    return tuple(run_row(each) for each in api.list_runs(visit.request, Response(), visit.who, asked).items)


def _scopes(visit: Visit, permission: Permission) -> Scopes | None:
    """Of which suppliers something may be shown; of none is an answer too."""
    try:
        return visit.who.scopes(permission, SUPPLIER)
    except Forbidden:
        return _NOTHING
