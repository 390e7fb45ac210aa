"""From a tree of jsonschema errors to the causes that a person can mend.

Below `oneOf` and `anyOf` each alternative has errors of its own. The one that the author meant is told by what they
wrote: an alternative for references is not meant where no `$ref` stands, one for another `in` or `type` is not meant,
and among the rest the one with the fewest errors close by is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from idemlint.check.structure.members import Members, members_of
from idemlint.check.structure.sentences import code, either, names, said_of, subject
from idemlint.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema.exceptions import ValidationError

    from idemlint.findings import Path

_DISCRIMINATORS: Final = ("in", "type", "flow")
_ALTERNATIVES: Final = ("oneOf", "anyOf")


class Cause(NamedTuple):
    """One thing to mend."""

    path: Path
    message: str
    on_key: bool = False
    help: str = ""
    weak: bool = False
    """Perhaps just what follows from another error at or below the mapping that holds this member."""


class Explainer:
    """Explains errors of one meta-schema."""

    def __init__(self, meta_schema: dict[str, Any]) -> None:
        self._meta_schema = meta_schema

    def __call__(self, error: ValidationError) -> Iterator[Cause]:
        """The causes of an error, the alternatives below it weighed."""
        path: Path = tuple(error.absolute_path)
        if error.validator in _ALTERNATIVES:
            yield from self._alternatives(error, path)
        elif error.validator in ("additionalProperties", "unevaluatedProperties"):
            yield from self._members(error, path)
        elif _follows_from_another(error):
            return
        elif error.validator == "required":
            yield Cause(path, f"{subject(path)} lacks {names(_missing(error))}", on_key=True)
        else:
            message, mend = said_of(error, path)
            yield Cause(path, message, help=mend)

    def _alternatives(self, error: ValidationError, path: Path) -> Iterator[Cause]:
        branches = _branches(error)
        if not branches:
            yield Cause(path, f"{subject(path)} fits more than one of the shapes that are allowed here", on_key=True)
            return
        if lacking := _lacking(branches):
            yield Cause(path, f"{subject(path)} lacks {either(lacking)}", on_key=True)
            return
        if (allowed := _allowed_values(branches)) is not None:
            place, values, given = allowed
            from idemlint.check.structure.sentences import one_of

            message, mend = one_of(place, given, values)
            yield Cause(place, message, help=mend)
            return
        for each in min(branches, key=_distance):
            yield from self(each)

    def _members(self, error: ValidationError, path: Path) -> Iterator[Cause]:
        """A mapping's members that its kind does not have, each on its own."""
        known = members_of(error.schema, self._meta_schema)
        present: Any = error.instance
        strangers = [name for name in present if not known.have(name)]
        for name in strangers:
            yield Cause((*path, name), self._stranger(path, name, known), on_key=True, help=_nearest(name, known))
        if strangers or error.validator == "additionalProperties":
            return
        for name in present:
            if repr(name) in error.message:
                message = f"{subject(path)} does not take {code(name)} together with its other members"
                yield Cause((*path, name), message, on_key=True, weak=True)

    def _stranger(self, path: Path, name: str, known: Members) -> str:
        if name == "$ref":
            return f"{subject(path)} cannot be a `$ref`: OpenAPI allows none here"
        if path == ("paths",):
            return f"the path {code(name)} does not begin with a slash"
        if path[-1:] == ("responses",) and not known.names - {"default"}:
            return f"{code(name)} is no status code"
        return f"{subject(path)} has no member {code(name)}"


def _follows_from_another(error: ValidationError) -> bool:
    """Whether the error is no cause.

    A `$ref` where none may stand has no other members, text has none at all, and a number where text is wanted need not
    be told which texts.
    """
    schema: Any = error.schema
    if error.validator == "enum":
        return schema.get("type") == "string" and not isinstance(error.instance, str)
    if error.validator == "required":
        return isinstance(error.instance, dict) and isinstance(error.instance.get("$ref"), str)
    return error.validator == "not" and not isinstance(error.instance, dict)


def _nearest(name: str, known: Members) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name[:100], sorted(known.names), 1)
    return f"did you mean {code(close[0])}?" if close else ""


def _branches(error: ValidationError) -> list[list[ValidationError]]:
    """The errors of each alternative; those for references just where a `$ref` stands."""
    grouped: dict[object, list[ValidationError]] = {}
    for each in error.context or ():
        grouped.setdefault(each.relative_schema_path[0], []).append(each)
    branches = list(grouped.values())
    if not isinstance(error.instance, dict) or "$ref" not in error.instance:
        branches = [branch for branch in branches if not any(_wants_reference(each) for each in branch)] or branches
    return branches


def _wants_reference(error: ValidationError) -> bool:
    return error.validator == "required" and error.validator_value == ["$ref"] and not error.relative_path


def _missing(error: ValidationError) -> list[str]:
    """All that a `required` asks for in vain; jsonschema makes an error of each."""
    wanted: Any = error.validator_value
    present: Any = error.instance
    return [name for name in wanted if name not in present]


def _lacking(branches: list[list[ValidationError]]) -> list[str]:
    """The members of which one has to be there, when that is all that any alternative says."""
    lacking: dict[str, None] = {}
    if len(branches) > 1:
        for branch in branches:
            if any(each.validator != "required" or each.relative_path for each in branch):
                return []
            lacking.update(dict.fromkeys(name for each in branch for name in _missing(each)))
    return list(lacking)


def _allowed_values(branches: list[list[ValidationError]]) -> tuple[Path, list[Any], Any] | None:
    """Where each alternative wants another value of the same discriminator: its place, the values, what is there."""
    places: dict[Path, None] = {}
    values: dict[str, Any] = {}
    given: Any = None
    for branch in branches:
        found = [leaf for each in branch for leaf in _discriminating(each)]
        if not found:
            return None
        for leaf in found:
            places[tuple(leaf.absolute_path)] = None
            given = leaf.instance
            wanted: Any = leaf.validator_value
            values.update((repr(value), value) for value in (wanted if leaf.validator == "enum" else [wanted]))
    return (next(iter(places)), list(values.values()), given) if len(places) == 1 and len(branches) > 1 else None


def _discriminating(error: ValidationError) -> list[ValidationError]:
    """Errors that say: this alternative is for another `in` or `type`."""
    if error.validator in ("enum", "const"):
        path = error.relative_path
        return [error] if len(path) == 1 and path[0] in _DISCRIMINATORS else []
    if error.validator in _ALTERNATIVES and not error.relative_path:
        branches = [[leaf for each in branch for leaf in _discriminating(each)] for branch in _branches(error)]
        return [leaf for branch in branches for leaf in branch] if branches and all(branches) else []
    return []


def _distance(branch: list[ValidationError]) -> tuple[int, int, int, int]:
    """How far what was written is from an alternative."""
    foreign = sum(1 for each in branch if _discriminating(each))
    wrong_kind = sum(1 for each in branch if each.validator == "type" and not each.relative_path)
    close_by = sum(1 for each in branch if not each.relative_path)
    return foreign, wrong_kind, close_by, len(branch)
