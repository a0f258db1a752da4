"""The feed server over real loopback HTTP: fresh or not, keys, and every fault it can be told to have."""

import gzip

import httpx
import pytest

from meschain.sandbox.server import PRIVATE_ADDRESS, Fault, FeedServer, serving

BODY = b"sku;price\n" + b"A-1;12,50\n" * 50_000


@pytest.fixture
def server(tmp_path):
    (tmp_path / "feed.csv").write_bytes(BODY)
    (tmp_path / "feed.json.gz").write_bytes(gzip.compress(b"[]"))
    with serving(tmp_path) as running:
        yield running


def _get(server: FeedServer, name: str = "feed.csv", **headers: str) -> httpx.Response:
    return httpx.get(server.url(name), headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_a_file_comes_whole(server):
    answer = _get(server)
    assert (answer.status_code, answer.content) == (200, BODY)
    assert server.served == [("/feed.csv", 200)]


def test_gzip_files_come_as_they_are(server):
    answer = _get(server, "feed.json.gz")
    assert "content-encoding" not in answer.headers
    assert gzip.decompress(answer.content) == b"[]"


def test_what_the_client_has_is_not_sent_again(server):
    first = _get(server)
    by_tag = _get(server, If_None_Match=f'"other", W/{first.headers["etag"]}')
    by_time = _get(server, If_Modified_Since=first.headers["last-modified"])
    assert [(answer.status_code, answer.content) for answer in (by_tag, by_time)] == [(304, b"")] * 2
    assert by_tag.headers["etag"] == first.headers["etag"]


def test_a_changed_file_is_sent_again(server):
    tag = _get(server).headers["etag"]
    (server.folder / "feed.csv").write_bytes(BODY + b"A-2;1,00\n")
    assert _get(server, If_None_Match=tag).status_code == 200
    assert _get(server, If_Modified_Since="no date at all").status_code == 200


def test_head_has_no_body(server):
    answer = httpx.head(server.url("feed.csv"))
    assert (answer.headers["content-length"], answer.content) == (str(len(BODY)), b"")


@pytest.mark.parametrize("address", ["gone.csv", "../secret", "%2e%2e/secret", ""])
def test_only_files_of_the_folder(server, address):
    (server.folder.parent / "secret").write_text("x")
    assert _get(server, address).status_code == 404


def test_the_folder_can_be_switched(server, tmp_path):
    later = tmp_path / "later"
    later.mkdir()
    (later / "feed.csv").write_bytes(b"new")
    server.folder = later
    assert _get(server).content == b"new"


def test_a_key_is_asked_for(tmp_path):
    (tmp_path / "feed.csv").write_bytes(BODY)
    with serving(tmp_path, key=("X-Api-Key", "açık")) as server:
        assert _get(server).status_code == 401
        assert _get(server, X_Api_Key="wrong").status_code == 401
    with serving(tmp_path, key=("X-Api-Key", "s3")) as server:
        assert _get(server, X_Api_Key="s3").content == BODY


def test_it_dies_mid_body(server):
    server.fault = Fault.DIES_MID_BODY
    with pytest.raises(httpx.RemoteProtocolError, match="peer closed connection"):
        _get(server)


def test_it_answers_a_page_with_200(server):
    server.fault = Fault.HTML
    answer = _get(server)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert b"<html>" in answer.content


def test_it_sends_without_end_and_still_stops(server):
    server.fault = Fault.ENDLESS
    with httpx.stream("GET", server.url("feed.csv")) as answer:
        assert "content-length" not in answer.headers
        received = 0
        for piece in answer.iter_bytes():
            received += len(piece)
            if received > 10 * len(BODY):
                break
    server.fault = Fault.NONE
    assert _get(server).content == BODY


def test_it_redirects_to_a_private_address(server):
    server.fault = Fault.REDIRECT_TO_PRIVATE
    answer = _get(server)
    assert (answer.status_code, answer.headers["location"]) == (302, PRIVATE_ADDRESS)


def test_it_is_overloaded(server):
    server.fault = Fault.SERVER_ERROR
    assert (_get(server).status_code, _get(server).headers["retry-after"]) == (503, "1")
