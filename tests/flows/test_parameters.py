"""The form with which a person starts a flow says what each of its fields is for."""

import pytest
from prefect.flows import Flow
from prefect.utilities.callables import parameter_schema

from flows.check_invariants import check_invariants
from flows.maintain_warehouse import maintain_warehouse
from flows.sync_catalog import sync_catalog
from flows.sync_catalogs import sync_catalogs


@pytest.mark.parametrize("flow", [sync_catalog, sync_catalogs, maintain_warehouse, check_invariants])
def test_every_field_of_the_form_is_described(flow: Flow[..., object]) -> None:
    fields = parameter_schema(flow.fn).model_dump_for_openapi()["properties"]
    assert fields
    assert [name for name, field in fields.items() if not field.get("description")] == []
