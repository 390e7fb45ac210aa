"""The list of faults itself, and how it is asked for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idemlint.errors import UsageError
from idemlint.mock.carriers import Carriers
from idemlint.mock.faults import FAULTS, Parts, apply_faults, parse_faults
from idemlint.mock.handling import Handling
from idemlint.mock.stores.memory import MemoryStore

NAMES = {
    "toctou",
    "overwrite-reservation",
    "race-503",
    "409-before-422",
    "orphan-lock",
    "wrong-unlock-key",
    "no-release-on-error",
    "release-after-effect",
    "lock-ttl",
    "foreign-unlock",
    "no-reread",
    "sweep-race",
    "store-5xx",
    "store-4xx",
    "scope-none",
    "scope-constant",
    "scope-no-endpoint",
    "scope-route-template",
    "delimiter",
    "replay-before-auth",
    "no-fingerprint",
    "raw-order-fingerprint",
    "fingerprint-lost",
    "ignored-key",
    "double-header",
    "empty-key-shared",
    "abort-cancels-store",
    "status-flatten",
    "drop-headers",
    "replay-cookies",
    "split-headers",
    "big-not-stored",
    "stream-as-empty",
    "length-mismatch",
    "encoding-verbatim",
    "per-instance",
    "cors-missing",
    "error-content-type",
    "header-case",
    "unbounded-key",
    "fail-open",
    "sf-token-accident",
    "lookup-before-parse-ignored",
}
GUARDS = ["422-business", "static", "upsert", "eventual", "flaky-429"]
CHECKS = {
    f"{group}-{number:02}"
    for group, last in {
        "CTL": 5,
        "KEY": 15,
        "RPL": 14,
        "ERR": 7,
        "FPR": 12,
        "SCP": 8,
        "CON": 10,
        "FLT": 8,
        "EXP": 3,
        "FMT": 7,
        "CRS": 3,
        "MTH": 3,
        "ALT": 4,
    }.items()
    for number in range(1, last + 1)
}
SOURCE = re.compile(
    r"[\w.-]+/[\w.-]+#\d+|sns45/anyonce|RFC 9651, sections? [\d., and]+|status\.dwolla\.com/incidents/\w+"
)
DETAILS = "".join(
    Path(__file__).with_name(name).read_text(encoding="utf-8")
    for name in ("test_faults_in_detail.py", "test_faults_served.py")
)


def test_all_are_there() -> None:
    assert {name for name, fault in FAULTS.items() if not fault.guard} == NAMES
    assert [name for name, fault in FAULTS.items() if fault.guard] == GUARDS
    assert len(FAULTS) == 48


@pytest.mark.parametrize("name", FAULTS)
def test_each_has_what_a_reader_needs(name: str) -> None:
    fault = FAULTS[name]
    assert fault.name == name
    assert fault.pieces
    assert 20 < len(fault.summary) <= 128
    assert not fault.summary.endswith(".")
    assert fault.caught_by
    assert set(fault.caught_by) <= CHECKS
    assert fault.sources or fault.guard
    for source in fault.sources:
        assert SOURCE.fullmatch(source), source
    assert f'"{name}' in DETAILS, "no test looks at what it answers"


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.argument])
def test_each_argument_is_taken_by_a_piece(name: str) -> None:
    fault = FAULTS[name]
    argument = fault.argument
    assert argument is not None
    holders = [piece for piece in fault.pieces if hasattr(piece, argument.attribute)]
    assert [getattr(piece, argument.attribute) for piece in holders] == [argument.default]
    assert argument.least <= argument.default <= argument.most
    assert str(argument) == f"{argument.meaning} ({argument.unit}; {argument.default:g} if not given)"


def test_without_faults_the_parts_are_the_clean_ones() -> None:
    store = MemoryStore()
    assert apply_faults(Parts(), []) == Parts()
    assert Parts().wrap(store) is store


def test_a_part_is_touched_only_by_its_own_faults() -> None:
    parts = apply_faults(Parts(), parse_faults(["double-header", "eventual=5"]))
    assert parts.handling is Handling
    assert issubclass(parts.carriers, Carriers)
    assert parts.carriers is not Carriers
    assert parts.wrap(MemoryStore()).lag == 5.0
    assert parts.answers is Parts().answers
    assert parts.connection == ()


def test_the_first_fault_is_foremost() -> None:
    parts = apply_faults(Parts(), parse_faults(["scope-none", "toctou=1"]))
    names = [piece.__name__ for piece in parts.handling.__mro__]
    assert names.index("ScopeNone") < names.index("Toctou") < names.index("Handling", 1)


def test_arguments_do_not_stick_to_the_fault() -> None:
    apply_faults(Parts(), parse_faults(["toctou=5"]))
    clean = apply_faults(Parts(), parse_faults(["toctou"])).handling
    assert clean.window == 20.0


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ("toctu", "no fault is called 'toctu'", "did you mean 'toctou'?"),
        ("TOCTOU", "no fault is called 'TOCTOU'", "did you mean 'toctou'?"),
        ("", "no fault is called ''", "idemlint mock --list-faults names them all"),
        ("=5", "no fault is called ''", "idemlint mock --list-faults names them all"),
        ("scope-none=5", "the fault scope-none takes no argument", "--fault scope-none"),
        (
            "toctou=soon",
            "'soon' is no argument of the fault toctou: from 0 to 1e+09",
            "toctou=NUMBER: time between looking a key up and reserving it (ms; 20 if not given)",
        ),
        (
            "flaky-429=2",
            "'2' is no argument of the fault flaky-429: from 0 to 1",
            "flaky-429=NUMBER: the share of requests that is refused (p; 0.2 if not given)",
        ),
        ("toctou=nan", "'nan' is no argument of the fault toctou: from 0 to 1e+09", None),
        ("toctou=", "'' is no argument of the fault toctou: from 0 to 1e+09", None),
        ("lock-ttl=-1", "'-1' is no argument of the fault lock-ttl: from 0.001 to 1e+09", None),
    ],
)
def test_what_cannot_be_had_is_said(given: str, message: str, hint: str | None) -> None:
    with pytest.raises(UsageError) as error:
        parse_faults(["static", given])
    assert error.value.message == message
    assert error.value.hint == hint or hint is None


@given(st.text())
def test_any_text_is_a_fault_or_a_usage_error(text: str) -> None:
    try:
        parse_faults([text])
    except UsageError as error:
        assert len(error.message) < 400
        assert error.hint
    else:
        assert text.partition("=")[0] in FAULTS
