"""Fetching a `$ref` over http(s), for a user who allowed it and a document that may be hostile.

Everything here defends the user's network: names are looked up by us, the addresses judged, and the very address that
was judged is connected to, so that a name cannot answer differently the second time. Redirects are followed by hand,
under the same rules. Nothing of the user's is sent: no credentials, no cookies, no `.netrc`. No proxy is used, since it
would look names up by itself.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
import zlib
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpx

from idemlint.named_tuple import NamedTuple
from idemlint.openapi.sandbox import ReferenceRefusedError, is_url

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from idemlint.openapi.sandbox import Policy

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_PORTS = {"http": 80, "https": 443}
_HEADERS = {"Accept": "application/yaml, application/json, text/*;q=0.9, */*;q=0.5", "Accept-Encoding": "gzip"}


class _Target(NamedTuple):
    """A URL taken apart; `authority` is what `Host` says."""

    url: str
    scheme: str
    host: str
    port: int
    authority: str
    request: str
    """Path and query."""


def absolute_url(base: str, uri: str) -> str:
    """The URL of a target, without fragment; a relative one is read against the URL of the document that names it."""
    try:
        return urljoin(base, uri) if is_url(base) else urlunsplit(urlsplit(uri)._replace(fragment=""))
    except ValueError as error:
        raise ReferenceRefusedError(f"'{uri}' is no URL: {error}") from error


def is_public(address: _Address) -> bool:
    """Whether an address lies on the open internet, looking through the ways to write IPv4 inside IPv6."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address.teredo is not None:
            inner = address.teredo[1]
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None and not is_public(inner):
            return False
        if address in _NAT64:
            return True
    return address.is_global and not address.is_multicast


class Fetcher:
    """Fetches documents for one run, within the number and time that the policy grants."""

    __slots__ = ("_count", "_policy", "_tls", "_trusted")

    def __init__(self, policy: Policy, root: str) -> None:
        self._policy = policy
        self._count = 0
        self._tls: ssl.SSLContext | None = None
        self._trusted: tuple[str, int] | None = None
        """Host and port that the root document came from: may be private, since the user went there."""
        if is_url(root):
            target = _take_apart(root)
            self._trusted = (target.host, target.port)

    def fetch(self, url: str) -> bytes:
        """The body of a 200 answer.

        Raises ReferenceRefusedError for everything else, the user's limits included.
        """
        self._count += 1
        if self._count > self._policy.max_remote_documents:
            raise ReferenceRefusedError(
                f"more than {self._policy.max_remote_documents} remote documents, '{url}' is not fetched"
            )
        deadline = time.monotonic() + self._policy.remote_timeout
        target = _take_apart(url)
        try:
            for _ in range(_MAX_REDIRECTS + 1):
                answer = self._get(target, deadline)
                if isinstance(answer, bytes):
                    return answer
                target = _redirected(target, answer)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, zlib.error) as error:
            raise ReferenceRefusedError(f"'{url}' cannot be fetched: {error or type(error).__name__}") from error
        raise ReferenceRefusedError(f"'{url}' redirects more than {_MAX_REDIRECTS} times")

    def _get(self, target: _Target, deadline: float) -> bytes | str:
        """The body, or the `Location` of a redirect."""
        error: Exception | None = None
        for address in self._addresses(target, deadline):
            try:
                return self._ask(target, address, deadline)
            except httpx.ConnectError as failed:
                error = failed
        raise error or ReferenceRefusedError(f"'{target.host}' has no address")

    def _addresses(self, target: _Target, deadline: float) -> list[str]:
        found = _look_up(target.host, target.port, deadline)
        if (target.host, target.port) != self._trusted:
            for address in found:
                if not is_public(address):
                    raise ReferenceRefusedError(
                        f"'{target.url}' is at the private address {address}, which a document may not ask for"
                    )
        return [str(address) for address in found]

    def _ask(self, target: _Target, address: str, deadline: float) -> bytes | str:
        """One request to just this address; TLS is still checked against the name."""
        literal = f"[{address}]" if ":" in address else address
        url = f"{target.scheme}://{literal}:{target.port}{target.request}"
        if self._tls is None:
            self._tls = httpx.create_ssl_context()
        with (
            httpx.Client(trust_env=False, verify=self._tls, follow_redirects=False) as client,
            client.stream(
                "GET",
                url,
                headers={**_HEADERS, "Host": target.authority},
                timeout=_remaining(deadline, target.url),
                extensions={"sni_hostname": target.host},
            ) as response,
        ):
            if response.status_code in _REDIRECTS and "location" in response.headers:
                return str(response.headers["location"])
            if response.status_code != 200:
                raise ReferenceRefusedError(f"'{target.url}' answers {response.status_code}")
            return self._body(response, target, deadline)

    def _body(self, response: httpx.Response, target: _Target, deadline: float) -> bytes:
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", "gzip", "x-gzip", ""):
            raise ReferenceRefusedError(f"'{target.url}' comes encoded as '{encoding}', which was not asked for")
        body = bytearray()
        most = self._policy.max_remote_bytes
        chunks = response.iter_raw(65536)
        for chunk in _gunzip(chunks, most) if "gzip" in encoding else chunks:
            body += chunk
            if len(body) > most:
                raise ReferenceRefusedError(f"'{target.url}' is larger than {most} bytes")
            _remaining(deadline, target.url)
        return bytes(body)


def _take_apart(url: str) -> _Target:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ReferenceRefusedError(f"'{url}' is no URL: {error}") from error
    if parts.scheme not in _PORTS:
        raise ReferenceRefusedError(f"'{url}': only http and https are fetched")
    if parts.username is not None or parts.password is not None:
        raise ReferenceRefusedError(f"'{parts.scheme}://…@{parts.hostname}' holds credentials, which are not sent")
    host = (parts.hostname or "").rstrip(".")
    try:
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise ReferenceRefusedError(f"'{url}' has no usable host name") from error
    if not host:
        raise ReferenceRefusedError(f"'{url}' names no host")
    literal = f"[{host}]" if ":" in host else host
    authority = literal if port in (None, _PORTS[parts.scheme]) else f"{literal}:{port}"
    request = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return _Target(url, parts.scheme, host, port or _PORTS[parts.scheme], authority, request)


def _redirected(target: _Target, location: str) -> _Target:
    following = _take_apart(urljoin(target.url, location))
    if target.scheme == "https" and following.scheme != "https":
        raise ReferenceRefusedError(f"'{target.url}' redirects from https to {following.scheme}")
    return following


def _look_up(host: str, port: int, deadline: float) -> list[_Address]:
    """All addresses of a name, in the system's order. In a thread: the system's look-up knows no time limit."""
    answer: list[_Address] = []
    failure: list[OSError | ValueError] = []

    def ask() -> None:
        try:
            for *_, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
                address = ipaddress.ip_address(str(place[0]).partition("%")[0])
                if address not in answer:
                    answer.append(address)
        except (OSError, ValueError) as error:  # no such name, or one that cannot be asked for
            failure.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(_remaining(deadline, host))
    if thread.is_alive():
        raise ReferenceRefusedError(f"'{host}' was not found in time")
    if failure or not answer:
        raise ReferenceRefusedError(f"'{host}' has no address{f': {failure[0]}' if failure else ''}")
    return answer


def _remaining(deadline: float, what: str) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise ReferenceRefusedError(f"'{what}' took too long")
    return left


def _gunzip(chunks: Iterator[bytes], most: int) -> Iterator[bytes]:
    """Decoded pieces of at most 64 KiB each, so that a small answer cannot fill the memory."""
    decoder = zlib.decompressobj(wbits=31)
    total = 0
    for chunk in chunks:
        data = chunk
        while data:
            piece = decoder.decompress(data, 65536)
            data = decoder.unconsumed_tail
            total += len(piece)
            yield piece
            if total > most:
                return
