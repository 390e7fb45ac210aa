"""How the keywords of one schema work together: groups by type of instance, and when to stop."""

from __future__ import annotations

from idemlint.check.json_schema.drafts import keyword_module
from idemlint.check.json_schema.errors import BrokenSchemaError
from idemlint.check.json_schema.place import Mode
from idemlint.check.json_schema.values import TYPE_TESTS, type_test

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from idemlint.check.json_schema.errors import Evaluated, Failures, Trail
    from idemlint.check.json_schema.place import Answer, Check, Place
    from idemlint.check.json_schema.values import TypeTest

Groups: TypeAlias = "list[tuple[TypeTest | None, list[Check], bool]]"
"""Type test (None: for all instances), checks, and whether to report the type when the test fails."""


def combine(place: Place) -> Check:
    schema = place.schema
    types = schema_types(schema)
    groups: Groups = []
    own_test = False
    for kind, keywords in place.compiler.dialect.groups:
        used = [keyword for keyword in keywords if keyword in schema]
        if not used:
            continue
        checks = [check for keyword in used if (check := keyword_check(place, keyword, kind)) is not None]
        reports_type = bool(kind) and types == [kind]
        own_test = own_test or reports_type
        if checks or reports_type:
            groups.append((TYPE_TESTS[kind] if kind else None, checks, reports_type))
    fail_type = place.fail("type")
    message = "must be " + ",".join(types if isinstance(schema.get("type"), list) else types[:1])
    params = {"type": types if isinstance(schema.get("type"), list) else schema.get("type")}
    has_type = type_test(types) if types and not own_test else None

    def report_type(trail: Trail, failures: Failures) -> bool:
        return fail_type(trail, failures, message, params)

    if place.mode is Mode.ALL:
        return _check_all(has_type, groups, report_type)
    return _check_first(has_type, groups, report_type, branch=place.mode is Mode.BRANCH)


def _check_all(
    has_type: TypeTest | None,
    groups: Groups,
    report_type: Callable[[Trail, Failures], bool],
) -> Check:
    def check_all(instance: Any, trail: Trail, failures: Failures, evaluated: Evaluated | None) -> bool:
        before = len(failures)
        if has_type is not None and not has_type(instance):
            report_type(trail, failures)
        for test, checks, reports_type in groups:
            if test is None or test(instance):
                for check in checks:
                    check(instance, trail, failures, evaluated)
            elif reports_type:
                report_type(trail, failures)
        return len(failures) == before

    return check_all


def _check_first(
    has_type: TypeTest | None,
    groups: Groups,
    report_type: Callable[[Trail, Failures], bool],
    *,
    branch: bool,
) -> Check:
    check_groups = _check_groups(groups, report_type)
    if has_type is None:
        return check_groups
    # In a branch ajv still runs the keywords without a type before it looks whether there was a type error.
    untyped = groups[0][1] if branch and groups and groups[0][0] is None else []

    def check_first(instance: Any, trail: Trail, failures: Failures, evaluated: Evaluated | None) -> Answer:
        if has_type(instance):
            return check_groups(instance, trail, failures, evaluated)
        report_type(trail, failures)
        for check in untyped:
            if check(instance, trail, failures, evaluated) is not True:
                break
        return False

    return check_first


def _check_groups(groups: Groups, report_type: Callable[[Trail, Failures], bool]) -> Check:
    def check_groups(instance: Any, trail: Trail, failures: Failures, evaluated: Evaluated | None) -> bool:
        for test, checks, reports_type in groups:
            if test is None or test(instance):
                failed = False
                for check in checks:
                    answer = check(instance, trail, failures, evaluated)
                    if answer is not True:
                        if answer is None:
                            break
                        if answer is False:
                            return False
                        failed = True
                if failed:
                    return False
            elif reports_type:
                return report_type(trail, failures)
        return True

    return check_groups


def keyword_check(place: Place, keyword: str, kind: str) -> Check | None:
    """The keyword's check; None when it has nothing to say here."""
    module = keyword_module(keyword)
    if module is None:
        return None
    place.keyword = keyword
    place.value = place.schema[keyword]
    # not `importlib`, whose own import takes longer than that of all but the largest of our modules
    build = __import__(f"idemlint.check.json_schema.{module}", fromlist=["KEYWORDS"]).KEYWORDS[keyword]
    check: Check | None = build(place, place.value, kind)
    return check


def schema_types(schema: dict[str, Any]) -> list[str]:
    """The types that `type` and OpenAPI's `nullable` allow; empty for all."""
    declared = schema.get("type")
    types = list(declared) if isinstance(declared, list) else [declared] if declared else []
    for name in types:
        if not isinstance(name, str) or name not in TYPE_TESTS:
            raise BrokenSchemaError("type must be JSONType or JSONType[]: " + ",".join([str(each) for each in types]))
    nullable = schema.get("nullable")
    if "null" in types:
        if nullable is False:
            raise BrokenSchemaError("type: null contradicts nullable: false")
    elif "nullable" in schema:
        if not types:
            raise BrokenSchemaError('"nullable" cannot be used without "type"')
        if nullable is True:
            types.append("null")
    return types
