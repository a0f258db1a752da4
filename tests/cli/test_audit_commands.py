"""The log on the command line: verified, searched, proved without us; persons are handed their data, or erased."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from meschain.audit import offline
from meschain.settings import Settings
from meschain.wiring import House
from tests.cli.command import Command
from tests.cli.test_access_commands import accept


@pytest.fixture
def meschain(fresh_meschain: Command) -> Command:
    """The command on a home with a tenant, its owner and a member."""
    fresh_meschain("tenant", "add", "acme")
    link = fresh_meschain("tenant", "invite-owner", "acme", "--json").json()["link"]
    accept(fresh_meschain, link, "Ayşe Yılmaz", "ayse@example.com")
    invited = fresh_meschain("user", "invite", "mehmet@example.com", "--role", "ops", "--json").json()
    accept(fresh_meschain, invited["link"], "Mehmet Öz")
    return fresh_meschain


def test_the_log_is_verified_and_what_is_altered_is_named(meschain: Command) -> None:
    verified = meschain("audit", "verify", "--json").json()
    assert (verified["ok"], verified["entries"], verified["findings"]) == (True, verified["confirmed"], [])
    assert verified["checkpoint"].splitlines()[1] == str(verified["entries"])
    house = House(Settings(home=meschain.home))
    with house.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_entries_no_update"))
        connection.execute(
            text("UPDATE audit_entries SET body = replace(body, 'ops', 'owner') WHERE body LIKE '%ops%'")
        )
    house.close()
    altered = meschain("audit", "verify", "--json")
    assert (altered.code, altered.json()["ok"]) == (1, False)
    assert altered.json()["findings"][0]["where"].startswith("entry ")


def test_a_bundle_is_verified_without_us(meschain: Command, tmp_path: Path) -> None:
    assert meschain("audit", "bundle", "--to", tmp_path / "bundle.json").code == 0
    (key,) = meschain("audit", "keys", "--json").json()["keys"]
    (tmp_path / "verify.py").write_text(meschain("audit", "verifier").out, encoding="utf-8")
    command = [sys.executable, "-I", str(tmp_path / "verify.py"), str(tmp_path / "bundle.json"), "--key", key]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout.splitlines()[0][:9]) == (0, "Verified.")
    assert "already" in meschain("audit", "bundle", "--to", tmp_path / "bundle.json").err
    assert Path(offline.__file__).name == "offline.py"


def test_entries_are_found_and_shown(meschain: Command) -> None:
    found = meschain("audit", "search", "--tag", "access:invitation", "--tenant", "acme", "--json").json()
    assert [row["tag"] for row in found] == ["access:invitation:accepted", "access:invitation:created"] * 2
    invited = meschain("audit", "show", found[1]["index"], "--personal", "--json").json()
    assert list(invited["personal"].values()) == [{"email": "mehmet@example.com"}]
    assert meschain("audit", "search", "--tag", "privacy:", "--json").json()[0]["tag"] == "privacy:personal-data:read"


def test_a_person_is_handed_its_data_and_erased_for_good(meschain: Command) -> None:
    assert meschain("privacy", "export", "mehmet@example.com").json()["profile"]["name"] == "Mehmet Öz"
    handed = meschain.home.parent / "mehmet.json"
    assert meschain("privacy", "export", "mehmet@example.com", "--to", handed).out
    assert handed.stat().st_mode & 0o777 == 0o600
    assert json.loads(handed.read_bytes())["profile"]["name"] == "Mehmet Öz"
    assert "there already" in meschain("privacy", "export", "mehmet@example.com", "--to", handed).err
    assert "--yes" in meschain("privacy", "erase", "mehmet@example.com").err
    assert meschain("privacy", "erase", "mehmet@example.com", "--yes", "--json").json()["complete"] is True
    assert "nobody here is known" in meschain("privacy", "export", "mehmet@example.com").err
    assert "no owner left" in meschain("privacy", "erase", "ayse@example.com", "--yes").err
    assert meschain("audit", "verify", "--json").json()["ok"] is True
    kept = b"".join(path.read_bytes() for path in meschain.home.rglob("*") if path.is_file())
    for name in ("Mehmet", "mehmet@example.com", "Öz"):
        assert name.encode() not in kept


def test_keys_of_the_log_are_rotated(meschain: Command) -> None:
    before = meschain("audit", "checkpoint", "--json").json()["checkpoint"]
    meschain("audit", "rotate-key")
    assert meschain("audit", "checkpoint", "--json").json()["checkpoint"] != before
    assert len(meschain("audit", "keys", "--json").json()["keys"]) == 2
    assert meschain("audit", "verify", "--json").json()["ok"] is True


def test_a_security_report_is_written(meschain: Command, tmp_path: Path) -> None:
    written = meschain("audit", "report", "--tenant", "acme", "--out", tmp_path / "report", "--json")
    told = written.json()
    assert told["log_is_whole"] is True
    assert told["counts"]["Permission changes"] >= 5
    for name in ("security.html", "security.md"):
        text = (tmp_path / "report" / name).read_text(encoding="utf-8")
        assert "audit log is whole" in text
        assert "Mehmet" not in text
