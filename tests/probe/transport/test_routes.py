"""Ways to a server: custom CAs, client certificates, SNI, proxies of each kind."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import TYPE_CHECKING

import httpx
import pytest
from probe.transport.proxies import CREDENTIALS, PASSWORD, USER, http_proxy, refusing, socks_proxy
from probe.transport.servers import authority, ca_file, client_context, echo, server_context, serving

from idemlint.probe.transport import BurstResult, GatedTransport, Hold, burst

if TYPE_CHECKING:
    from pathlib import Path

    from probe.transport.servers import Server


def run(url: str, *, count: int = 3, bursts: int = 1, extensions: dict | None = None, **options: object) -> BurstResult:
    async def go() -> BurstResult:
        async with httpx.AsyncClient(transport=GatedTransport(**options)) as user:
            for _ in range(bursts):
                requests = [
                    user.build_request("POST", url, content=b"%d" % place, extensions=extensions)
                    for place in range(count)
                ]
                result = await burst(user, requests, hold=Hold.HEAD, timeout=10)
            return result

    return asyncio.run(go())


def bodies(result: BurstResult) -> list[bytes | str]:
    return [answer.error or answer.body for answer in result.answers]


ALL = [b"0", b"1", b"2"]


def test_a_ca_of_ones_own_as_file_or_context(tmp_path: Path) -> None:
    with serving(echo, server_context()) as server:
        assert bodies(run(server.url, verify=ca_file(tmp_path))) == ALL
        assert bodies(run(server.url, verify=client_context())) == ALL
        assert bodies(run(server.url, verify=False)) == ALL


def test_an_untrusted_certificate_is_an_error() -> None:
    with serving(echo, server_context()) as server:
        for error in bodies(run(server.url)):
            assert error.startswith("connect: tls: the certificate cannot be trusted")
        assert not server.whole


def test_plain_text_where_tls_is_spoken_and_the_reverse() -> None:
    with serving(echo) as server:
        for error in bodies(run(server.url.replace("http:", "https:"), verify=False, connect_timeout=0.5)):
            assert error.startswith("connect: ")


def test_client_certificates(tmp_path: Path) -> None:
    path = str(tmp_path / "client.pem")
    authority().issue_cert("client.example").private_key_and_cert_chain_pem.write_to_path(path)
    with serving(echo, server_context(client_certificates=True)) as server:
        assert bodies(run(server.url, verify=client_context(), cert=path)) == ALL
        server.whole.clear()
        # With TLS 1.3 the server's refusal comes after the handshake; no request gets through.
        assert all(isinstance(error, str) for error in bodies(run(server.url, verify=client_context())))
        assert not server.whole


def test_another_server_name() -> None:
    names: list[str] = []
    context = server_context()
    context.sni_callback = lambda _, name, __: names.append(name)
    with serving(echo, context) as server:
        result = run(server.url, verify=client_context(), extensions={"sni_hostname": "shop.example"})
    assert bodies(result) == ALL
    assert names == ["shop.example"] * 3


def proxied(server: Server, scheme: str = "http") -> httpx.Proxy:
    return httpx.Proxy(f"{scheme}://127.0.0.1:{server.port}", auth=(USER, PASSWORD))


def test_an_http_proxy_forwards_plain_requests() -> None:
    with serving(echo) as server, serving(http_proxy) as proxy:
        result = run(server.url, bursts=2, proxy=proxied(proxy))
        assert bodies(result) == ALL
        assert len(proxy.connections) == 3
        head = proxy.whole[0][1]
        assert head.startswith(b"POST http://127.0.0.1:%d/orders HTTP/1.1\r\n" % server.port)
        assert all(b"Proxy-Authorization" not in head for _, head, _ in server.whole)


def test_an_http_proxy_tunnels_tls() -> None:
    with serving(echo, server_context()) as server, serving(http_proxy) as proxy:
        assert bodies(run(server.url, proxy=proxied(proxy), verify=client_context())) == ALL
        assert [head.split(b" ")[0] for _, head, _ in proxy.whole] == [b"CONNECT"] * 3
        assert all(CREDENTIALS not in head for _, head, _ in server.whole)


def test_a_proxy_behind_tls_tunnels_tls_within_tls() -> None:
    with serving(echo, server_context()) as server, serving(http_proxy, server_context()) as proxy:
        there = httpx.Proxy(f"https://127.0.0.1:{proxy.port}", auth=(USER, PASSWORD), ssl_context=client_context())
        assert bodies(run(server.url, proxy=there, verify=client_context())) == ALL


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_a_socks_proxy(tls: bool) -> None:
    with serving(echo, server_context() if tls else None) as server, serving(socks_proxy) as proxy:
        transport = {"proxy": proxied(proxy, "socks5"), "verify": client_context()}
        assert bodies(run(server.url, **transport)) == ALL


def test_refusals_of_a_socks_proxy() -> None:
    with serving(socks_proxy) as proxy:
        there = proxied(proxy, "socks5")
        assert bodies(run("http://unreachable.example/", proxy=there))[0].endswith("reach the server (reply 4)")
        there = httpx.Proxy(f"socks5://127.0.0.1:{proxy.port}", auth=(USER, "wrong"))
        assert bodies(run("http://shop.example/", proxy=there))[0].endswith("refused the credentials")
        there = httpx.Proxy(f"socks5://127.0.0.1:{proxy.port}", auth=(USER, "x" * 256))
        assert "too long" in bodies(run("http://shop.example/", proxy=there))[0]


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "no-such-host.invalid", "no..host"])
def test_names_that_cannot_be_resolved(host: str) -> None:
    assert bodies(run(f"http://{host}/"))[0] == f"connect: the name {host!r} cannot be resolved"


def test_a_name_that_no_certificate_can_have() -> None:
    with serving(echo, server_context()) as server:
        result = run(server.url, verify=client_context(), extensions={"sni_hostname": ".example"})
    assert bodies(result)[0] == "connect: tls: '.example' is no name of a server"


def test_refusals_of_a_proxy_are_errors_and_show_no_credentials() -> None:
    with serving(refusing(b"403 No")) as proxy:
        result = run("https://shop.example/", proxy=proxied(proxy))
        assert bodies(result) == ["connect: the proxy refused with 403"] * 3
    with serving(refusing(b"nonsense")) as proxy:
        assert bodies(run("https://shop.example/", proxy=proxied(proxy)))[0].startswith("connect: the proxy refused")
    with serving(lambda connection: connection.reset()) as proxy:
        assert bodies(run("https://shop.example/", proxy=proxied(proxy)))[0].startswith("connect: ")
    transport = GatedTransport(proxy=f"http://{USER}:{PASSWORD}@127.0.0.1:1")
    assert PASSWORD not in repr((transport, vars(transport), vars(transport.lanes)))


def test_a_server_that_closes_within_the_handshake() -> None:
    with serving(lambda connection: connection.read() and None) as server:
        url = f"https://127.0.0.1:{server.port}/"
        context = ssl.create_default_context()
        assert bodies(run(url, verify=context))[0].startswith("connect: the server closed the connection")


def test_a_name_with_an_address_that_nobody_answers_at() -> None:
    async def go(server: Server, closed: int) -> BurstResult:
        async with GatedTransport() as transport:
            addresses = [(socket.AF_INET, ("127.0.0.1", closed)), (socket.AF_INET, ("127.0.0.1", server.port))]
            transport.lanes._dialler._addresses["two-faced.example", 80] = addresses
            requests = [httpx.Request("POST", "http://two-faced.example/", content=b"x") for _ in range(2)]
            result = await burst(transport, requests, hold=Hold.HEAD, timeout=10)
            assert addresses[0][1][1] == server.port  # tried first from now on
            return result

    with socket.create_server(("127.0.0.1", 0)) as gone:
        closed = gone.getsockname()[1]
    with serving(echo) as server:
        assert bodies(asyncio.run(go(server, closed))) == [b"x", b"x"]
