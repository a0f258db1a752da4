"""The form with which a person starts a flow says what each of its fields is for."""

import pytest
from prefect.flows import Flow
from prefect.utilities.callables import parameter_schema

from flows.check_invariants import check_invariants
from flows.decide_run import decide_run
from flows.maintain_warehouse import maintain_warehouse
from flows.report_security import report_security
from flows.retry_quarantine import retry_quarantine
from flows.sync_catalog import sync_catalog
from flows.sync_catalogs import sync_catalogs
from flows.test_connection import try_connection

FLOWS = [
    sync_catalog, sync_catalogs, decide_run, retry_quarantine, try_connection, maintain_warehouse, check_invariants,
    report_security,
]  # fmt: skip


@pytest.mark.parametrize("flow", FLOWS)
def test_every_field_of_the_form_is_described(flow: Flow[..., object]) -> None:
    fields = parameter_schema(flow.fn).model_dump_for_openapi()["properties"]
    assert fields
    assert [name for name, field in fields.items() if not field.get("description")] == []
