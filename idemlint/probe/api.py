"""The probe from Python: `idemlint.probe("openapi.yaml", app=app).assert_kept()`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from idemlint.contract.loading import load_profile
from idemlint.contract.profile import Profile
from idemlint.errors import DocumentError, UsageError
from idemlint.openapi.document import Document, parse, read
from idemlint.openapi.references import References
from idemlint.openapi.scope import Scope
from idemlint.probe.consent import base_url, is_loopback
from idemlint.probe.in_process import link_of, link_to
from idemlint.probe.principals import FIRST, SECOND, Principal
from idemlint.probe.report import Report
from idemlint.probe.session import Session
from idemlint.probe.settings import DEFAULT_PROFILE, Settings
from idemlint.probe_report import IN_PROCESS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import httpx

    from idemlint.probe.client import Link
    from idemlint.probe.hooks import Hooks
    from idemlint.probe_report import Event, Plan

DocumentLike: TypeAlias = str | os.PathLike[str] | Mapping[str, Any] | Document | References
Headers: TypeAlias = Mapping[str, str] | tuple[tuple[str, str], ...]


def probe(document: DocumentLike, **options: Any) -> Report:
    """Probe a server or an application, and report which promises about retries it keeps.

    Options are those of `probe_async`. Not to be called where an event loop runs: there, `await probe_async(...)`.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(probe_async(document, **options))
    raise UsageError("an event loop is running here", hint="await idemlint.probe_async(...)")


async def probe_async(
    document: DocumentLike,
    *,
    url: str | None = None,
    app: Any = None,
    profile: str | Profile = DEFAULT_PROFILE,
    suite: Literal["core", "full"] = "core",
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    only: Iterable[str] = (),
    excepted: Iterable[str] = (),
    headers: Headers = (),
    auth: httpx.Auth | None = None,
    second_principal: Headers = (),
    allow_writes: bool = False,
    max_requests: int | None = None,
    rate: float | None = None,
    timeout: float = 10.0,  # noqa: ASYNC109 - of one exchange, not of the run
    max_wait: float = 30.0,
    wait_for: float | None = None,
    seed: int = 0,
    burst: int = 10,
    rounds: int = 20,
    hooks: str | os.PathLike[str] | Mapping[str, Callable[..., Any]] | None = None,
    operations: Mapping[str, Mapping[str, Any]] | None = None,
    cleanup: bool = False,
    calibrate: bool = False,
    http2: bool = False,
    proxy: str | None = None,
    cacert: str | None = None,
    cert: str | None = None,
    insecure: bool = False,
    keep_exchanges: bool = False,
    on_event: Callable[[Event], None] | None = None,
) -> Report:
    """What `idemlint probe` does.

    `document`: a path, the document as a mapping, or what `idemlint.openapi` made of it. The target is either `url` or
    `app`: an ASGI or WSGI application, or its `module:attribute`. `headers` and `second_principal` are credentials of a
    first and a second account. Times are in seconds, `rate` in requests a second. `operations` holds what
    `[tool.idemlint.probe.operations]` would. IdemlintError: it could not be probed at all.
    """
    if (url is None) == (app is None):
        raise UsageError("give the target as url or app, and just one of them", hint="app=app")
    target = IN_PROCESS if url is None else base_url(url)
    if url is not None and not allow_writes and not is_loopback(target):
        raise UsageError(f"{target} is not on the loopback range", hint="allow_writes=True gives consent to writes")
    scope = Scope(_texts(only), _texts(excepted))
    settings = Settings(
        url=target,
        suite=suite,
        select=_texts(select),
        ignore=_texts(ignore),
        wanted=lambda operation: (operation.label, operation.tags) in scope,
        principals=_principals(headers, auth, second_principal),
        max_requests=max_requests,
        rate=rate,
        timeout=timeout,
        max_wait=max_wait,
        seed=seed,
        burst=burst,
        rounds=rounds,
        hooks=_hooks(hooks),
        operations=operations or {},
        cleanup=cleanup,
        calibrate=calibrate,
        http2=http2,
        keep_exchanges=keep_exchanges,
    )
    session = Session(references_of(document), _profile(profile), settings)
    if app is not None:
        link = link_to(app, timeout=timeout) if isinstance(app, str) else link_of(app, timeout=timeout)
    else:
        from idemlint.probe.link import network_link

        link = network_link(http2=http2, timeout=timeout, proxy=proxy, cacert=cacert, cert=cert, insecure=insecure)
    return await _report(session, link, wait_for, on_event)


def planned(
    document: DocumentLike,
    *,
    profile: str | Profile = DEFAULT_PROFILE,
    suite: Literal["core", "full"] = "core",
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    only: Iterable[str] = (),
    excepted: Iterable[str] = (),
    **_others: Any,
) -> Plan:
    """Which checks of which operations `probe` would run with these options. Needs no target and sends nothing."""
    scope = Scope(_texts(only), _texts(excepted))
    settings = Settings(
        IN_PROCESS,
        suite,
        _texts(select),
        _texts(ignore),
        lambda operation: (operation.label, operation.tags) in scope,
    )
    return Session(references_of(document), _profile(profile), settings).plan()


async def _report(
    session: Session, link: Link, wait_for: float | None, on_event: Callable[[Event], None] | None
) -> Report:
    from idemlint import __version__
    from idemlint.probe.reaching import reach

    run = session.run(link)
    run.tool = f"idemlint {__version__}"
    try:
        await reach(run.client, session.base_url, wait=wait_for)
        async for event in run.events():
            if on_event is not None:
                on_event(event)
    finally:
        with contextlib.suppress(Exception):
            await link.close()
    return Report.of(run.report())


_SOURCE: Final = "<document>"


def references_of(document: DocumentLike) -> References:
    """The document with what it refers to. DocumentError for whatever is wrong with it."""
    if isinstance(document, References):
        return document
    if isinstance(document, Mapping):
        try:
            document = parse(json.dumps(document).encode(), _SOURCE)
        except (TypeError, ValueError, RecursionError) as error:
            raise DocumentError(f"the document is no JSON data: {error}", source=_SOURCE) from None
    elif not isinstance(document, Document):
        document = read(os.path.abspath(document))
    data = document.data
    if not isinstance(data, dict) or not ({"openapi", "swagger"} & set(data)):
        raise DocumentError(
            "not an OpenAPI document: it has no member openapi or swagger",
            source=document.source,
            hint="give the API's OpenAPI or Swagger file",
        )
    return References(document)


def _profile(profile: str | Profile) -> Profile:
    return profile if isinstance(profile, Profile) else load_profile(profile, folder=os.getcwd())


def _principals(headers: Headers, auth: httpx.Auth | None, second: Headers) -> dict[str, Principal]:
    found = {FIRST: Principal(FIRST, _lines(headers), auth)}
    if second:
        found[SECOND] = Principal(SECOND, _lines(second))
    return found


def _lines(headers: Headers) -> tuple[tuple[str, str], ...]:
    return tuple(headers.items() if isinstance(headers, Mapping) else headers)


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else tuple(values)


def _hooks(given: str | os.PathLike[str] | Mapping[str, Callable[..., Any]] | None) -> Hooks | None:
    if given is None:
        return None
    from idemlint.probe.hooks import Hooks, load_hooks

    return Hooks(given) if isinstance(given, Mapping) else load_hooks(given)
