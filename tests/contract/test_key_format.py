from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idemlint.contract.contract import DEFAULT, Contract
from idemlint.contract.key_format import Ask, Judgement, accepted_versions, allows, is_ulid, judge
from idemlint.contract.key_samples import CANDIDATES, families, uuids
from idemlint.contract.schema_samples import SchemaSamples, is_uuid

if TYPE_CHECKING:
    from collections.abc import Iterator

HEX = "[0-9a-f]"
V1_TO_5 = f"^{HEX}{{8}}-{HEX}{{4}}-[1-5]{HEX}{{3}}-[89ab]{HEX}{{3}}-{HEX}{{12}}$"
V7 = f"^{HEX}{{8}}-{HEX}{{4}}-7{HEX}{{3}}-[89ab]{HEX}{{3}}-{HEX}{{12}}$"
ULID = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"


@pytest.mark.parametrize(
    "schema",
    [
        {"format": "uuid"},
        {"pattern": V1_TO_5},
        {"pattern": V7},
        {"pattern": V1_TO_5.upper().replace("[89AB]", "[89AB]")},
        {"pattern": f"^{HEX}{{8}}(?:-{HEX}{{4}}){{3}}-{HEX}{{12}}$"},
        {"pattern": f"{HEX}{{8}}(?:-{HEX}{{4}}){{3}}-{HEX}{{12}}", "minLength": 36, "maxLength": 36},
        {"allOf": [{"type": "string"}, {"anyOf": [{"format": "uuid"}, {"type": "null"}]}]},
        {"type": ["string", "null"], "format": "uuid"},
        {"if": {"maxLength": 36}, "then": {"format": "uuid"}, "else": False},
        {"not": {"not": {"format": "uuid"}}},
        {"type": "string", "format": "uuid", "maxLength": 10},
    ],
)
def test_demands_a_uuid(schema: Any) -> None:
    judgement = judge(schema, DEFAULT)
    assert judgement.demands
    assert judgement.accepted == ()


@pytest.mark.parametrize(
    ("schema", "accepted"),
    [
        ({"type": "string"}, ("", "retry-1")),
        (True, ("", "retry-1")),
        ({"pattern": "^$|^[a-zA-Z0-9-]+$"}, ("", "retry-1")),
        ({"type": "string", "minLength": 1}, ("retry-1", "1")),
        ({"format": "UUID"}, ("", "retry-1")),
        ({"pattern": f"^({V1_TO_5[1:-1]})?$"}, ("",)),
        ({"const": "order-7"}, ("order-7",)),
        ({"enum": ["order-7", "order-8", "order-9"]}, ("order-7", "order-8")),
        ({"oneOf": [{"format": "uuid"}, {"const": "order-7"}]}, ("order-7",)),
    ],
)
def test_accepts_more_than_uuids_and_names_two(schema: Any, accepted: tuple[str, ...]) -> None:
    judgement = judge(schema, DEFAULT)
    assert not judgement.demands
    assert judgement.accepted == accepted


@pytest.mark.parametrize(
    "schema", [False, {"type": "integer"}, {"type": "array"}, {"pattern": "/^[0-9a-f-]+$/i"}, {"const": uuids(4)[0]}]
)
def test_accepts_no_uuids(schema: Any) -> None:
    judgement = judge(schema, DEFAULT)
    assert not judgement.demands
    assert not judgement.usable
    assert judgement.accepted == ()


def test_a_pattern_without_ends_is_told_by_what_it_lets_through() -> None:
    judgement = judge({"pattern": V1_TO_5[1:-1]}, DEFAULT)
    assert not judgement.demands
    assert all(uuids(4)[0] in text for text in judgement.accepted)


def test_versions() -> None:
    assert accepted_versions({"pattern": V1_TO_5}) == {1, 2, 3, 4, 5}
    assert accepted_versions({"pattern": V7.upper()}) == {7}
    assert accepted_versions({"format": "uuid"}) == set(range(1, 9))
    assert accepted_versions({"type": "integer"}) == set()


@pytest.mark.parametrize(
    ("key_format", "good", "bad"),
    [
        ("uuid4", {"pattern": V7.replace("-7", "-4")}, {"format": "uuid"}),
        ("uuid7", {"pattern": V7}, {"pattern": V1_TO_5}),
        ("ulid", {"pattern": ULID}, {"format": "uuid"}),
        ("any", {}, None),
    ],
)
def test_other_formats(key_format: str, good: Any, bad: Any) -> None:
    contract = DEFAULT._replace(key_format=key_format)
    assert judge(good, contract).demands
    if bad is not None:
        assert not judge(bad, contract).demands


def test_a_pattern_of_the_contract_and_lengths() -> None:
    contract = Contract.from_settings({"pattern": "^[A-Za-z0-9]{16,64}$"})
    assert judge({"pattern": "^[a-z0-9]{20,40}$"}, contract).demands
    assert judge({"pattern": contract.pattern}, contract).demands
    assert not judge({"type": "string"}, contract).demands
    limited = Contract.from_settings({"key-format": "any", "max-length": 255})
    assert judge({"maxLength": 255}, limited).demands
    assert not judge({"maxLength": 256}, limited).demands
    assert not judge({}, limited).demands


def follow(definitions: dict[str, Any]) -> Any:
    def step(document: Any, value: Any) -> tuple[Any, Any]:
        target = definitions.get(value["$ref"])
        return (document, value) if target is None else (document, target)

    return step


def test_references() -> None:
    ask = Ask(follow=follow({"key": {"format": "uuid"}, "text": {"type": "string"}}))
    assert judge({"$ref": "key"}, DEFAULT, ask).demands
    assert not judge({"$ref": "text"}, DEFAULT, ask).demands
    assert judge({"$ref": "nowhere"}, DEFAULT, ask).demands, "what cannot be read is not held against the document"
    assert judge({"$ref": "text", "format": "uuid"}, DEFAULT, ask).demands
    assert not judge({"$ref": "text", "format": "uuid"}, DEFAULT, ask._replace(siblings=False)).demands


def test_circles_end() -> None:
    loop: dict[str, Any] = {"type": "string"}
    loop["allOf"] = [loop, {"$ref": "loop"}]
    assert not judge(loop, DEFAULT, Ask(follow=follow({"loop": loop}))).demands


def test_many_shared_branches_do_not_multiply() -> None:
    schema: dict[str, Any] = {"format": "uuid", "type": "string"}
    for _ in range(50):
        schema = {"allOf": [schema, schema]}
    assert judge(schema, DEFAULT).demands


def test_a_costly_pattern_ends() -> None:
    judge({"pattern": "^(([a-z0-9-])+.)+[A-Z]([a-z0-9-])+$"}, DEFAULT)
    judge({"pattern": "^(a+)+$"}, Contract.from_settings({"key-format": "any", "max-length": 5_000}))


def test_an_invalid_pattern_demands_nothing() -> None:
    assert judge({"pattern": "("}, DEFAULT).accepted == ("", "retry-1")


@given(st.uuids(), st.booleans())
def test_is_uuid_takes_what_python_writes(value: uuid.UUID, upper: bool) -> None:
    assert is_uuid(str(value).upper() if upper else str(value))


@given(st.text(alphabet="0123456789abcdefABCDEF-{}g \n", max_size=40))
def test_is_uuid_is_the_pattern(text: str) -> None:
    import re

    shape = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    assert is_uuid(text) == bool(re.fullmatch(shape, text))


def test_samples_are_what_they_say() -> None:
    for version in range(1, 9):
        assert all(uuid.UUID(text).version == version for text in uuids(version))
        assert all(uuid.UUID(text).variant == uuid.RFC_4122 for text in uuids(version))
    assert all(is_ulid(text) for family in families("ulid") for text in family)
    for key_format in ("uuid", "uuid4", "uuid7", "ulid"):
        contract = DEFAULT._replace(key_format=key_format)
        assert all(allows(contract, text) for family in families(key_format) for text in family)
        assert any(not allows(contract, text) for text in CANDIDATES)


SCHEMAS = st.recursive(
    st.one_of(
        st.booleans(),
        st.none(),
        st.integers(),
        st.fixed_dictionaries(
            {},
            optional={
                "type": st.one_of(
                    st.sampled_from(["string", "null", "integer"]), st.lists(st.text(max_size=6)), st.none()
                ),
                "format": st.one_of(st.sampled_from(["uuid", "UUID", "date"]), st.integers()),
                "pattern": st.one_of(st.sampled_from([V1_TO_5, ULID, "^a*$", "("]), st.none(), st.text(max_size=8)),
                "minLength": st.one_of(st.integers(-1, 40), st.text(max_size=2), st.none()),
                "maxLength": st.one_of(st.integers(-1, 40), st.floats(), st.booleans()),
                "enum": st.one_of(st.lists(st.one_of(st.text(max_size=3), st.none())), st.integers()),
                "const": st.one_of(st.text(max_size=3), st.none()),
            },
        ),
    ),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "allOf": st.one_of(st.lists(inner, max_size=3), st.none()),
            "anyOf": st.lists(inner, max_size=3),
            "oneOf": st.lists(inner, max_size=3),
            "not": inner,
            "if": inner,
            "then": inner,
            "else": inner,
            "$ref": st.one_of(st.sampled_from(["loop", "nowhere"]), st.integers()),
        },
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(SCHEMAS)
def test_any_schema_gets_a_consistent_judgement(schema: Any) -> None:
    ask = Ask(follow=follow({"loop": schema}))
    judgement = judge(schema, DEFAULT, ask)
    assert not (judgement.demands and judgement.accepted)
    samples = SchemaSamples(schema, {"uuid": is_uuid}, follow=ask.follow)
    for text in judgement.accepted:
        assert samples.admits(text)
        assert not allows(DEFAULT, text)


@settings(max_examples=60, deadline=None)
@given(SCHEMAS)
def test_beside_format_uuid_nothing_else_gets_in(schema: Any) -> None:
    judgement = judge({"allOf": [schema, {"format": "uuid"}]}, DEFAULT, Ask(follow=follow({"loop": True})))
    assert judgement.accepted == ()
    assert judgement.demands or not judgement.usable, "a type that is no string leaves nothing"


GROUPS = (f"{HEX}{{8}}", f"{HEX}{{4}}", f"{HEX}{{4}}", f"{HEX}{{4}}", f"{HEX}{{12}}")
PLAIN = "-".join(GROUPS)


def loosened() -> Iterator[str]:
    """Patterns that look as if they demanded a UUID."""
    for place, group in enumerate(GROUPS):
        for digits in ("[0-9a-z]", "[a-zA-Z0-9]", r"\w", "[0-9a-fA-Fg]", "[0-9a-f_]", ".", "[^-]"):
            yield "-".join((*GROUPS[:place], digits + group.removeprefix(HEX), *GROUPS[place + 1 :]))
        yield "-".join((*GROUPS[:place], f"{HEX}+", *GROUPS[place + 1 :]))
        for dash in ("-?", ".") if place else ():
            yield "-".join(GROUPS[:place]) + dash + "-".join(GROUPS[place:])
    for other in ("none", "[0-9a-f]{64}", "[0-9A-F]{32}", "[A-Za-z0-9_-]{22}", "key_[A-Za-z0-9]{10}"):
        yield f"({PLAIN}|{other})"
    for before in ("idem_", "[a-z]+_", r"\s*"):
        yield f"({before})?{PLAIN}"
    for behind in ("-[0-9]+", "@.+", r"\.json"):
        yield f"{PLAIN}({behind})?"


@pytest.mark.parametrize("pattern", list(loosened()))
def test_a_pattern_that_is_loose_in_one_place_is_seen_by_a_string_that_it_matches(pattern: str) -> None:
    judgement = judge({"type": "string", "pattern": f"^{pattern}$"}, DEFAULT)
    assert not judgement.demands
    assert all(re.search(f"^{pattern}$", text) and not allows(DEFAULT, text) for text in judgement.accepted)
    assert judge({"type": "string", "pattern": f"^{pattern}$"}, DEFAULT) == judgement


@pytest.mark.parametrize(
    "pattern",
    [
        PLAIN,
        "[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}",
        "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89ABab][0-9a-fA-F]{3}-[0-9a-fA-F]{12}",
        "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89AB][0-9a-f]{3}-[0-9a-f]{12}",
        "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}",
        "0190[0-9a-f]{4}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
        f'({PLAIN}|"{PLAIN}")',
    ],
)
def test_a_pattern_that_admits_just_uuids_passes_though_it_refuses_some(pattern: str) -> None:
    assert judge({"type": "string", "pattern": f"^{pattern}$"}, DEFAULT) == Judgement(demands=True)


@pytest.mark.parametrize("pattern", ["(?i)^[0-9a-f]{8}$", "(?P<u>[0-9a-f]{8})", "[0-9a-f", "*"])
def test_what_is_no_expression_of_ecma_262_demands_nothing_and_is_named(pattern: str) -> None:
    judgement = judge({"type": "string", "pattern": pattern}, DEFAULT)
    assert (judgement.demands, judgement.broken) == (False, pattern)
