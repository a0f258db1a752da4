"""Looking at a real installation: what is there, what is missing, what is broken; and it is left as it was."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from meschain.catalog.suppliers import add_supplier
from meschain.catalog.tables import Run
from meschain.operations.doctor import Finding
from meschain.operations.examination import examine, list_settings
from meschain.operations.server import free_port
from meschain.runs.tables import Runner, Trigger
from meschain.settings import Settings, list_variables, private_dir
from meschain.store.base import utc_now
from meschain.store.session import transaction
from meschain.store.tenancy import of_every_tenant
from tests.catalog.shop import Shop, goods, open_shop
from tests.connectors.loopback import Reply, serving

_HOST = "127.0.0.1"
_URL = "https://feeds.example/a.csv"


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two feeds, one of them held, and a sealed secret; to be copied, never used."""
    home = private_dir(tmp_path_factory.mktemp("lived-in") / "home")
    with open_shop(home, "acme", home.parent) as shop:
        add_supplier(shop.catalog, "toys", source={"kind": "http", "urls": [_URL], "password": "p4ss"})
        shop.sync(goods(40), "toys")
        shop.sync(goods(40), "tools")
        assert shop.sync(goods(3), "tools").status == "held"
    return home


@pytest.fixture
def lived(lived_in: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(lived_in, tmp_path / "home"))


@pytest.fixture
def shop(lived: Path, tmp_path: Path) -> Iterator[Shop]:
    """The same, opened."""
    with open_shop(lived, "acme", tmp_path) as opened:
        yield opened


def _found(home: Path, **groups: object) -> dict[str, list[Finding]]:
    by_area: dict[str, list[Finding]] = {}
    for finding in examine(Settings(home=home, **groups)):
        by_area.setdefault(finding.area, []).append(finding)
    return by_area


def _tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file and folder with its mode and content, save SQLite's own index of a log that readers share."""
    return {
        str(path): (path.stat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in folder.rglob("*")
        if not path.name.endswith(("-shm", "-wal"))
    }


def test_a_machine_that_has_never_seen_it_is_well_and_stays_as_it_is(tmp_path: Path) -> None:
    found = _found(tmp_path / "home")
    assert {each.state for findings in found.values() for each in findings} == {"ok"}
    assert found["store"][0].text.endswith("has no tables yet: the first command makes them")
    assert list(tmp_path.iterdir()) == []


def test_a_home_in_use_is_described_and_left_as_it_is(lived: Path) -> None:
    before = _tree(lived)
    found = _found(lived)
    assert _tree(lived) == before
    assert [each.state for findings in found.values() for each in findings if each.state == "broken"] == []
    assert "80 offers in" in found["lake of acme"][0].text
    assert "catalog in SQLite" in found["lake of acme"][0].text
    assert found["vault"][0].text.endswith("vault.key opens all of 1 stored secrets")
    [held] = found["feeds of acme"]
    assert (held.state, held.text.split()[0]) == ("notice", "tools:")
    assert found["deltas"][0].text == "1 held, none left over"


def test_a_store_that_is_none_is_broken(tmp_path: Path) -> None:
    home = private_dir(tmp_path / "home")
    (home / "store.sqlite").write_bytes(b"this is no database" * 100)
    [store] = _found(home)["store"]
    assert (store.state, "store.sqlite" in store.text) == ("broken", True)
    (home / "store.sqlite").write_bytes(b"")
    [empty] = _found(home)["store"]
    assert empty.state == "ok"
    assert (home / "store.sqlite").read_bytes() == b""


def test_a_store_out_of_reach_is_told_without_its_password(tmp_path: Path) -> None:
    [store] = _found(tmp_path, store={"url": "postgresql://user:s3cret@127.0.0.1:1/none"})["store"]
    assert store.state == "broken"
    assert "s3cret" not in store.text
    assert "Connection refused" in store.text


def test_a_lost_key_and_a_wrong_one_are_told(lived: Path) -> None:
    key = (lived / "vault.key").read_text()
    (lived / "vault.key").unlink()
    assert [each.state for each in _found(lived)["vault"]] == ["broken"]
    [wrong] = _found(lived, vault={"key": "A" * 43 + "="})["vault"]
    assert (wrong.state, wrong.text.startswith("the secret of acme/toys")) == ("broken", True)
    assert [each.state for each in _found(lived, vault={"key": key.strip()})["vault"]] == ["ok"]
    assert not (lived / "vault.key").exists()


def test_a_lake_that_is_gone_or_cut_is_broken(lived: Path) -> None:
    catalog = lived / "lake" / "acme" / "catalog.sqlite"
    data = catalog.read_bytes()
    catalog.write_bytes(b"cut")
    [cut] = _found(lived)["lake of acme"]
    assert (cut.state, "does not open" in cut.text) == ("broken", True)
    catalog.unlink()
    [gone] = _found(lived)["lake of acme"]
    assert (gone.state, "is gone" in gone.text) == ("broken", True)
    catalog.write_bytes(data)
    shutil.rmtree(lived / "lake" / "acme" / "data")
    [emptied] = _found(lived)["lake of acme"]
    assert emptied.state == "broken"


def test_a_leftover_delta_and_a_lost_one_are_told(lived: Path) -> None:
    [held] = {path.name.partition(".")[0] for path in (lived / "delta" / "acme").iterdir()}
    pieces = private_dir(lived / "delta" / "acme" / "some-run.staged")
    (pieces / "offers-0.parquet").write_bytes(b"left")
    [left] = _found(lived)["deltas"]
    assert (left.state, "some-run" in left.text, "(4 bytes)" in left.text) == ("notice", True, True)
    shutil.rmtree(lived / "delta" / "acme")
    [lost] = _found(lived)["deltas"]
    assert (lost.state, held in lost.text) == ("broken", True)


def test_a_failed_and_a_late_feed_and_a_clock_set_back_are_told(shop: Shop, lived: Path) -> None:
    add_supplier(shop.catalog, "books", every_minutes=10)
    run = shop.sync(goods(2), "books")
    with pytest.raises(Exception, match=r"feed\.csv"):
        shop.sync("", "toys")
    with transaction(shop.catalog.engine) as session:
        session.get_one(Run, run.id).finished_at = utc_now() - timedelta(days=3)
    told = {each.text.partition(":")[0]: each.text for each in _found(lived)["feeds of acme"]}
    assert told["books"] == "books: the feed is late"
    assert told["toys"].startswith("toys: the last run failed: feed.csv")
    with transaction(shop.catalog.engine) as session:
        session.get_one(Run, run.id).finished_at = utc_now() + timedelta(days=3)
    assert [each.state for each in _found(lived)["clock"]] == ["broken"]


def test_every_setting_is_listed_with_where_it_comes_from_and_no_secret(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {
        "MESCHAIN_HOME": str(home),
        "MESCHAIN_STORE__URL": "postgresql://user:s3cret@db/house",
        "MESCHAIN_LAKE__THREADS": "3",
        "MESCHAIN_VAULT__KEY": "s3cret",
        "MESCHAIN_PREFECT__AUTH": "ops:s3cret",
        "MESCHAIN_RAW": '{"keep_days": 5}',
    }
    for name, text in given.items():
        monkeypatch.setenv(name, text)
    listed = {setting.name: setting for setting in list_settings(Settings())}
    assert list(listed) == list(list_variables())
    assert {name for name, setting in listed.items() if setting.origin == "environment"} == {
        *given.keys() - {"MESCHAIN_RAW"}, "MESCHAIN_RAW__KEEP_DAYS",
    }  # fmt: skip
    assert listed["MESCHAIN_STORE__URL"].value == "postgresql://user:***@db/house"
    assert (listed["MESCHAIN_VAULT__KEY"].value, listed["MESCHAIN_LAKE__THREADS"].value) == ("(hidden)", "3")
    assert not any("s3cret" in setting.value for setting in listed.values())


def test_a_prefect_server_that_was_named_is_asked(tmp_path: Path) -> None:
    with serving(lambda _: Reply(body=b"true")) as server:
        found = _found(tmp_path, prefect={"api_url": server.url("/api"), "auth": "ops:s3cret"})
        assert [each.state for each in found["prefect"]] == ["ok"]
        assert [each.target for each in server.seen] == ["/api/health"]
    [gone] = _found(tmp_path, prefect={"api_url": server.url("/api"), "auth": "ops:s3cret"})["prefect"]
    assert (gone.state, "s3cret" in gone.text) == ("broken", False)


def test_the_api_is_asked_whether_it_lives_and_can_work(tmp_path: Path) -> None:
    assert _found(tmp_path, api={"port": free_port(_HOST)})["api"][0].text.endswith("`meschain up` starts one")
    ready = Reply(body=b"{}")
    with serving(lambda seen: ready if seen.target.endswith("ready") else Reply(body=b"{}")) as server:
        assert [each.state for each in _found(tmp_path, api={"port": server.port})["api"]] == ["ok"]
        assert [each.target for each in server.seen] == ["/health/live", "/health/ready"]
        ready.status = 503
        [failing] = _found(tmp_path, api={"port": server.port})["api"]
    assert (failing.state, "503" in failing.text) == ("broken", True)


def test_a_flow_runner_is_told_and_what_waits_for_one(lived: Path, shop: Shop) -> None:
    assert "`meschain up` starts one" in _found(lived)["flow runners"][0].text
    with transaction(of_every_tenant(shop.catalog.engine)) as session:
        session.add(
            Trigger(flow="check-invariants", parameters={}, requested_by="ada", tenant_id=shop.catalog.tenant_id)
        )
    [waits] = _found(lived)["flow runners"]
    assert (waits.state, "waits (1)" in waits.text) == ("notice", True)
    with transaction(of_every_tenant(shop.catalog.engine)) as session:
        session.add(Runner(name="one", started_at=utc_now(), seen_at=utc_now()))
    [works] = _found(lived)["flow runners"]
    assert (works.state, works.text.startswith("one:")) == ("ok", True)
