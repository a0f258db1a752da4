"""The guard in the client: where it may connect, by redirect and by name, and that TLS still checks the name."""

import socket
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from commerce.errors import Permanent, Refused
from connectors.http.call import Call
from connectors.http.failures import HttpPermanent, HttpTransient
from tests.connectors.loopback import Reply, serving

PUBLIC = "93.184.215.14"


class Dialled(httpcore.NetworkBackend):
    """Notes where it is told to connect; reaches loopback only."""

    def __init__(self) -> None:
        self.addresses: list[str] = []

    def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        self.addresses.append(host)
        if not ip_address(host).is_loopback:
            raise httpcore.ConnectError("nothing leaves loopback here")
        return httpcore.SyncBackend().connect_tcp(host, port, timeout, local_address, socket_options)


def answers(*sets: list[str]):
    """A resolver that gives the next set of addresses at each question, and the last for ever."""
    left = list(sets)
    return lambda _host, _port: left.pop(0) if len(left) > 1 else left[0]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "0x7f000001", "2130706433", "0177.1", "[::ffff:127.0.0.1]"]
)
def test_private_addresses_are_refused_however_they_are_written(new_client, host):
    dial = Dialled()
    client = new_client(allow_private=(), dial=dial)
    with serving(lambda _seen: Reply(200)) as server:
        with pytest.raises(Refused, match="nothing was sent"):
            client.request(Call(f"http://{host}:{server.port}/"))
        assert (server.seen, dial.addresses) == ([], [])


def test_a_refusal_neither_retries_nor_counts_against_the_host(new_client, waits):
    client = new_client(allow_private=(), breaker_failures=1)
    for _ in range(3):
        with pytest.raises(Refused, match="allow_private"):
            client.request(Call("http://127.0.0.1:9/"))
    assert waits == []


def test_a_name_with_one_private_address_among_public_ones_is_refused(new_client):
    dial = Dialled()
    client = new_client(allow_private=(), dial=dial, resolve=answers([PUBLIC, "10.0.0.1"]))
    with pytest.raises(Refused, match=r"10\.0\.0\.1"):
        client.request(Call("http://feeds.example/"))
    assert dial.addresses == []


def test_a_rebinding_name_is_resolved_once_per_connection_and_gains_nothing(new_client):
    dial = Dialled()
    resolve = answers([PUBLIC], ["127.0.0.1"])
    client = new_client(allow_private=(), dial=dial, resolve=resolve, attempts=2)
    with serving(lambda _seen: Reply(200, b"internal")) as server:
        with pytest.raises(Refused, match="this machine itself"):
            client.request(Call(server.url(host="feeds.example")))
        assert server.seen == []
    assert dial.addresses == [PUBLIC], "the second attempt asked again, was checked again, and never connected"


def test_the_connection_goes_to_the_checked_address_and_the_host_header_names_the_name(new_client):
    dial = Dialled()
    asked = []

    def resolve(host, _port):
        asked.append(host)
        return ["127.0.0.2", "127.0.0.1"] if len(asked) == 1 else [PUBLIC]

    client = new_client(allow_private=("feeds.example",), dial=dial, resolve=resolve)
    with serving(lambda _seen: Reply(200, b"feed")) as server:
        for _ in range(2):
            assert client.request(Call(server.url(host="feeds.example"))).content == b"feed"
        assert server.seen[0].headers["host"] == f"feeds.example:{server.port}"
    assert dial.addresses == ["127.0.0.2", "127.0.0.1"], "the second address answered; the connection was used again"
    assert asked == ["feeds.example"]


def test_the_metadata_service_is_refused_even_where_everything_private_is_allowed(new_client):
    client = new_client(allow_private=("0.0.0.0/0", "::/0", "169.254.169.254"))
    with pytest.raises(Refused, match="metadata"):
        client.request(Call("http://169.254.169.254/latest/meta-data/"))


@pytest.mark.parametrize(
    "path", ["http://10.0.0.1/", "http://[fd00::1]/", "http://169.254.169.254/", "http://internal.example/"]
)
def test_a_redirect_to_a_private_address_is_refused(new_client, path):
    client = new_client(resolve=answers(["192.168.7.7"]))
    with serving(lambda _seen: Reply(302, headers={"Location": path})) as server, pytest.raises(Refused):
        client.request(Call(server.url()))


def test_a_redirect_to_another_host_takes_no_credentials_along(client):
    with serving(lambda _seen: Reply(200, b"feed")) as other:
        away = Reply(307, headers={"Location": other.url("/there?x=1")})
        with serving(lambda seen: away if seen.target.startswith("/feed") else Reply(404)) as server:
            call = Call(
                server.url(),
                auth=("user", "pw-123"),
                headers={"X-Key": "hk-123", "Accept": "text/csv"},
                query={"key": "qk-123"},
            )
            assert client.request(call).content == b"feed"
            assert "authorization" in server.seen[0].headers
            assert server.seen[0].headers["x-key"] == "hk-123"
    assert set(other.seen[0].headers) == {"host", "user-agent", "accept", "accept-encoding"}
    assert other.seen[0].target == "/there?x=1"


def test_a_401_behind_such_a_redirect_says_why(client):
    with (
        serving(lambda _seen: Reply(401)) as other,
        serving(lambda _seen: Reply(302, headers={"Location": other.url()})) as server,
        pytest.raises(HttpPermanent, match="so without credentials: set this address instead"),
    ):
        client.request(Call(server.url(), auth=("user", "pw-123")))


def test_redirects_within_a_host_keep_credentials_and_are_counted(client):
    def script(seen):
        step = int(seen.target.strip("/") or 0)
        return (
            Reply(301, headers={"Location": f"/{step + 1}"})
            if step < int(seen.headers["x-steps"])
            else Reply(200, b"feed")
        )

    with serving(script) as server:
        assert client.request(Call(server.url("/"), headers={"X-Steps": "5"})).content == b"feed"
        with pytest.raises(HttpPermanent, match="more than 5 redirects"):
            client.request(Call(server.url("/"), headers={"X-Steps": "6"}))


def test_redirects_in_a_circle(client):
    with serving(lambda seen: Reply(302, headers={"Location": "/b" if seen.target == "/a" else "/a"})) as server:
        with pytest.raises(HttpPermanent, match="run in a circle"):
            client.request(Call(server.url("/a")))
        assert len(server.seen) == 2


@pytest.fixture(scope="module")
def tls(tmp_path_factory) -> tuple[Path, Path]:
    """A certificate for feeds.example that is its own authority, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "feeds.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("feeds.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(*secret))
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return folder / "cert.pem", folder / "key.pem"


def wrapping(tls, names: list[str | None]):
    """Puts TLS around a listener and notes the names that clients ask for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*tls)
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    return lambda listener: context.wrap_socket(listener, server_side=True)


def test_tls_checks_the_name_though_the_address_is_pinned(new_client, tls):
    names: list[str | None] = []
    named = {"allow_private": ("feeds.example", "other.example"), "resolve": answers(["127.0.0.1"]), "ca_file": tls[0]}
    with serving(lambda _seen: Reply(200, b"feed"), wrap=wrapping(tls, names)) as server:
        assert new_client(**named).request(Call(server.url(host="feeds.example"))).content == b"feed"
        with pytest.raises(HttpPermanent, match=r"certificate is not trusted \(Hostname mismatch"):
            new_client(**named).request(Call(server.url(host="other.example")))
        with pytest.raises(HttpPermanent, match=r"certificate is not trusted .*name its authority in `ca_file`"):
            new_client(**{**named, "ca_file": None}).request(Call(server.url(host="feeds.example")))
        assert names == ["feeds.example", "other.example", "feeds.example"]
        assert [seen.headers["host"] for seen in server.seen] == [f"feeds.example:{server.port}"]


def test_https_never_leads_to_plain_http(new_client, tls):
    plain = Reply(302, headers={"Location": "http://feeds.example/feed.csv"})
    named = {"allow_private": ("feeds.example",), "resolve": answers(["127.0.0.1"]), "ca_file": tls[0]}
    with (
        serving(lambda _seen: plain, wrap=wrapping(tls, [])) as server,
        pytest.raises(Refused, match="from https to plain"),
    ):
        new_client(**named).request(Call(server.url(host="feeds.example")))


def test_tls_to_a_server_that_speaks_none(new_client):
    with serving(lambda _seen: Reply(200)) as server, pytest.raises(HttpTransient, match="no connection"):
        new_client(attempts=1).request(Call(server.url().replace("http:", "https:")))


def test_an_authority_file_that_is_none_is_named(new_client, tmp_path):
    (tmp_path / "ca.pem").write_text("nothing")
    for path in (tmp_path / "ca.pem", tmp_path / "gone.pem"):
        with pytest.raises(Permanent, match=path.name):
            new_client(ca_file=path)


def test_no_proxy_of_the_environment_is_used(new_client, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
    with serving(lambda _seen: Reply(200, b"direct")) as server:
        assert new_client().request(Call(server.url())).content == b"direct"
