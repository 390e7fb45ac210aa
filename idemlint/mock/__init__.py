"""`idemlint mock`: a server that keeps the contract about idempotency keys, and breaks it on request.

For tests in Python: `create_app(document)` is an ASGI application, `httpx.ASGITransport(create_app(document))` a client's
way to it. The pytest fixture `idemlint_mock` serves one on a real socket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from idemlint.mock.assembly import create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> Any:
    """Imported when it is asked for: `idemlint check` has no use for a server."""
    if name == "create_app":
        from idemlint.mock.assembly import create_app

        return create_app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
