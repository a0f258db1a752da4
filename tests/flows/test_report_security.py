"""The weekly flow: a report for each tenant, whole or altered as the log is."""

import shutil

from meschain.audit.rules import OPERATOR, Tag
from meschain.store.session import transaction


def test_each_tenant_gets_its_report(shop, run, artifacts):
    from flows.report_security import report_security  # noqa: PLC0415  after Prefect's settings

    house = shop.house
    other = house.tenant("other", create=True)
    state = run(report_security)
    assert state.is_completed(), state.message
    assert state.message.startswith("2 reports were written; the audit log of ")
    for tenant in ("acme", "other"):
        (folder,) = (house.settings.home / "reports" / tenant).glob("security-*")
        assert {path.name for path in folder.iterdir()} == {"security.html", "security.md"}
        assert artifacts(f"security-{tenant}") == (folder / "security.md").read_text(encoding="utf-8")

    with house.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_entries_no_update")
        connection.exec_driver_sql("UPDATE audit_entries SET target = 'x'")
    with transaction(house.audit.of(other.id)) as session:
        house.log.record(session, Tag.ROLE_CREATED, OPERATOR, tenant_id=other.id)
    altered = run(report_security, tenant="other")
    assert altered.is_failed()
    assert altered.message.startswith("The audit log was altered: ")
    assert "THE AUDIT LOG WAS ALTERED" in artifacts("security-other")


def test_one_report_that_fails_stops_no_other(shop, run):
    from flows.report_security import report_security  # noqa: PLC0415  after Prefect's settings

    home = shop.house.settings.home
    shop.house.tenant("other", create=True)
    shutil.rmtree(home / "reports" / "acme")
    (home / "reports" / "acme").write_text("in the way")
    state = run(report_security)
    assert state.is_failed()
    assert state.message.startswith("1 reports were written; the audit log of ")
    assert "is whole. acme: " in state.message
    assert list((home / "reports" / "other").glob("security-*/security.html"))
