"""The settings tree: where its values come from, what it says of wrong ones, where things lie below the data folder."""

import stat
from pathlib import Path

import pytest
from pydantic import ValidationError

from commerce.errors import Permanent
from meschain.settings import Settings, list_variables, load_settings, private_dir

PASSWORD = "correct-horse"


def test_defaults_lie_below_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings()
    assert settings.home == tmp_path / ".meschain"
    assert settings.store.url == f"sqlite:///{tmp_path}/.meschain/store.sqlite"
    assert settings.lake.data_path == f"{tmp_path}/.meschain/lake"
    assert (settings.lake.memory_limit, settings.lake.threads) == ("256MB", 2)
    assert (settings.prefect.api_url, settings.prefect.host, settings.prefect.port) == ("", "127.0.0.1", 4200)
    assert not settings.http.allow_private_addresses
    assert settings.snapshots.keep_days == 30
    assert not settings.home.exists()  # reading settings writes nothing


def test_the_environment_is_read_anew_at_every_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MESCHAIN_HOME", "data/../böcek 100%")
    monkeypatch.setenv("MESCHAIN_LAKE__THREADS", "7")
    monkeypatch.setenv("MESCHAIN_LAKE__DATA_PATH", "s3://bucket/lakes/")
    assert load_settings().lake.threads == 7
    assert load_settings().lake_data_path("acme") == "s3://bucket/lakes/acme/data"
    monkeypatch.setenv("MESCHAIN_LAKE__THREADS", "3")
    assert load_settings().lake.threads == 3
    assert load_settings().home.is_absolute()


def test_an_empty_variable_is_an_unset_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MESCHAIN_HOME", "")
    monkeypatch.setenv("MESCHAIN_PREFECT__PORT", "")
    assert load_settings().home == tmp_path / ".meschain"
    assert load_settings().prefect.port == 4200


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("MESCHAIN_HOME", "what?", ["'what?'", "question mark", "data folder"]),
        ("MESCHAIN_PREFECT__PORT", "http", ["'http'", "1 to 65535"]),
        ("MESCHAIN_PREFECT__PORT", "70000", ["'70000'", "1 to 65535"]),
        ("MESCHAIN_PREFECT__API_URL", "localhost:4200", ["'localhost:4200'", "http(s)://HOST:PORT/api"]),
        ("MESCHAIN_LAKE__MEMORY_LIMIT", "plenty", ["'plenty'", "512MB"]),
        ("MESCHAIN_LAKE__THREADS", "0", ["'0'", "at least 1"]),
        ("MESCHAIN_LAKE__CATALOG_URL", f"mysql://me:{PASSWORD}@db/lake", ["postgresql://"]),
        ("MESCHAIN_STORE__URL", f"mysql://me:{PASSWORD}@db/store", ["sqlite:///PATH", "postgresql://"]),
        ("MESCHAIN_STORE__URL", "sqlite://", ["sqlite:///PATH"]),
        ("MESCHAIN_STORE__URL", "sqlite:///:memory:", ["sqlite:///PATH"]),
        ("MESCHAIN_HTTP__ALLOW_PRIVATE_ADDRESSES", "maybe", ["true or false"]),
        ("MESCHAIN_SNAPSHOTS__KEEP_DAYS", "-1", ["days"]),
        ("MESCHAIN_PREFECT__DATABASE_URL", f"mysql://me:{PASSWORD}@db/prefect", ["postgresql://"]),
        ("MESCHAIN_API__PORT", "0", ["'0'", "1 to 65535"]),
        ("MESCHAIN_API__PUBLIC_URL", "shop.example", ["'shop.example'", "http(s)://HOST"]),
        ("MESCHAIN_API__PUBLIC_URL", "https://shop.example/api", ["http(s)://HOST"]),
        ("MESCHAIN_API__CORS_ORIGINS", "*", ["'*'", "divided by commas"]),
        ("MESCHAIN_API__CORS_ORIGINS", "https://a.example,null", ["divided by commas"]),
        ("MESCHAIN_API__RATE_PER_MINUTE", "0", ["requests a minute"]),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(
    variable: str, value: str, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(Permanent) as refusal:
        load_settings()
    assert all(word in str(refusal.value) for word in [variable, *words])
    assert PASSWORD not in str(refusal.value)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:8080"),
        ("fd00::1", "http://[fd00::1]:8080"),
        ("api.internal", "http://api.internal:8080"),
    ],
)
def test_the_api_is_reached_where_it_listens_unless_something_stands_before_it(host: str, url: str) -> None:
    settings = Settings.model_validate({"api": {"host": host}})
    assert (settings.api_url, settings.public_url) == (url, url)
    behind = Settings.model_validate({"api": {"host": host, "public_url": "https://shop.example"}})
    assert (behind.api_url, behind.public_url) == (url, "https://shop.example")


def test_every_wrong_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESCHAIN_PREFECT__PORT", "x")
    monkeypatch.setenv("MESCHAIN_RAW__KEEP_DAYS", "y")
    with pytest.raises(Permanent, match=r"MESCHAIN_PREFECT__PORT.*MESCHAIN_RAW__KEEP_DAYS"):
        load_settings()


@pytest.mark.parametrize(
    ("variable", "hint"),
    [
        ("MESCHAIN_HOEM", "did you mean MESCHAIN_HOME?"),
        ("MESCHAIN_STORE__ULR", "did you mean MESCHAIN_STORE__URL?"),
        ("MESCHAIN_QUEUE__DEPTH", "known are MESCHAIN_HOME, "),
    ],
)
def test_a_misspelt_variable_is_not_passed_over(variable: str, hint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "1")
    with pytest.raises(Permanent) as refusal:
        load_settings()
    assert f"{variable} is not a setting; {hint}" in str(refusal.value)


def test_a_group_given_whole_must_be_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESCHAIN_LAKE", "threads=2")
    with pytest.raises(Permanent, match="MESCHAIN_<GROUP>__<FIELD>"):
        load_settings()
    monkeypatch.setenv("MESCHAIN_LAKE", '{"threads": 5}')
    assert load_settings().lake.threads == 5


def test_nothing_secret_is_shown() -> None:
    settings = Settings.model_validate(
        {"store": {"url": f"postgresql://me:{PASSWORD}@db/store"}, "vault": {"key": PASSWORD}}
    )
    assert PASSWORD not in repr(settings)
    assert settings.vault.key.get_secret_value() == PASSWORD


def test_settings_cannot_be_changed_afterwards(settings: Settings) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        settings.home = Path("/")
    with pytest.raises(ValidationError, match="frozen"):
        settings.prefect.port = 1


def test_every_setting_is_described() -> None:
    variables = list_variables()
    assert list(variables)[:3] == ["MESCHAIN_HOME", "MESCHAIN_STORE__URL", "MESCHAIN_LAKE__CATALOG_URL"]
    assert all(field.description for field in variables.values())
    assert all(field.description for field in Settings.model_fields.values())


def test_folders_are_made_when_asked_for_and_are_private(settings: Settings) -> None:
    made = {
        settings.raw_dir("acme", "toptanci-1"): "raw/acme/toptanci-1",
        settings.delta_dir("acme"): "delta/acme",
        settings.reports_dir("acme", "0198c0de-0000-7000-8000-000000000000"): "reports/acme/0198c0de-0000-7000-8000-"
        "000000000000",
        settings.locks_dir(): "locks",
        settings.lake_dir("acme"): "lake/acme",
        Path(settings.lake_data_path("acme")): "lake/acme/data",
    }
    for path, below in made.items():
        assert path == settings.home / below
        assert path.is_dir()
    folders = [folder for folder in settings.home.rglob("*") if folder.is_dir()]
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


@pytest.mark.parametrize("name", ["..", "", "a/b", ".hidden", "Büyük", "a\0b", "-"])
def test_a_name_cannot_lead_out_of_its_folder(name: str, settings: Settings) -> None:
    with pytest.raises(Permanent, match="cannot name a folder"):
        settings.raw_dir("acme", name)


def test_a_folder_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Permanent, match=r"file cannot be made: File exists; set MESCHAIN_HOME"):
        private_dir(tmp_path / "file" / "home")
