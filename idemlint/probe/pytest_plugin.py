"""Promises about retries as tests of a team's own suite: one test a check and operation.

    @pytest.mark.idemlint("openapi.yaml", only="POST /payments")
    def test_retries():
        return app          # an ASGI or WSGI application, its "module:attribute", or a URL on the loopback range

    @pytest.mark.idemlint("openapi.yaml", app=app)
    class TestRetries: ...

    def test_payments(idemlint_probe):
        idemlint_probe("openapi.yaml", app=app, select=["CON"]).assert_kept()

The mark takes the options of `idemlint.probe_async`, and `fail_on` and `strict` as `Report.assert_kept` does. What is
broken fails with the evidence, what is less grave than `fail_on` warns, what could not be decided is skipped with the
reason, or fails where `strict` says so. All tests of one function share one run, made for those that were selected.

Loaded in each run of pytest where idemlint is installed, so nothing is imported before it is used.
"""

from __future__ import annotations

import inspect
import warnings
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from idemlint.probe.report import Report
    from idemlint.probe_report import CheckResult, OperationResult

_MARK: Final = "idemlint"
_CASE: Final = "_idemlint_case"
_OWN: Final = ("fail_on", "strict")
"""Options of the mark that are not those of the run."""


class PromiseWarning(pytest.PytestWarning):
    """A promise was broken, less gravely than `fail_on`."""


class _Case(NamedTuple):
    operation: str
    check: str


_RUNS: Final = pytest.StashKey[dict[str, "Report | str"]]()
"""At a module or class: test functions to the report of their run, or why there is none."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "idemlint(document, *, app=None, url=None, suite='core', only=(), select=(), strict=False, ...): "
        "one test for each check of each operation that takes idempotency keys",
    )


@pytest.fixture
def idemlint_probe() -> Callable[..., Report]:
    """`idemlint.probe`: a document, `app` or `url`, and further options to a report that has `assert_kept()`."""
    from idemlint.probe.api import probe

    return probe


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(obj: object) -> None:
    """A marked class needs no test of its own."""
    if not inspect.isclass(obj) or any(each.startswith("test") for each in dir(obj)):
        return
    marks = vars(obj).get("pytestmark", ())
    if any(mark.name == _MARK for mark in (marks if isinstance(marks, (list, tuple)) else [marks])):
        setattr(obj, "test_promise", _promise)  # noqa: B010 - a class that is not known to have it


def _promise(self: object) -> object:
    """The target of a marked class: what its member `app` or `url` says."""
    app = inspect.getattr_static(self, "app", None)
    return app.__func__ if isinstance(app, staticmethod) else app or getattr(self, "url", None)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    mark = metafunc.definition.get_closest_marker(_MARK)
    if mark is None:
        return
    from idemlint.errors import IdemlintError
    from idemlint.probe.api import planned

    document, options = _arguments(mark, metafunc.definition)
    try:
        plan = planned(document, **options)
    except (IdemlintError, TypeError) as error:
        raise pytest.Collector.CollectError(f"@pytest.mark.idemlint: {error}") from error
    controls = _controls()
    cases = [
        _Case(operation.operation, check.id)
        for operation in plan.operations
        for check in operation.checks
        if not operation.blocked and check.id not in controls
    ]
    if not cases:
        raise pytest.Collector.CollectError(f"@pytest.mark.idemlint: no operation of {document} takes idempotency keys")
    metafunc.fixturenames.append(_CASE)
    metafunc.parametrize(_CASE, cases, ids=[f"{case.operation} {case.check}" for case in cases])


def _controls() -> frozenset[str]:
    from idemlint.probe.check import all_checks

    return frozenset(each.id for each in all_checks() if each.axis == "control")


def _arguments(mark: pytest.Mark, node: pytest.Item) -> tuple[Any, dict[str, Any]]:
    """The document, a path beside the test's file or from pytest's root directory, and the other options of the mark."""
    options = dict(mark.kwargs)
    document = mark.args[0] if mark.args else options.pop("document", None)
    if document is None or len(mark.args) > 1:
        raise pytest.Collector.CollectError("@pytest.mark.idemlint takes one document, and options by their names")
    if isinstance(document, str):
        folders = (node.path.parent, node.config.rootpath)
        document = next((path for each in folders if (path := each / document).is_file()), document)
    return document, options


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """A marked test's function just gives the target; the test is what the run found out about one promise."""
    case, mark = _case_of(pyfuncitem), pyfuncitem.get_closest_marker(_MARK)
    if case is None or mark is None or pyfuncitem.parent is None:
        return None
    runs = pyfuncitem.parent.stash.setdefault(_RUNS, {})
    name = pyfuncitem.originalname
    if name not in runs:
        runs[name] = _run(pyfuncitem, mark)
    report = runs[name]
    if isinstance(report, str):
        pytest.fail(report, pytrace=False)
    found = [
        (operation, check)
        for operation in report.operations
        for check in operation.checks
        if (operation.operation, check.id) == case
    ]
    if not found:
        _skip(f"the run ended before it: {report.interrupted}")
    _judge(pyfuncitem, report, *found[0], mark)
    return True


def _case_of(item: pytest.Function) -> _Case | None:
    case = item.callspec.params.get(_CASE) if hasattr(item, "callspec") else None
    return case if isinstance(case, _Case) else None


def _run(item: pytest.Function, mark: pytest.Mark) -> Report | str:
    """The report on all tests of this function that are selected, or why it could not be probed."""
    import asyncio

    from idemlint.errors import IdemlintError
    from idemlint.probe.api import probe_async

    document, options = _arguments(mark, item)
    options = {name: value for name, value in options.items() if name not in _OWN}
    cases = [
        case
        for each in item.session.items
        if isinstance(each, pytest.Function) and each.parent is item.parent and each.originalname == item.originalname
        if (case := _case_of(each)) is not None
    ]
    options["only"] = tuple(dict.fromkeys(case.operation for case in cases))
    options["select"] = tuple(dict.fromkeys(case.check for case in cases))
    wanted = inspect.signature(item.obj).parameters
    given = item.obj(**{name: value for name, value in item.funcargs.items() if name in wanted})

    async def run() -> Report:
        target = await given if inspect.isawaitable(given) else given
        return await probe_async(document, **_with_target(options, target))

    try:
        return asyncio.run(run())
    except IdemlintError as error:
        return str(error)


def _with_target(options: dict[str, Any], target: Any) -> dict[str, Any]:
    """What the function gave stands for `url` or `app`, where the mark gives neither."""
    if target is None or "url" in options or "app" in options:
        return options
    if not isinstance(target, str) and not callable(target):
        target = getattr(target, "url", target)  # a live server of another plugin
    is_url = isinstance(target, str) and target.startswith(("http://", "https://"))
    return {**options, "url" if is_url else "app": target}


def _judge(
    item: pytest.Function, report: Report, operation: OperationResult, check: CheckResult, mark: pytest.Mark
) -> None:
    from idemlint.findings import Severity
    from idemlint.probe.report import story
    from idemlint.probe_report import Verdict
    from idemlint.reporters.escaping import terminal

    reason = terminal(check.reason)
    item.user_properties.append(("idemlint", f"{check.verdict.value}{' (weak)' if check.weak else ''}: {reason}"))
    if check.verdict is Verdict.SKIPPED:
        _skip(reason)
    if check.verdict is Verdict.INCONCLUSIVE:
        if mark.kwargs.get("strict"):
            pytest.fail(f"{check.id} {check.name}  {operation.operation}\n  inconclusive: {reason}", pytrace=False)
        _skip(f"inconclusive: {reason}")
    if check.verdict is Verdict.FAIL:
        fail_on = mark.kwargs.get("fail_on", "error")
        if check.severity <= (Severity[fail_on.upper()] if isinstance(fail_on, str) else fail_on):
            pytest.fail(story(report, operation, check), pytrace=False)
        warnings.warn(PromiseWarning(story(report, operation, check)), stacklevel=2)


def _skip(reason: str) -> NoReturn:
    """What `pytest.skip` does, but told of the user's test: that function would have the summary name this module."""
    raise pytest.skip.Exception(reason, _use_item_location=True)  # a verdict of the probe, no test of idemlint's
