"""What can run is announced; a wish is checked, is one wish however often it is sent, and can be taken back."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, select

from commerce.errors import Refused
from meschain.access.permissions import Permission
from meschain.access.rules import NotFound
from meschain.access.tenants import create_tenant
from meschain.audit.tables import Entry
from meschain.runs import flows, service
from meschain.runs.flows import BadParameters
from meschain.runs.outbox import Outbox
from meschain.runs.service import KeyReused
from meschain.runs.tables import Flow
from meschain.store.session import reading
from meschain.store.tenancy import of_every_tenant, of_tenant
from tests.runs import asking

SCHEMA = {
    "type": "object",
    "properties": {
        "tenant": {"type": "string"},
        "supplier": {"type": "string", "pattern": "^[a-z]+$"},
        "force": {"type": "boolean", "default": False},
    },
    "required": ["supplier", "tenant"],
}


def flow(name: str = "sync-catalog", *tags: str, schema: dict[str, object] = SCHEMA) -> Flow:
    return Flow(name=name, description="Does it", parameters=schema, tags=list(tags))


@pytest.fixture
def tenant(engine: Engine) -> str:
    return create_tenant(engine, "acme").id


def test_only_what_says_which_permission_it_needs_can_be_started(engine):
    flows.announce(
        engine, [flow("sync-catalog", "catalog", "needs:catalog:sync"), flow("secret"), flow("odd", "needs:x")]
    )
    assert [found.name for found in flows.list_flows(engine)] == ["sync-catalog"]
    assert flows.needed(flows.get_flow(engine, "sync-catalog")) == Permission.CATALOG_SYNC
    for name in ("secret", "odd", "no-such"):
        with pytest.raises(NotFound):
            flows.get_flow(engine, name)
    flows.announce(engine, [flow("other", "needs:catalog:sync")])
    assert [found.name for found in flows.list_flows(engine)] == ["other"]


def test_parameters_are_checked_and_the_tenant_is_never_taken_from_a_request():
    known = flow()
    assert flows.check_parameters(known, {"supplier": "toys"}, "acme") == {"supplier": "toys", "tenant": "acme"}
    for given, name in (
        ({}, ""), ({"supplier": "Toys 1"}, "supplier"), ({"supplier": "toys", "force": "yes"}, "force"),
        ({"supplier": "toys", "tenant": "other"}, ""), ({"supplier": "toys", "more": 1}, ""),
    ):  # fmt: skip
        with pytest.raises(BadParameters) as caught:
            flows.check_parameters(known, given, "acme")
        assert caught.value.problems[0][0] == name
    whole = flow(schema={"type": "object", "properties": {}})
    assert flows.check_parameters(whole, {}, "acme") == {}


def test_the_same_key_is_the_same_wish_however_many_send_it(engine, tenant):
    bound = of_tenant(engine, tenant)

    def send(_number: int) -> str:
        return asking.ask(bound, "sync-catalog", tenant_id=tenant, key="k-1", supplier="toys")

    with ThreadPoolExecutor(6) as threads:
        sent = set(threads.map(send, range(12)))
    assert len(sent) == 1
    with pytest.raises(KeyReused, match="'k-1' belongs to another request"):
        asking.ask(bound, "sync-catalog", tenant_id=tenant, key="k-1", supplier="other")
    assert asking.ask(bound, "sync-catalog", tenant_id=tenant, key="k-2", supplier="toys") not in sent
    other = create_tenant(engine, "other").id
    assert asking.ask(of_tenant(engine, other), "sync-catalog", tenant_id=other, key="k-1", supplier="x") not in sent
    with reading(of_every_tenant(engine)) as session:
        asked = session.scalars(select(Entry.tag).where(Entry.tag == "flows:run:requested")).all()
    assert len(asked) == 3  # a wish that was there already is no act


def test_a_run_that_waits_is_cancelled_at_once_and_one_under_way_by_its_runner(engine, tenant):
    bound, outbox = of_tenant(engine, tenant), Outbox(engine, "here")
    outbox.register()
    waiting = asking.ask(bound, "sync-catalog", tenant_id=tenant)
    assert asking.cancel(bound, waiting, tenant).state == "cancelled"
    with pytest.raises(Refused, match="ended already, as cancelled"):
        asking.cancel(bound, waiting, tenant)
    running = asking.ask(bound, "sync-catalog", tenant_id=tenant)
    outbox.claim(1)
    outbox.attach(running, "flow-run-1")
    assert outbox.list_unwanted() == []
    assert asking.cancel(bound, running, tenant).state == "started"
    assert outbox.list_unwanted() == ["flow-run-1"]
    other = create_tenant(engine, "other").id
    with pytest.raises(Refused, match="no trigger"):
        asking.cancel(of_tenant(engine, other), running, other)


def test_pages_of_triggers_follow_one_another(engine, tenant):
    bound = of_tenant(engine, tenant)
    asked = [asking.ask(bound, f"flow-{number % 2}", tenant_id=tenant, n=number) for number in range(5)]
    first = service.list_triggers(bound, 2)
    second = service.list_triggers(bound, 9, before=first[-1].id)
    assert [found.id for found in (*first, *second)] == asked[::-1]
    assert [found.id for found in service.list_triggers(bound, 9, flow="flow-1")] == [asked[3], asked[1]]
