"""`--app module:attr`: an ASGI or WSGI application in this process, without sockets.

Concurrency is real all the same: an ASGI application's requests of a burst are tasks that are let go together, a WSGI
application's are threads. What needs a connection of its own (a reset, half a body) is skipped.
"""

from __future__ import annotations

import inspect
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from idemlint.errors import UsageError
from idemlint.probe.transport.answers import BurstAnswer

if TYPE_CHECKING:
    import httpx

    from idemlint.probe.client import Link


def link_to(name: str, *, timeout: float = 10.0) -> Link:
    """The application of `module:attribute` (`attribute()` for a factory). UsageError says what is wrong with it."""
    return link_of(load_app(name), timeout=timeout)


def load_app(name: str) -> Any:
    """Import an application; the working folder is looked in first, as servers do."""
    module, colon, attribute = name.partition(":")
    if not colon or not module or not attribute:
        raise UsageError(f"--app {name!r} is not MODULE:ATTR", hint="--app payments.main:app")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        found: Any = import_module(module)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"--app: cannot import {module}: {error}", hint="run it from the application's folder"
        ) from error
    except BaseException as error:  # an application's module may even call sys.exit
        if isinstance(error, KeyboardInterrupt):
            raise
        raise UsageError(f"--app: {module} fails while it is imported: {type(error).__name__}: {error}") from error
    call = attribute.endswith("()")
    for part in attribute.removesuffix("()").split("."):
        if not hasattr(found, part):
            raise UsageError(f"--app: {module} has no {part!r}", hint=f"names there: {', '.join(_names(found)[:8])}")
        found = getattr(found, part)
    if not call:
        return found
    try:
        return found()
    except Exception as error:
        raise UsageError(f"--app: {name} fails: {type(error).__name__}: {error}") from error


def _names(module: Any) -> list[str]:
    return [name for name in dir(module) if not name.startswith("_") and callable(getattr(module, name))]


def link_of(app: Any, *, timeout: float = 10.0) -> Link:
    """A link to an application object, whichever of the two interfaces it has. UsageError: it has neither."""
    if is_asgi(app):
        from idemlint.probe.asgi import AsgiLink

        return AsgiLink(app, timeout=timeout)
    if not callable(app):
        raise UsageError(f"--app: {app!r:.80} cannot be called", hint="name an ASGI or WSGI application")
    takes = 0 if inspect.isclass(app) else _parameters(app)
    if takes not in (2, None):
        hint = "is it a factory? --app 'module:create_app()' calls it" if takes == 0 else "name one of these"
        raise UsageError(f"--app: {app!r:.80} is neither an ASGI nor a WSGI application", hint=hint)
    from idemlint.probe.wsgi import WsgiLink

    return WsgiLink(app, timeout=timeout)


def is_asgi(app: Any) -> bool:
    """ASGI 3 takes three arguments and is a coroutine function; WSGI (PEP 3333) takes two."""
    if not callable(app) or inspect.isclass(app):
        return False
    target = app if inspect.isroutine(app) else getattr(app, "__call__", app)  # noqa: B004 - its signature is wanted
    if inspect.iscoroutinefunction(target) or inspect.iscoroutinefunction(app):
        return True
    return _parameters(app) == 3


def _parameters(app: Any) -> int | None:
    """How many arguments it cannot do without; None where that cannot be told."""
    try:
        parameters = inspect.signature(app).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(each.kind is each.VAR_POSITIONAL for each in parameters):
        return None
    return sum(
        each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD) and each.default is each.empty
        for each in parameters
    )


class InProcessLink:
    """What both kinds have in common: nothing goes over a wire."""

    over_the_wire = False
    http = "HTTP/1.1"

    def __init__(self, app: Any, *, timeout: float = 10.0) -> None:
        self.app = app
        self.timeout = timeout
        """Seconds for the whole of one exchange."""

    async def cut_off(self, request: httpx.Request, *, after_bytes: float) -> BurstAnswer:
        return _no_wire()

    async def abandon(self, request: httpx.Request, *, after: float, reset: bool, status_line: bool) -> BurstAnswer:
        return _no_wire()

    async def raw(self, message: bytes, request: httpx.Request) -> BurstAnswer:
        return _no_wire()


def _no_wire() -> BurstAnswer:
    return BurstAnswer(0, error="in this process there is no connection")
