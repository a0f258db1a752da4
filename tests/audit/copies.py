"""Copies of a log's store, so that each test may alter one of its own."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from meschain.store.ids import new_id
from tests.postgres import fresh_database


@contextmanager
def copied(request: pytest.FixtureRequest, template: str, folder: Path) -> Iterator[str]:
    """URL of a copy of a SQLite file, or of the PostgreSQL database of that name."""
    if Path(template).exists():
        yield f"sqlite:///{shutil.copy(template, folder / 'store.sqlite')}"
        return
    with fresh_database(request.getfixturevalue("postgres_url"), f"log_{new_id()}", template) as url:
        yield url
