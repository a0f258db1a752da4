"""A source is found because its file is there, and a file that breaks the rule is an error."""

import importlib

import pytest

from commerce.errors import Permanent
from connectors.sources.discovery import open_source, source_kinds
from connectors.sources.file import FileSource
from connectors.sources.http import HttpSource


def test_these_kinds_there_are():
    assert source_kinds() == {"file": FileSource, "http": HttpSource}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Makes a package of sources from texts by module name."""

    def make(name: str, **modules: str):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "__init__.py").write_text("")
        for module, text in modules.items():
            (folder / f"{module}.py").write_text(text)
        monkeypatch.syspath_prepend(tmp_path)
        return importlib.import_module(name)

    return make


def test_a_new_kind_is_a_new_file(package):
    new = package("sources_new", ftp="class Ftp:\n    kind = 'ftp'\nSOURCE = Ftp\n", protocol="", discovery="")
    assert list(source_kinds(new)) == ["ftp"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (
            "sources_misnamed",
            "class Ftp:\n    kind = 'sftp'\nSOURCE = Ftp\n",
            "'sftp'; it must be the module's name, 'ftp'",
        ),
        ("sources_empty", "", "holds no SOURCE"),
    ],
)
def test_a_module_that_breaks_the_rule_is_an_error(package, name, text, words):
    with pytest.raises(TypeError, match=words):
        source_kinds(package(name, ftp=text))


def test_a_module_that_does_not_import_is_an_error(package):
    with pytest.raises(ImportError):
        source_kinds(package("sources_broken", ftp="import nothing_of_this_name\n"))


def test_a_source_is_opened_with_public_and_secret_options_together(client):
    source = open_source("http", {"urls": ["http://127.0.0.1/f"], "query": {"key": "k-123"}}, http=client)
    assert isinstance(source, HttpSource)


def test_an_unknown_kind_names_the_known_ones(client):
    with pytest.raises(Permanent, match="'ftp'; the kinds are file, http"):
        open_source("ftp", {}, http=client)


def test_wrong_options_are_named_without_their_values(client):
    wrong = {"urls": ["s3cr3t://h"], "password": ["s3cr3t"], "pasword": "s3cr3t"}
    with pytest.raises(Permanent, match=r"pasword: Extra inputs") as caught:
        open_source("http", wrong, http=client)
    assert "s3cr3t" not in str(caught.value)
    with pytest.raises(Permanent, match="must begin with http:// or https://") as caught:
        open_source("http", {"urls": ["s3cr3t://h"]}, http=client)
    assert "s3cr3t" not in str(caught.value)
