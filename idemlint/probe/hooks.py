"""The user's own code for what a document cannot say: requests, prerequisites, and how effects are counted."""

from __future__ import annotations

import inspect
import traceback
from typing import TYPE_CHECKING, Any, Final

from idemlint.errors import ConfigError
from idemlint.findings import Position
from idemlint.probe.samples import NO_BODY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from os import PathLike

    from idemlint.probe.samples import RequestSample

FUNCTIONS: Final[Mapping[str, str]] = {
    "request": "request(operation, sample) -> dict",
    "setup": "setup(operation)",
    "count_effects": "count_effects(operation) -> int",
    "teardown": "teardown(operation)",
}
"""Names and forms of what a hooks file may define; `operation` is `POST /payments`. Each may be `async`."""
_TAKES: Final = {"request": 2, "setup": 1, "count_effects": 1, "teardown": 1}
_MEMBERS: Final = ("path", "query", "headers", "body")


class HookError(ConfigError):
    """A hooks file that cannot be used, or a function of it that failed."""


class Hooks:
    """Functions of a hooks file; each is optional. What they raise comes as HookError, with file and line."""

    def __init__(self, functions: Mapping[str, Callable[..., Any]], *, source: str = "") -> None:
        self._functions = dict(functions)
        self._source = source
        self.failed: list[HookError] = []
        """What its functions did wrong so far. Each spoils what it was called for, and the run goes on."""

    @property
    def counts_effects(self) -> bool:
        return "count_effects" in self._functions

    @property
    def makes_requests(self) -> bool:
        return "request" in self._functions

    async def count_effects(self, operation: str) -> int:
        """How many effects the operation has had so far."""
        count = await self._call("count_effects", operation)
        if not isinstance(count, int) or isinstance(count, bool):
            raise self.wrong("count_effects", f"it returned {_shown(count)}", "return a whole number")
        return count

    async def request(self, operation: str, sample: RequestSample) -> tuple[RequestSample, frozenset[str]]:
        """The request as the hook wants it, and the places that it changed (`path.id`, `body/amount`).

        The hook gets `path`, `query`, `headers` and `body` of the request that was made, and returns those that it
        wants otherwise; None keeps all.
        """
        from idemlint.openapi.samples.draw import copied

        body = None if sample.value is NO_BODY else copied(sample.value)
        before = {
            "path": dict(sample.arguments),
            "query": dict(sample.query),
            "headers": dict(sample.headers),
            "body": body,
        }
        after = await self._call("request", operation, copied(before))
        if after is None:
            return sample, frozenset()
        if not isinstance(after, dict):
            raise self.wrong("request", f"it returned {_shown(after)}", f"return a dict with {', '.join(_MEMBERS)}")
        for name, value in after.items():
            if name not in _MEMBERS:
                raise self.wrong("request", f"it returned a member {name!r}", f"it may hold {', '.join(_MEMBERS)}")
            if name != "body" and not isinstance(value, dict):
                raise self.wrong("request", f"its {name} is {_shown(value)}", "make it a dict of texts")
        return _changed(sample, before, after)

    async def setup(self, operation: str) -> None:
        if "setup" in self._functions:
            await self._call("setup", operation)

    async def teardown(self, operation: str) -> None:
        if "teardown" in self._functions:
            await self._call("teardown", operation)

    async def _call(self, name: str, *arguments: Any) -> Any:
        try:
            value = self._functions[name](*arguments)
            if inspect.isawaitable(value):
                value = await value
        except Exception as error:
            line = next(
                (frame.lineno for frame in reversed(traceback.extract_tb(error.__traceback__)) if self._is_own(frame)),
                None,
            )
            failure = HookError(
                f"the hook {name} raised {type(error).__name__}: {_line(error)}",
                source=self._source,
                position=None if line is None else Position(line - 1, 0),
                hint=f"it was called for {arguments[0]!r}",
            )
            self.failed.append(failure)
            raise failure from error
        return value

    def _is_own(self, frame: traceback.FrameSummary) -> bool:
        return bool(self._source) and frame.filename == self._source

    def wrong(self, name: str, what: str, hint: str) -> HookError:
        """The error for a function of the file that does not do what it has to."""
        code = getattr(self._functions[name], "__code__", None)
        position = None if code is None else Position(code.co_firstlineno - 1, 0)
        failure = HookError(f"the hook {name} is wrong: {what}", source=self._source, position=position, hint=hint)
        self.failed.append(failure)
        return failure


def load_hooks(path: str | PathLike[str]) -> Hooks:
    """Runs the file and takes its functions. HookError if it cannot be read, run, or defines nothing of use."""
    source = str(path)
    try:
        with open(source, "rb") as file:
            text = file.read()
    except OSError as error:
        raise HookError(
            f"the hooks file cannot be read: {error.strerror}", source=source, hint="--hooks takes a Python file"
        ) from None
    scope: dict[str, Any] = {"__name__": "idemlint_hooks", "__file__": source}
    try:
        exec(compile(text, source, "exec"), scope)  # noqa: S102 - the user's own file, named for this purpose
    except SyntaxError as error:
        place = Position(max((error.lineno or 1) - 1, 0), max((error.offset or 1) - 1, 0))
        raise HookError(f"the hooks file is no Python: {error.msg}", source=source, position=place) from None
    except Exception as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == source]
        position = Position(frames[-1].lineno - 1, 0) if frames and frames[-1].lineno else None
        message = f"the hooks file raised {type(error).__name__}: {_line(error)}"
        raise HookError(message, source=source, position=position) from error
    functions = {name: scope[name] for name in FUNCTIONS if callable(scope.get(name))}
    hooks = Hooks(functions, source=source)
    if not functions:
        forms = ", ".join(FUNCTIONS.values())
        raise HookError("the hooks file defines none of the hooks", source=source, hint=f"they are {forms}")
    for name, function in functions.items():
        try:
            inspect.signature(function).bind(*range(_TAKES[name]))
        except TypeError:
            raise hooks.wrong(name, "it takes other arguments", f"define it as {FUNCTIONS[name]}") from None
        except ValueError:
            continue
    return hooks


def _changed(
    sample: RequestSample, before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[RequestSample, frozenset[str]]:
    from idemlint.probe.configured import with_entry
    from idemlint.probe.masks import leaves

    entry: dict[str, Any] = {}
    for name in ("path", "query", "headers"):
        entry[name] = {
            key: value for key, value in after.get(name, {}).items() if value != before[name].get(key) or key == ""
        }
    body = after.get("body", before["body"])
    changed = body != before["body"]
    if changed:
        entry["replace-body"] = body
    sample, given = with_entry(sample, entry)
    if changed:
        # Only what differs was given: the rest may still need what exists.
        old = leaves(before["body"])
        places = {f"body{pointer}" for pointer, value in leaves(body).items() if old.get(pointer, NO_BODY) != value}
        given = frozenset((given - {"body"}) | places)
    return sample, given


def _shown(value: Any) -> str:
    return f"{type(value).__name__} {value!r}"[:60]


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
