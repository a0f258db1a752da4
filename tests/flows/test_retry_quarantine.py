"""A supplier's quarantined rows, read again by their flow in the name of who asked, who is found by the flow run."""

from sqlalchemy import select

from meschain.audit.rules import Actor
from meschain.audit.tables import Entry
from meschain.catalog.profile import parse_profile
from meschain.catalog.suppliers import get_supplier, save_profile
from meschain.runs import service
from meschain.runs.outbox import Outbox
from meschain.store.session import reading

PRICES = [f"{n},50" for n in range(10, 30)]


def test_rows_are_read_again_when_the_profile_is_mended(shop, run):
    from flows.retry_quarantine import retry_quarantine  # noqa: PLC0415  after Prefect's settings

    shop.write("toys", [*PRICES, "1.2.3", "bozuk"])
    never = run(retry_quarantine, "toys")
    assert (never.name, "no profile yet" in never.message) == ("Failed", True)
    shop.sync("toys")
    assert shop.ask("SELECT count(*) FROM core.offers") == [(20,)]
    fields = {
        "supplier_sku": {"from": ["stok_kodu"]},
        "title": {"from": ["urun_adi"]},
        "list_price": {"from": ["fiyat"], "values": {"1.2.3": "123", "bozuk": "7"}},
    }
    profile = parse_profile({"fields": fields, "currency": "TRY", "decimal": ","}, "the test's")
    save_profile(shop.catalog, get_supplier(shop.catalog, "toys"), profile, "declared")
    again = run(retry_quarantine, "toys")
    assert again.name == "Completed", again.message
    assert shop.ask("SELECT count(*) FROM core.offers") == [(22,)]
    with reading(shop.catalog.engine) as session:
        entries = list(session.scalars(select(Entry).where(Entry.tag == "catalog:quarantine:retried")))
    assert [entry.actor_id for entry in entries] == ["prefect"]
    assert entries[0].flow_run_id == str(again.state_details.flow_run_id)


def test_whoever_asked_is_who_acts(shop):
    """As a flow runner has it in hand: the flow run belongs to a wish of somebody's."""
    from tasks import jobs  # noqa: PLC0415  after Prefect's settings

    asker = Actor("user", "0198-ada", shop.catalog.tenant_id, "request-7")
    wish = service.trigger(shop.catalog.engine, "retry-quarantine", {}, log=shop.catalog.log, actor=asker)
    outbox = Outbox(shop.house.engine, "here")
    outbox.register()
    outbox.claim(1)
    outbox.attach(wish.id, "flow-run-7")
    shop.write("toys", [*PRICES, "bozuk"])
    shop.sync("toys")
    jobs.retry_quarantine(
        shop.house, lambda _: None, tenant="acme", supplier="toys", run_id="retried", flow_run_id="flow-run-7"
    )
    with reading(shop.catalog.engine) as session:
        entry = session.scalars(select(Entry).where(Entry.tag == "catalog:quarantine:retried")).one()
    assert (entry.actor_kind, entry.actor_id) == ("user", "0198-ada")
    assert (entry.request_id, entry.flow_run_id, entry.target) == ("request-7", "flow-run-7", "run retried")
