"""Feeds over loopback HTTP: validators, credentials, bad answers, and that nothing half-written stays."""

import base64
import gzip
import itertools
import logging
import os
import socket

import pytest
from pydantic import SecretStr

from commerce.errors import MesChainError, Permanent, Refused, Transient
from connectors.sources.http import HttpOptions, HttpSource
from connectors.sources.protocol import Validator, Validators, public_options, secrets
from tests.connectors.loopback import Reply, serving, speaking

NOTHING = Validators()
FEED = b"sku;price\na;1\n"


def source(client, *urls: str, progress=lambda *_: None, **options) -> HttpSource:
    return HttpSource(HttpOptions(urls=urls, **options), http=client, progress=progress)


def versioned(versions: dict[str, str]):
    """Serve each path's version as its body, and 304 to whoever has it."""

    def script(seen):
        path = seen.target.partition("?")[0]
        tag = f'"{versions[path]}"'
        if seen.headers.get("if-none-match") == tag:
            return Reply(304, headers={"ETag": tag})
        return Reply(200, versions[path].encode(), {"ETag": tag, "Last-Modified": "Mon, 01 Jun 2026 00:00:00 GMT"})

    return script


def test_a_feed_is_kept_with_its_name_size_and_validators(client, tmp_path):
    with serving(versioned({"/x/feed.csv": "v1"})) as server:
        url = server.url("/x/feed.csv")
        fetched = source(client, url).fetch(tmp_path / "new" / "folder", validators=NOTHING)
    (one,) = fetched.files
    assert (one.name, one.bytes, one.path.read_bytes()) == ("feed.csv", 2, b"v1")
    assert one.path.parent == tmp_path / "new" / "folder"
    assert fetched.validators.documents == {url: Validator(etag='"v1"', last_modified="Mon, 01 Jun 2026 00:00:00 GMT")}


def test_an_unchanged_feed_is_not_fetched_again(client, tmp_path):
    versions = {"/feed.csv": "v1"}
    with serving(versioned(versions)) as server:
        feed = source(client, server.url())
        first = feed.fetch(tmp_path, validators=NOTHING)
        again = feed.fetch(tmp_path / "b", validators=first.validators)
        assert (again.not_modified, again.files, again.validators) == (True, (), first.validators)
        assert server.seen[1].headers["if-modified-since"] == "Mon, 01 Jun 2026 00:00:00 GMT"
        assert list((tmp_path / "b").iterdir()) == []
        versions["/feed.csv"] = "v2"
        third = feed.fetch(tmp_path / "c", validators=first.validators)
    assert third.files[0].path.read_bytes() == b"v2"
    assert next(iter(third.validators.documents.values())).etag == '"v2"'


def test_several_documents_are_one_feed_and_come_whole_if_one_changed(client, tmp_path):
    versions = {"/1.csv": "a", "/2.csv": "b", "/3.csv": "c"}
    with serving(versioned(versions)) as server:
        feed = source(client, *(server.url(path) for path in versions))
        first = feed.fetch(tmp_path / "a", validators=NOTHING)
        assert feed.fetch(tmp_path / "b", validators=first.validators).not_modified
        versions["/2.csv"] = "B"
        changed = feed.fetch(tmp_path / "c", validators=first.validators)
    assert [one.path.read_bytes() for one in changed.files] == [b"a", b"B", b"c"]
    assert [one.name for one in changed.files] == ["1.csv", "2.csv", "3.csv"]
    assert len(changed.validators.documents) == 3


def test_validators_of_another_address_are_not_used(client, tmp_path):
    with serving(versioned({"/feed.csv": "v1"})) as server:
        other = Validators(documents={"http://elsewhere.example/": Validator(etag='"v1"')})
        assert source(client, server.url()).fetch(tmp_path, validators=other).files


@pytest.mark.parametrize("etag", ['"a\tb"', '"\u015f"', '"' + "x" * 2000 + '"'])
def test_a_validator_that_cannot_be_sent_back_is_not_kept(client, tmp_path, etag):
    script = lambda connection: connection.sendall(  # noqa: E731  one statement
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nETag: " + etag.encode() + b"\r\n\r\nx"
    )
    with speaking(script) as server:
        fetched = source(client, server.url()).fetch(tmp_path, validators=NOTHING)
    assert next(iter(fetched.validators.documents.values())).etag == ""


@pytest.mark.parametrize(
    ("options", "header", "sent"),
    [
        (
            {"username": "us", "password": "p:w ş"},
            "authorization",
            "Basic " + base64.b64encode("us:p:w ş".encode()).decode(),
        ),
        ({"headers": {"X-Api-Key": "hk-1"}}, "x-api-key", "hk-1"),
        ({"headers": {"Authorization": "Bearer tk-1"}}, "authorization", "Bearer tk-1"),
    ],
)
def test_credentials_in_headers(client, tmp_path, options, header, sent):
    with serving(lambda seen: Reply(200 if seen.headers.get(header) == sent else 401, FEED)) as server:
        assert source(client, server.url(), **options).fetch(tmp_path, validators=NOTHING).files
        with pytest.raises(Permanent, match="answered 401; the credentials"):
            source(client, server.url()).fetch(tmp_path, validators=NOTHING)


def test_a_key_in_the_query(client, tmp_path):
    with serving(lambda _seen: Reply(200, FEED)) as server:
        source(client, server.url("/f?kind=full"), query={"apikey": "q k/1"}).fetch(tmp_path, validators=NOTHING)
        assert server.seen[0].target == "/f?kind=full&apikey=q+k%2F1"


def test_credentials_pasted_into_an_address_are_moved_to_the_secret_options():
    pasted = HttpOptions(
        urls=("https://us:p%2Fw1@h.example/f.xml?kind=1&apikey=abc%2B1", "https://h.example/g?apikey=abc%2B1")
    )
    assert public_options(pasted) == {
        "urls": ["https://h.example/f.xml?kind=1", "https://h.example/g"],
        "username": "us",
    }
    assert secrets(pasted) == {"password": "p/w1", "query": {"apikey": "abc+1"}}
    assert HttpOptions(**public_options(pasted), **secrets(pasted)) == pasted
    assert HttpOptions(urls=pasted.urls, username="us", password=SecretStr("p/w1"), query=pasted.query) == pasted


@pytest.mark.parametrize(
    "wrong",
    [
        {"urls": ["http://a:s3cr3t-1@h/"], "password": "s3cr3t-2"},
        {"urls": ["http://h/?key=s3cr3t-1", "http://h/?key=s3cr3t-2"]},
        {"urls": ["http://h/?key=s3cr3t-1"], "query": {"key": "s3cr3t-2"}},
        {"urls": ["ftp://s3cr3t/"]},
        {"urls": ["http://[s3cr3t/"]},
        {"urls": ["s3cr3t"]},
        {"urls": []},
        {"urls": [{"s3cr3t": 1}]},
        {"urls": "http://s3cr3t/"},
    ],
)
def test_options_that_cannot_work_are_refused_without_showing_values(wrong):
    with pytest.raises(ValueError, match="HttpOptions") as caught:
        HttpOptions(**wrong)
    assert "s3cr3t" not in str(caught.value)


def test_progress_counts_what_comes_over_the_wire(client, tmp_path):
    seen = []
    body = os.urandom(300_000)
    with serving(lambda _seen: Reply(200, body)) as server:
        source(client, server.url(), progress=lambda *given: seen.append(given)).fetch(tmp_path, validators=NOTHING)
    assert seen[-1] == (300_000, 300_000)
    assert [one for one, _ in seen] == sorted(one for one, _ in seen)
    with speaking(lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nabc")) as server:
        source(client, server.url(), progress=lambda *given: seen.append(given)).fetch(tmp_path, validators=NOTHING)
    assert seen[-1] == (3, None)


def test_a_gzipped_answer_is_kept_decoded_and_an_archive_as_it_is(client, tmp_path):
    packed = gzip.compress(FEED)
    for encoding, name, body in (("gzip", "f.csv", FEED), ("", "f.csv.gz", packed)):
        headers = {"Content-Encoding": encoding} if encoding else {"Content-Type": "application/gzip"}
        with serving(lambda _seen, headers=headers: Reply(200, packed, headers)) as server:
            (one,) = source(client, server.url("/f.csv.gz")).fetch(tmp_path / name, validators=NOTHING).files
        assert (one.name, one.bytes, one.path.read_bytes()) == (name, len(body), body)


@pytest.mark.parametrize(
    ("path", "disposition", "name"),
    [
        ("/a/f%C4%B1yat%20listesi.xml?x=1", "", "fıyat listesi.xml"),
        ("/", "", "feed"),
        ("/download.php", 'attachment; filename="catalog 1.csv"', "catalog 1.csv"),
        ("/download.php", "attachment; filename*=UTF-8''%C3%BCr%C3%BCn.xml", "ürün.xml"),
        ("/d", 'attachment; filename="../../etc/passwd"', "passwd"),
        ("/d", 'attachment; filename="..\\\\..\\\\evil.csv"', "evil.csv"),
        ("/d", 'attachment; filename=".."', "feed"),
        ("/" + "n" * 500 + ".csv", "", "n" * 500 + ".csv"),
    ],
)
def test_names_are_names_and_never_lead_out_of_the_folder(client, tmp_path, path, disposition, name):
    headers = {"Content-Disposition": disposition} if disposition else {}
    with serving(lambda _seen: Reply(200, FEED, headers)) as server:
        (one,) = source(client, server.url(path)).fetch(tmp_path, validators=NOTHING).files
    assert one.name == name
    assert one.path.parent == tmp_path
    assert list(tmp_path.iterdir()) == [one.path]


PAGE = (
    b"\xef\xbb\xbf \r\n<!-- x -->\n<!DOCTYPE html><html><head><title>\n Giri\xc5\x9f &amp;  Login </title>"
    + b"x" * 50_000
)


@pytest.mark.parametrize("body", [PAGE, b"<HTML>", b'<?xml version="1.0"?>\n<html xmlns="x">', b"<body>"])
def test_a_web_page_instead_of_the_feed(client, tmp_path, body):
    page = Reply(200, body, {"Content-Type": "text/html; charset=utf-8"})
    with (
        serving(lambda _seen: page) as server,
        pytest.raises(Permanent, match="a web page instead of the feed") as caught,
    ):
        source(client, server.url()).fetch(tmp_path, validators=NOTHING)
    assert "status 200" in str(caught.value)
    assert ("title 'Giriş & Login'" in str(caught.value)) == (body is PAGE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("body", [FEED, b"<products><html>a</html></products>", b"", b"<htmlish/>", FEED * 5000])
def test_a_feed_that_calls_itself_html_is_a_feed(client, tmp_path, body):
    with serving(lambda _seen: Reply(200, body, {"Content-Type": "text/html"})) as server:
        (one,) = source(client, server.url()).fetch(tmp_path, validators=NOTHING).files
    assert one.path.read_bytes() == body


def test_nothing_half_written_stays_and_the_bytes_are_named(new_client, tmp_path):
    def dies(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + b"x" * 100)

    with speaking(dies) as bad, serving(lambda _seen: Reply(200, FEED)) as good:
        feed = source(new_client(attempts=2), good.url(), bad.url())
        with pytest.raises(Transient, match=r"after 100 of 9,000 bytes.*after 2 attempts"):
            feed.fetch(tmp_path, validators=NOTHING)
    assert list(tmp_path.iterdir()) == []


def test_a_second_attempt_begins_the_file_anew(client, tmp_path):
    turns = itertools.count()

    def script(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n" + (b"second" if next(turns) else b"fir"))

    with speaking(script) as server:
        (one,) = source(client, server.url()).fetch(tmp_path, validators=NOTHING).files
    assert one.path.read_bytes() == b"second"


def test_an_endless_feed_is_stopped(client, tmp_path):
    def script(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    with speaking(script) as server, pytest.raises(Permanent, match="sends more, but 2,000,000 are allowed"):
        source(client, server.url(), max_bytes=2_000_000).fetch(tmp_path, validators=NOTHING)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("status", [204, 206])
def test_a_success_that_is_no_feed(client, tmp_path, status):
    with (
        serving(lambda _seen: Reply(status)) as server,
        pytest.raises(Permanent, match=f"answered {status} where a feed"),
    ):
        source(client, server.url()).fetch(tmp_path, validators=NOTHING)


def test_a_redirect_to_a_private_address_is_refused(client, tmp_path):
    moved = Reply(302, headers={"Location": "http://10.1.2.3/feed.csv"})
    with serving(lambda _seen: moved) as server, pytest.raises(Refused, match=r"10\.1\.2\.3, a private address"):
        source(client, server.url()).fetch(tmp_path, validators=NOTHING)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(client, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with serving(lambda _seen: Reply(200, FEED)) as server, pytest.raises(Permanent, match="cannot be kept there"):
        source(client, server.url()).fetch(tmp_path / "file", validators=NOTHING)


@pytest.mark.parametrize("status", [200, 401, 503])
def test_secrets_stay_in(client, tmp_path, caplog, status):
    caplog.set_level(logging.DEBUG)
    kept = {"password": "pw-secret-1", "headers": {"X-Thing": "hk-secret-2"}, "query": {"k": "qk-secret-3"}}

    def echo(seen):
        said = f"<html><title>{seen.target} {dict(seen.headers)} pw-secret-1</title>"
        return Reply(status, said.encode(), {"Content-Type": "text/html" if status == 200 else "text/plain"})

    with serving(echo) as server:
        feed = source(client, server.url("/f?token=pasted-4"), username="us", **kept)
        with pytest.raises(MesChainError) as caught:
            feed.fetch(tmp_path, validators=NOTHING)
    text = f"{caught.value!r} {caught.value} {caplog.text}"
    assert f"{status}" in text
    assert not [one for one in ("pw-secret-1", "hk-secret-2", "qk-secret-3", "pasted-4") if one in text]
