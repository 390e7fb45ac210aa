"""The stores of the mock, by URL. One store a module, imported only when it is asked for: its client may not be there."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from idemlint.entry_points import load
from idemlint.errors import UsageError

if TYPE_CHECKING:
    from idemlint.mock.stores.protocol import Store

__all__ = ["masked", "open_store"]

GROUP: Final = "idemlint.stores"
"""Entry points of other distributions: the name is the scheme, the object takes the URL and gives a `Store`."""


class _Kind(NamedTuple):
    module: str
    extra: str
    example: str


_KINDS: Final = {
    "memory": _Kind("memory", "", "memory"),
    "sqlite": _Kind("sqlite", "", "sqlite:PATH"),
    "redis": _Kind("redis", "redis", "redis://HOST:6379/0"),
    "rediss": _Kind("redis", "redis", "rediss://HOST:6379/0"),
    "valkey": _Kind("redis", "redis", "valkey://HOST:6379/0"),
    "dynamodb": _Kind("dynamodb", "dynamodb", "dynamodb:///TABLE"),
    "postgresql": _Kind("postgres", "postgres", "postgresql://USER@HOST/DATABASE"),
    "postgres": _Kind("postgres", "postgres", "postgres://USER@HOST/DATABASE"),
}
_EXAMPLES: Final = ", ".join(kind.example for scheme, kind in _KINDS.items() if scheme not in ("rediss", "postgres"))


def open_store(url: str) -> Store:
    """The store that a URL names, not connected yet: `memory`, `sqlite:PATH`, `redis://…`, `rediss://…`, `valkey://…`,
    `dynamodb://…`, `postgresql://…`, or a scheme of the entry point group `idemlint.stores`.

    UsageError for a URL that names none, and for one whose client is not installed.
    """
    scheme = url.partition(":")[0].lower()
    kind = _KINDS.get(scheme)
    if kind is None:
        return _foreign(scheme, url)
    try:
        module: Any = import_module(f"{__name__}.{kind.module}")
    except ImportError as error:
        raise UsageError(
            f"the store {scheme} needs a client library: {error}",
            hint=f"pip install 'idemlint[{kind.extra}]'",
        ) from error
    try:
        store: Store = module.store_of(url)
    except ValueError as error:
        raise UsageError(f"--store {masked(url)}: {error}", hint=f"write it as {kind.example}") from error
    return store


def masked(url: str) -> str:
    """The URL as it may be shown: without the password of its authority, or one among its parameters."""
    shown = re.sub(r"(?<=://)([^/?#@:]*):.*(?=@)", r"\1:***", url)
    return re.sub(r"(?i)\b([\w-]*(?:password|passwd|secret|token|key)[\w-]*=)[^&#\s]*", r"\1***", shown)


def _foreign(scheme: str, url: str) -> Store:
    opens = load(GROUP, scheme)
    if opens is not None:
        store: Store = opens(url)
        return store
    raise UsageError(f"no store is called {masked(url)}", hint=f"stores are {_EXAMPLES}")
