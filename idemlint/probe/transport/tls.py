"""TLS over memory: what is sealed stays here until it is sent, so that the gate withholds ciphertext.

Sealing takes longer than sending; done before, it leaves the release loop with nothing but `send`.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Sequence


class TlsLayer:
    """The client's end of one TLS session, without a socket: bytes in, bytes out."""

    def __init__(self, context: ssl.SSLContext, server_hostname: str, protocols: Sequence[str]) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        # httpx sets ALPN on the same context before each of its own connections; nothing runs in between here.
        context.set_alpn_protocols(list(protocols))
        self._session = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_hostname)
        self.ended = False
        """The server closed the session: nothing more comes."""

    @property
    def protocol(self) -> str | None:
        """What ALPN agreed on (RFC 7301)."""
        return self._session.selected_alpn_protocol()

    def handshake(self, received: bytes) -> bool:
        """One step; whether it is done. `pending()` then holds what to send. Raises `ssl.SSLError`."""
        self._incoming.write(received)
        try:
            self._session.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def pending(self) -> bytes:
        return self._outgoing.read()

    def seal(self, data: bytes) -> bytes:
        """One record where `data` is no longer than 16 KiB. What is sealed first has to be sent first."""
        view = memoryview(data)
        while view:
            view = view[self._session.write(view) :]
        return self._outgoing.read()

    def open(self, received: bytes) -> bytes:
        """Raises `ssl.SSLError` for what is no TLS."""
        self._incoming.write(received)
        parts = []
        while True:
            try:
                part = self._session.read(65_536)
            except ssl.SSLWantReadError:
                break
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                self.ended = True
                break
            if not part:
                self.ended = True
                break
            parts.append(part)
        return b"".join(parts)


def context_for(
    verify: ssl.SSLContext | str | bool, cert: str | tuple[str, str] | tuple[str, str, str] | None = None
) -> ssl.SSLContext:
    """An `SSLContext` as it is, a file or folder of CAs, the usual CAs (True) or none at all (False).

    `cert`: the client's certificate, as a file, or (file, key) or (file, key, password).
    """
    if isinstance(verify, str):
        folder = Path(verify).is_dir()
        context = ssl.create_default_context(capath=verify if folder else None, cafile=None if folder else verify)
    else:
        context = httpx.create_ssl_context(verify=verify)
    if cert is not None:
        context.load_cert_chain(*((cert,) if isinstance(cert, str) else cert))
    return context
