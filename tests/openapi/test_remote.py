"""References over http: refused by default, and bounded in every way when allowed. All servers are on the loopback."""

from __future__ import annotations

import gzip
import ipaddress
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from idemlint.openapi.document import parse
from idemlint.openapi.references import Policy, References
from idemlint.openapi.remote import Fetcher, absolute_url, is_public
from idemlint.openapi.sandbox import ReferenceRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Server(ThreadingHTTPServer):
    daemon_threads = True
    answers: dict[str, tuple[int, dict[str, str], bytes]]
    asked: list[tuple[str, dict[str, str]]]
    pause: float = 0.0

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.server_address[1]}{path}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        status, headers, body = self.server.answers.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            for start in range(0, len(body), 65536):
                time.sleep(self.server.pause)
                self.wfile.write(body[start : start + 65536])
        except OSError:
            pass

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server(("127.0.0.1", 0), Handler)
    running.answers = {}
    running.asked = []
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield running
    running.shutdown()
    running.server_close()


def fetch(server: Server, path: str, **policy: Any) -> bytes:
    """As for a root document that came from the server itself."""
    return Fetcher(Policy(allow_remote=True, **policy), server.url("/root.yaml")).fetch(server.url(path))


def refused(server: Server, path: str, **policy: Any) -> str:
    with pytest.raises(ReferenceRefusedError) as error:
        fetch(server, path, **policy)
    return str(error.value)


def test_nothing_is_fetched_unless_allowed(server: Server) -> None:
    references = References(parse(f"a: {{$ref: '{server.url('/x.yaml')}'}}", "<stdin>"))
    (problem,) = references.problems()
    assert "--allow-remote-refs" in problem.message
    assert server.asked == []


def test_httpx_is_imported_only_to_fetch() -> None:
    import subprocess

    code = (
        "import sys; from idemlint.openapi.document import parse; from idemlint.openapi.references import References;"
        "r = References(parse('a: {$ref: \"#/b\"}\\nb: 1', '<stdin>')); assert r.problems() == [];"
        "assert not {'httpx', 'ssl', 'idemlint.openapi.remote'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_remote_documents_refer_to_their_neighbours(server: Server) -> None:
    server.answers = {
        "/api/other.yaml": (200, {}, b"x: {$ref: 'sub/more.json#/y'}\nback: {$ref: root.yaml}\n"),
        "/api/sub/more.json": (200, {}, b'{"y": {"found": true}}'),
    }
    root = parse(
        "a: {$ref: 'other.yaml#/x'}\nb: {$ref: other.yaml}\nc: {$ref: 'other.yaml#/back'}", server.url("/api/root.yaml")
    )
    references = References(root, Policy(allow_remote=True))
    assert references.problems() == []
    assert references.follow(root, root.data["a"])[1] == {"found": True}
    assert references.follow(root, root.data["c"])[1] is root.data
    assert [path for path, _ in server.asked] == ["/api/other.yaml", "/api/sub/more.json"]


def test_remote_document_cannot_name_local_files(server: Server, tmp_path: Any) -> None:
    (tmp_path / "secret.yaml").write_text("x: 1")
    server.answers = {"/o.yaml": (200, {}, f"x: {{$ref: 'file://{tmp_path}/secret.yaml'}}".encode())}
    references = References(
        parse("a: {$ref: o.yaml}", server.url("/root.yaml")), Policy(allow_remote=True, root=str(tmp_path))
    )
    (problem,) = references.problems()
    assert problem.path == ("x", "$ref")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "[::ffff:127.0.0.1]"])
def test_private_addresses_are_refused_to_a_local_document(server: Server, host: str) -> None:
    fetcher = Fetcher(Policy(allow_remote=True), "/somewhere/root.yaml")
    with pytest.raises(ReferenceRefusedError, match="private address"):
        fetcher.fetch(server.url("/x.yaml", host))
    assert server.asked == []


def test_trust_ends_at_the_port(server: Server) -> None:
    other = Server(("127.0.0.1", 0), Handler)
    try:
        with pytest.raises(ReferenceRefusedError, match="private address"):
            Fetcher(Policy(allow_remote=True), server.url("/root.yaml")).fetch(other.url("/x"))
    finally:
        other.server_close()


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::808:808", True),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


def test_address_that_was_judged_is_the_one_that_is_asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that answers with a public address first and a private one later gets nowhere: it is asked once."""
    answers = iter(["93.184.216.34", "127.0.0.1", "127.0.0.1"])
    real = socket.getaddrinfo
    connected: list[str] = []

    def lookup(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        return (
            real(next(answers), port, *args, **kwargs) if host == "rebind.test" else real(host, port, *args, **kwargs)
        )

    def connect(address: tuple[str, int], *_: Any, **__: Any) -> Any:
        connected.append(address[0])
        raise ConnectionRefusedError("no network in tests")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(ReferenceRefusedError, match="cannot be fetched"):
        Fetcher(Policy(allow_remote=True), "/root.yaml").fetch("http://rebind.test/x")
    assert connected == ["93.184.216.34"]


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    places = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: places)
    with pytest.raises(ReferenceRefusedError, match="private address 10"):
        Fetcher(Policy(allow_remote=True), "/root.yaml").fetch("http://mixed.test/x")


def test_redirects_are_followed_to_allowed_places_only(server: Server) -> None:
    server.answers = {
        "/a": (302, {"Location": "/b"}, b""),
        "/b": (200, {}, b"ok: 1"),
        "/file": (302, {"Location": "file:///etc/passwd"}, b""),
        "/private": (302, {"Location": "http://127.0.0.1:1/x"}, b""),
        "/loop": (302, {"Location": "/loop"}, b""),
        "/login": (302, {"Location": "http://user:secret@127.0.0.1/x"}, b""),
    }
    assert fetch(server, "/a") == b"ok: 1"
    assert "only http and https" in refused(server, "/file")
    assert "private address" in refused(server, "/private")
    assert "redirects more than 5 times" in refused(server, "/loop")
    message = refused(server, "/login")
    assert "credentials" in message
    assert "secret" not in message


def test_no_redirect_from_https_to_http() -> None:
    from idemlint.openapi.remote import _redirected, _take_apart

    with pytest.raises(ReferenceRefusedError, match="from https to http"):
        _redirected(_take_apart("https://example.com/a"), "http://example.com/b")
    assert _redirected(_take_apart("http://example.com/a"), "https://example.org/b").host == "example.org"


def test_nothing_of_the_users_is_sent(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    server.answers = {
        "/a": (302, {"Location": "/b", "Set-Cookie": "session=1"}, b""),
        "/b": (200, {}, b"x"),
    }
    assert fetch(server, "/a") == b"x"
    for _, headers in server.asked:
        assert not {"authorization", "cookie", "referer", "proxy-authorization"} & {name.lower() for name in headers}
        assert headers["Host"] == f"127.0.0.1:{server.server_address[1]}"


def test_sizes_are_limited(server: Server) -> None:
    server.answers = {
        "/big": (200, {}, b"x" * 200_000),
        "/bomb": (200, {"Content-Encoding": "gzip"}, gzip.compress(b"\0" * 50_000_000)),
        "/small": (200, {"Content-Encoding": "gzip"}, gzip.compress(b"a: 1")),
        "/br": (200, {"Content-Encoding": "br"}, b"xxxx"),
        "/torn": (200, {"Content-Encoding": "gzip"}, b"no gzip at all"),
    }
    assert "larger than 100000 bytes" in refused(server, "/big", max_remote_bytes=100_000)
    assert "larger than 100000 bytes" in refused(server, "/bomb", max_remote_bytes=100_000)
    assert fetch(server, "/small") == b"a: 1"
    assert "which was not asked for" in refused(server, "/br")
    assert "cannot be fetched" in refused(server, "/torn")


def test_time_is_limited_in_all(server: Server) -> None:
    """A server that drips never lets a read time out; the whole must."""
    server.pause = 0.2
    server.answers = {"/slow": (200, {}, b"x" * 65536 * 50)}
    started = time.monotonic()
    assert "took too long" in refused(server, "/slow", remote_timeout=0.5)
    assert time.monotonic() - started < 3


def test_look_up_is_limited_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(1) or [])
    started = time.monotonic()
    with pytest.raises(ReferenceRefusedError, match="in time"):
        Fetcher(Policy(allow_remote=True, remote_timeout=0.2), "/root.yaml").fetch("http://slow.test/x")
    assert time.monotonic() - started < 0.9


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_name_that_cannot_be_asked_for_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def lookup(*_: Any, **__: Any) -> Any:
        raise ValueError("embedded null character")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    with pytest.raises(ReferenceRefusedError, match="has no address: embedded null"):
        Fetcher(Policy(allow_remote=True), "/root.yaml").fetch("http://a\0b.test/x")


def test_number_is_limited(server: Server) -> None:
    server.answers = {f"/{number}": (200, {}, b"x: 1") for number in range(4)}
    text = "a: [" + ", ".join(f"{{$ref: '/{number}'}}" for number in range(4)) + "]"
    references = References(parse(text, server.url("/root.yaml")), Policy(allow_remote=True, max_remote_documents=2))
    assert [problem.path for problem in references.problems()] == [("a", 2, "$ref"), ("a", 3, "$ref")]
    assert len(server.asked) == 2


def test_answers_that_are_no_document(server: Server) -> None:
    server.answers = {"/broken": (200, {}, b"a: [1"), "/empty": (200, {}, b""), "/denied": (403, {}, b"")}
    root = parse("a: [{$ref: /broken}, {$ref: /empty}, {$ref: /denied}, {$ref: /missing}]", server.url("/root.yaml"))
    messages = [problem.message for problem in References(root, Policy(allow_remote=True)).problems()]
    assert "cannot be read" in messages[0]
    assert "cannot be read" in messages[1]
    assert "answers 403" in messages[2]
    assert "answers 404" in messages[3]


@pytest.mark.parametrize(
    "url", ["http://", "http:///x", "http://[::1", "http://a:99999/", "http://a:x/", "http://ä\u200d.test/"]
)
def test_broken_urls(url: str) -> None:
    with pytest.raises(ReferenceRefusedError):
        Fetcher(Policy(allow_remote=True), "/root.yaml").fetch(absolute_url("/root.yaml", url))
