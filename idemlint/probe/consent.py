"""Whether a target may be written to without anybody saying so: one on the loopback range, or in this process."""

from __future__ import annotations

import ipaddress

import httpx

from idemlint.errors import UsageError


def base_url(text: str) -> str:
    """A target's URL without a slash at the end. UsageError: it is none."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise UsageError(f"{text!r} is no URL: {error}", hint="http://127.0.0.1:8000") from None
    # httpx escapes in a host what no host may have, and takes any number for a port
    possible = url.host and ("%" not in url.host or ":" in url.host) and (url.port is None or 0 < url.port < 65_536)
    if url.scheme not in ("http", "https") or not possible:
        raise UsageError(f"{text!r} is no http or https URL", hint="http://127.0.0.1:8000")
    if url.query or url.fragment:
        raise UsageError(f"{text!r} has a query or a fragment, and paths are put behind it", hint="leave it out")
    if url.userinfo:
        raise UsageError("a URL with a password in it ends up in logs", hint="give credentials as a header")
    return text.strip().rstrip("/")


def is_loopback(url: str) -> bool:
    """Whether the host is this machine by its name or address; nothing is looked up."""
    host = httpx.URL(url).host.rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
