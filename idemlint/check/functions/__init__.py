"""The rule functions, found by the name a ruleset gives them and imported only then.

Besides the functions below, two ways lead to a user's own, both in Python:

- An installed package declares an entry point in the group `idemlint.functions`: its name is the function's, its
  object a `Function` (or a plain callable `(target, options, context) -> issues`, which then takes any options).
- A ruleset's `functions:` names a file. The file is run, so only when the user allowed it (see `load_file`).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from idemlint.check.function import Function

ENTRY_POINT_GROUP = "idemlint.functions"

_MODULES = {
    "alphabetical": "alphabetical",
    "casing": "casing",
    "defined": "defined",
    "enumeration": "enumeration",
    "falsy": "falsy",
    "length": "length",
    "or": "or_",
    "pattern": "pattern",
    "schema": "schema",
    "truthy": "truthy",
    "typedEnum": "typed_enum",
    "undefined": "undefined",
    "unreferencedReusableObject": "unreferenced_reusable_object",
    "xor": "xor",
    "idempotencyConflictResponse": "idempotency_conflict_response",
    "idempotencyConflictSchema": "idempotency_conflict_schema",
    "idempotencyExemption": "idempotency_exemption",
    "idempotencyKeyRequired": "idempotency_key_required",
    "idempotencyKeyUuid": "idempotency_key_uuid",
    "openapiValid": "openapi_valid",
}
_found: dict[str, Function | None] = {}


def names() -> list[str]:
    """The functions that come with idemlint, sorted; enough for a "did you mean"."""
    return sorted(_MODULES)


def lookup(name: str) -> Function | None:
    """The function of that name, or None.

    Raises `RulesetError` when an installed package promises it and cannot deliver.
    """
    if name in _found:
        return _found[name]
    module = _MODULES.get(name)
    # not `importlib`, whose own import takes longer than that of all but the largest of our modules
    function: Function | None = (
        __import__(f"{__name__}.{module}", fromlist=["FUNCTION"]).FUNCTION if module else _installed(name)
    )
    _found[name] = function
    return function


def _installed(name: str) -> Function | None:
    from importlib.metadata import entry_points

    for entry in entry_points(group=ENTRY_POINT_GROUP, name=name):
        try:
            found = entry.load()
        except (Exception, SystemExit) as error:  # what a stranger's module raises is not ours to know
            raise _broken(f"function {name!r} of the entry point {entry.value!r}", error) from error
        return _as_function(name, found, f"the entry point {entry.value!r}")
    return None


def load_file(path: str) -> dict[str, Function]:
    """Run a Python file and take the functions it defines. Only for files that the user allowed to run.

    The file has, and the first of these counts: `FUNCTIONS`, a mapping from names to functions; `FUNCTION`, a
    `Function`; or a function with the file's own name (`require_tag` in `require_tag.py`). Each is a
    `idemlint.check.function.Function` or a callable `(target, options, context) -> iterable of Issue`, which then takes
    any options. Raises `RulesetError`.
    """
    import os.path
    from importlib.util import module_from_spec, spec_from_file_location

    stem = os.path.splitext(os.path.basename(path))[0]
    spec = spec_from_file_location(f"idemlint_custom_{stem}", path)
    if spec is None or spec.loader is None:
        raise _broken(f"functions file {path}", "it is no Python file", path)
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # what a stranger's file raises is not ours to know
        raise _broken(f"functions file {path}", error, path) from error
    if isinstance(table := getattr(module, "FUNCTIONS", None), dict):
        return {str(name): _as_function(str(name), found, path) for name, found in table.items()}
    for attribute in ("FUNCTION", stem):
        if (found := getattr(module, attribute, None)) is not None:
            function = _as_function(stem, found, path)
            return {function.name: function}
    raise _broken(f"functions file {path}", f"it defines neither FUNCTIONS nor FUNCTION nor {stem}()", path)


def _as_function(name: str, found: Any, where: str) -> Function:
    from idemlint.check.function import Function

    if isinstance(found, Function):
        return found
    if callable(found):
        return Function(name, found, {})
    raise _broken(f"function {name!r} of {where}", f"it is {type(found).__name__}, not a Function or a callable")


def _broken(what: str, why: object, source: str = "") -> Exception:
    from idemlint.errors import RulesetError

    reason = f"{type(why).__name__}: {why}" if isinstance(why, BaseException) else str(why)
    return RulesetError(f"{what} cannot be used: {reason}", source=source)
