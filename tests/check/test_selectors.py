"""What a selector finds, in what it cannot be fooled, and what it says of an expression that is none."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idemlint.check.selectors import Match, Selector, SelectorError, compile_selector
from idemlint.openapi.document import Document, parse, read
from idemlint.openapi.references import References

if TYPE_CHECKING:
    from pathlib import Path


def _references(data: Any) -> References:
    return References(parse(json.dumps(data), "<test>"))


def _built(data: Any) -> References:
    """For data that no file of reasonable size holds."""
    document: Document = parse("{}", "<test>")
    document.data = data
    return References(document)


def _paths(expression: str, data: Any, *, resolved: bool = True) -> list[str]:
    return [
        "/".join(map(str, match.path)) for match in compile_selector(expression).select(_references(data), resolved)
    ]


def test_match_names_path_value_and_document() -> None:
    references = _references({"paths": {"/a": {"post": {"x": 1}}}})
    assert list(compile_selector("$.paths[*][post,patch]").select(references)) == [
        Match(("paths", "/a", "post"), {"x": 1}, references.root)
    ]


def test_compiling_is_remembered() -> None:
    assert compile_selector("$.paths[*]") is compile_selector("$.paths[*]")
    assert isinstance(compile_selector("$"), Selector)


@pytest.mark.parametrize(
    ("expression", "message", "offset"),
    [
        ("", "begins with `$`", 0),
        ("paths", "begins with `$`", 0),
        ("#Alias", "begins with `$`", 0),
        ("$.paths.", "ends in a dot", 7),
        ("$paths", "cannot stand here", 1),
        ("$.paths[", "never closed", 7),
        ("$.paths[get,", "never closed", 7),
        ("$.paths['get]", "never closed with '", 8),
        ("$.paths.'get", "never closed with '", 8),
        ("$.paths[]", "missing between the brackets", 8),
        ("$.paths[get put]", "commas between names", 8),
        ("$.paths[get,,put]", "missing between the brackets", 12),
        ("$.paths[?@.get]", "written [?(…)]", 8),
        ("$.paths[?(@.get]", "never closed", 9),
        ("$.paths[?()]", "hold no expression", 10),
        ("$.paths[?(@.get)", "never closed", 7),
        ("$.paths[?(@.get) x]", "followed by `]`", 15),
        ("$.tags[1:2:3:4]", "no slice", 7),
        ("$.tags[::0]", "cannot step by 0", 7),
        ("$.a b", "cannot stand in a bare name", 3),
        ("$.paths[*]~.x", "comes last", 11),
        ("$.paths@text()", "`@text()` is not known", 7),
        ("$[?(@.in = 'query')]", "compare with `===`", 9),
        ("$[?(@.in == query)]", "`query` is not defined: quote a text", 12),
        ("$[?(@.x-flag == true)]", "member with a dash", 7),
        ("$[?(@.name =~ /a/)]", ".match(/…/)", 11),
        ("$[?(@.a & @.b)]", "write `&&`", 8),
        ("$[?(@.a | @.b)]", "write `||`", 8),
        ("$[?(@.a @.b)]", "an operator is missing", 8),
        ("$[?(@.a &&)]", "a value is missing before `)`", 10),
        ("$[?(@.)]", "member name is missing", 5),
        ("$[?(@name == 'a')]", "`@name` is not known", 4),
        ("$[?(@.list.some(x => x))]", "functions cannot be written", 18),
        ("$[?(@.list.reverse())]", "a filter cannot call `reverse`; what it can call is", 11),
        ("$[?(@.name.replace(/a/, ''))]", "takes a text", 11),
        ("$[?(@.name.match(/(/))]", "regular expression cannot be read", 17),
        ("$[?(@.name.match(/a/q))]", "regular expression cannot be read", 17),
        ("$[?(@.name == 'a)]", "never closed with '", 14),
        ("$[?(1x == @)]", "is no number", 4),
        ("$[?((@.a)(@.b))]", "only methods can be called", 9),
        ("$[?(alert(1))]", "`alert` is not defined", 4),
        ("$[?(" + "(" * 60 + "@" + ")" * 60 + ")]", "nested too deeply", None),
        ("$[?(" + "!" * 60 + "@)]", "nested too deeply", None),
        ("$[?(" + "+".join("1" for _ in range(600)) + ")]", "too long", None),
        ("$[?(" + "@" + ".a" * 600 + ")]", "too long", None),
        ("$[?(" + "@ " * 3000 + ")]", "too long", None),
    ],
)
def test_errors_say_what_and_where(expression: str, message: str, offset: int | None) -> None:
    with pytest.raises(SelectorError) as caught:
        compile_selector(expression)
    assert message in caught.value.message
    if offset is not None:
        assert caught.value.offset == offset


# What is written counts, where Spectral's engines select less, silently.
@pytest.mark.parametrize(
    ("expression", "selected"),
    [
        ("$.paths[*][get, put]", ["paths//a/get", "paths//a/put"]),
        ("$.paths[*][ 'get' , \"put\" ]", ["paths//a/get", "paths//a/put"]),
        ("$.tags[-1]", ["tags/3"]),
        ("$.tags[-2]", ["tags/2"]),
        ("$.tags[(@.length-2)]", ["tags/2"]),
        ("$.tags[(@.length - 1)]", ["tags/3"]),
        ("$.tags[1::2]", ["tags/1", "tags/3"]),
        ("$.tags[3:0:-1]", ["tags/1", "tags/2", "tags/3"]),
        ("$.tags[0:2,3]", ["tags/0", "tags/1", "tags/3"]),
        ("$.tags[0,0,0:1]", ["tags/0"]),
        ("$.tags[9]", []),
        ("$.tags[*,0]", ["tags/0", "tags/1", "tags/2", "tags/3"]),
        ("$.paths[*][get,*]", ["paths//a/get", "paths//a/put"]),
        ("$.paths[('/' + 'a')].get", ["paths//a/get"]),
        ("$.paths[*]^", ["paths"]),
        ("$.paths[*][*]^^", ["paths"]),
        ("$^", []),
        ("$~", []),
        ("$.paths.'/a'.get", ["paths//a/get"]),
        ("$.paths[[*]]", ["paths//a"]),
    ],
)
def test_what_is_written_counts(expression: str, selected: list[str]) -> None:
    data = {"paths": {"/a": {"get": {}, "put": {}}}, "tags": ["a", "b", "c", "d"]}
    assert sorted(_paths(expression, data)) == selected


# Expected values are JavaScript's own.
TRUE_IN_JAVASCRIPT = [
    "'1' == 1",
    "null == undefined",
    "null >= 0",
    "'' == 0",
    "' 0x10 ' == 16",
    "true == 1",
    "true == '1'",
    "'0'",
    "[]",
    "[] == ''",
    "[1,2] == '1,2'",
    "'b' > 'a'",
    "'10' < '9'",
    "'1' + 1 == '11'",
    "1 + 1 + 'x' == '2x'",
    "'3' * '4' === 12",
    "7 % 3 === 1",
    "-7 % 3 === -1",
    "1 / 0 === Infinity",
    "-1 / 0 < 0",
    "1 + 2 * 3 === 7",
    "(1 + 2) * 3 === 9",
    "!'' && !0",
    "0 || 'x'",
    "null ?? 'x'",
    "1 < 2 == true",
    "false ? 0 : 1",
    "typeof 'x' === 'string'",
    "typeof null === 'object'",
    "typeof undefined === 'undefined'",
    "typeof 1 == 'number'",
    "typeof [] == 'object'",
    "-'2' === -2",
    "+'' === 0",
    "1e3 === 1000",
    "0x1F === 31",
    ".5 === 0.5",
    "1.0 + '' === '1'",
    "1e21 + '' === '1e+21'",
    "0.000001 + '' === '0.000001'",
    "1e-7 + '' === '1e-7'",
    "'abc'.length === 3",
    "'😀'.length === 2",
    "'abc'[1] === 'b'",
    "'abc'[9] === undefined",
    "'abc'.slice(-2) === 'bc'",
    "'abc'.substring(2, 0) === 'ab'",
    "'abc'.substr(-2, 1) === 'b'",
    "'abc'.indexOf('c') === 2",
    "'abc'.indexOf('z') === -1",
    "'abcb'.lastIndexOf('b') === 3",
    "'abc'.startsWith('b', 1)",
    "'abc'.endsWith('bc')",
    "'abc'.includes('')",
    "' a '.trim() === 'a'",
    "'a,b'.split(',').length === 2",
    "'ab'.split('')[1] === 'b'",
    "'aXa'.toLowerCase() === 'axa'",
    "'a'.toUpperCase() === 'A'",
    "'a'.concat('b', 1) === 'ab1'",
    "'aaa'.replace('a', 'b') === 'baa'",
    "'aaa'.replaceAll('a', 'b') === 'bbb'",
    "'abc'.charAt(1) === 'b'",
    "'abc'.charAt(9) === ''",
    "'abc'.at(-1) === 'c'",
    "'a1b'.match(/[0-9]/)",
    "'ab'.match(/[0-9]/) === null",
    "'x42'.match(/x(\\d+)/)[1] === '42'",
    "'a1b2'.match(/\\d/g).length === 2",
    "/^A/i.test('abc')",
    "/a.b/s.test('a\\nb')",
    "/[/]/.test('/')",
    "/a\\/b/.test('a/b')",
    "'ab'.match('b$')",
    "/undef/.test(undefined)",
    "/(a)(b)/.exec('ab')[2] === 'b'",
    "['a','b'].includes('b')",
    "['a'].indexOf('b') === -1",
    "['a',['b']].join('-') === 'a-b'",
    "[1,2,3].slice(1).length === 2",
    "'b' in ['a','b']",
    "'abc' ~= '^a'",
    "Array.isArray([])",
    "Number.isInteger(1.0)",
    "String(1) === '1'",
    "isNaN('x')",
    "Boolean([])",
    "parseInt('42px') === 42",
    "parseFloat('1.5e1x') === 15",
    "[].constructor.name === 'Array'",
    "''.constructor.name === 'String'",
    "undefined.a.b === undefined",
    "null.a === undefined",
    "'abc'.nope === undefined",
    "'abc'.indexOf",
    "(1).toString() === '1'",
    "'a'?.length === 1",
    "'a'?.[0] === 'a'",
    "'\\u0041\\n' === 'A\\n'",
    "[[1]][[0]][0] === 1",
    "['a'][true] === undefined",
    "Number('0b11') === 3",
    "Number('\\ufeff7 ') === 7",
    "'\\u0085'.trim() === '\\u0085'",
    "'' + 9007199254740993 === '9007199254740992'",
    "'' + 1e-7 === '1e-7'",
    "'' + 0.000001 === '0.000001'",
    "'' + /a/g === '/a/g'",
    "typeof Array === 'function'",
]
FALSE_IN_JAVASCRIPT = [
    "'1' === 1",
    "null === void 0",
    "null == 0",
    "undefined == 0",
    "true === 1",
    "NaN == NaN",
    "'a' == NaN",
    "NaN",
    "''",
    "0",
    "-0",
    "[] === []",
    "'10' < 9",
    "'a' < 1",
    "'a' >= 1",
    "undefined < 1",
    "undefined >= 1",
    "0 ?? 'x'",
    "true ? 0 : 1",
    "0.1 + 0.2 === 0.3",
    "/^A/.test('abc')",
    "/x/.test(undefined)",
    "[1].includes('1')",
    "Array.isArray('')",
    "Number.isInteger('1')",
    "Number('x') === 1",
    "''.concat === null",
    "Number('+-Infinity')",
    "Number('0x_1') === 1",
]


@pytest.mark.parametrize("script", TRUE_IN_JAVASCRIPT)
def test_true_in_javascript(script: str) -> None:
    assert _paths(f"$[?({script})]", [0]) == ["0"]


@pytest.mark.parametrize("script", FALSE_IN_JAVASCRIPT)
def test_false_in_javascript(script: str) -> None:
    assert _paths(f"$[?({script})]", [0]) == []


@pytest.mark.parametrize(
    ("script", "selected"),
    [
        ("Object.keys(@).length === 2", ["a", "b"]),
        ("Object.values(@).includes(1)", ["a"]),
        ("Object.entries(@)[0][0] === 'x'", ["a"]),
        ("'x' in @", ["a"]),
        ("@.hasOwnProperty('x')", ["a"]),
        ("@.constructor.name === 'Object'", ["a"]),
        ("@.constructor.name === 'Array'", ["b"]),
        ("@.constructor === 'mine'", ["c"]),
        ("@ == '[object Object]'", ["a", "c"]),
        ("@.x.y.z", []),
        ("!@.x.y.z", ["a", "b", "c", "d", "e"]),
        ("@object()", ["a", "b", "c"]),
        ("@array() && @[0] === 7", ["b"]),
        ("@[@.length - 1] == 8", ["b"]),
        ("@scalar()", ["d", "e"]),
        ("@null()", ["d"]),
        ("@integer()", ["e"]),
        ("@boolean() || @string()", []),
        ("@number()", ["e"]),
        ("@['x']", ["a"]),
        ("@property.match(/^[ab]$/)", ["a", "b"]),
        ("@path === \"$['a']\"", ["a"]),
        ("@root.e === @", ["e"]),
        ("@parent === undefined && @parentProperty === undefined", ["a", "b", "c", "d", "e"]),
    ],
)
def test_scripts_see_the_document(script: str, selected: list[str]) -> None:
    data = {"a": {"x": 1, "y": 2}, "b": [7, 8], "c": {"constructor": "mine"}, "d": None, "e": 3}
    assert _paths(f"$[?({script})]", data) == selected


SHARED = {
    "a": {"child": {"$ref": "#/shared"}},
    "b": {"child": {"$ref": "#/shared"}},
    "shared": {"leaf": {"$ref": "#/leaf"}, "lost": {"$ref": "#/nowhere"}, "self": {"$ref": "#/shared"}},
    "leaf": {"type": "string"},
}


def test_references_are_seen_as_their_targets() -> None:
    references = _references(SHARED)
    (match,) = compile_selector("$.a.child.leaf.type").select(references)
    assert match == (("a", "child", "leaf", "type"), "string", references.root)
    assert _paths("$.a.child[?(@.type === 'string')]", SHARED) == ["a/child/leaf"]
    assert _paths("$[?(@.child.leaf.type)]~", SHARED) == ["a", "b"]


def test_circular_and_dangling_references_stay() -> None:
    found = {match.path: match.value for match in compile_selector("$.shared[lost,self]").select(_references(SHARED))}
    assert found == {("shared", "lost"): {"$ref": "#/nowhere"}, ("shared", "self"): {"$ref": "#/shared"}}


def test_unresolved_mode_sees_references_as_mappings() -> None:
    assert _paths("$.a.child.leaf", SHARED, resolved=False) == []
    assert _paths("$.a.child.$ref", SHARED, resolved=False) == ["a/child/$ref"]
    assert _paths("$.a[?(@.$ref)]", SHARED, resolved=False) == ["a/child"]
    assert len(_paths("$..$ref", SHARED, resolved=False)) == 5


def test_a_shared_target_is_entered_once_but_matches_wherever_it_stands() -> None:
    assert _paths("$..type", SHARED) == ["a/child/leaf/type"]
    assert sorted(_paths("$..child", SHARED)) == ["a/child", "b/child"]
    assert sorted(_paths("$..[?(@property === 'leaf')]", SHARED)) == ["a/child/leaf", "leaf"]
    assert sorted(_paths("$..[?(@parentProperty === 'shared')]", SHARED)) == [
        "shared/leaf",
        "shared/lost",
        "shared/self",
    ]
    assert sorted(_paths("$..[?(@path.includes('b') && @property === 'type')]", SHARED)) == ["b/child/leaf/type"]
    assert sorted(_paths("$..leaf^^", SHARED)) == ["", "a", "b"]


def test_other_documents(tmp_path: Path) -> None:
    (tmp_path / "root.json").write_text(json.dumps({"in": {"$ref": "other.json#/thing"}, "n": {"v": "root"}}))
    (tmp_path / "other.json").write_text(
        json.dumps({"thing": {"n": {"$ref": "#/n"}, "deep": {"n": {"$ref": "#/n"}}}, "n": {"v": "other"}})
    )
    references = References(read(str(tmp_path / "root.json")))
    (match,) = compile_selector("$.in.deep").select(references)
    assert match.document.source == str(tmp_path / "other.json")
    for script in ("@.n.v === 'other'", "@.deep.n.v === 'other'", "@root.n.v === 'root' && @.n && @.n.v !== @root.n.v"):
        assert [match.path for match in compile_selector(f"$[?({script})]").select(references)] == [("in",)], script
    (match,) = compile_selector("$.in.deep[?(@parent.n.v)]").select_from(
        references, references.root, references.root.data
    )
    assert match.value == {"v": "other"}


def test_select_from_a_node() -> None:
    references = _references({"a": {"b": {"c": 1}}, "c": 2})
    (match,) = compile_selector("$..c").select_from(references, references.root, references.root.data["a"])
    assert match == (("b", "c"), 1, references.root)


def test_depth_is_no_trouble() -> None:
    data: Any = {"x": 1}
    for _ in range(20_000):
        data = {"a": [data]}
    references = _built(data)
    assert sum(1 for _ in compile_selector("$..x").select(references)) == 1
    assert sum(1 for _ in compile_selector("$..[?(@property === 'x')]").select(references)) == 1


def test_width_by_references_and_aliases_is_no_trouble() -> None:
    schemas: dict[str, Any] = {
        f"s{n}": {"l": {"$ref": f"#/s{n + 1}"}, "r": {"$ref": f"#/s{n + 1}"}, "t": n} for n in range(60)
    }
    schemas["s60"] = {"t": 60}
    bomb: Any = {"t": 1}
    for _ in range(40):
        bomb = [bomb, bomb, bomb]
    start = time.perf_counter()
    for expression in ("$..t", "$..*", "$..[?(@.t)]", "$..l.r.l.r", "$..[?(@parent.t)]", "$..t^^^", "$..l..r..t"):
        assert list(compile_selector(expression).select(_references(schemas)))
        list(compile_selector(expression).select(_built({"bomb": bomb})))
    assert sum(1 for _ in compile_selector("$" + "[*]" * 30).select(_built(bomb))) <= 300_000
    assert time.perf_counter() - start < 10


def test_a_hostile_pattern_takes_no_time() -> None:
    data = {"a" * 40 + "!": 1, "p": {"pattern": "(((a+)+)+)+$"}}
    start = time.perf_counter()
    assert _paths("$[?(@property.match(/^(a+)+$/))]", data) == []
    assert _paths("$[?(@property.match(@.pattern))]", {"a": {"pattern": "("}, "b": {"pattern": "^b"}}) == ["b"]
    assert time.perf_counter() - start < 1


def test_plain_paths_import_nothing_for_scripts() -> None:
    program = (
        "import sys; from idemlint.check.selectors import compile_selector; compile_selector('$.paths[*][post,patch]');"
        "print([name for name in sys.modules if name.startswith('idemlint.check.selectors.')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == str(["idemlint.check.selectors.syntax", "idemlint.check.selectors.walk"])


SMALL = {"a": [{"a": "0", "paths": None}, 1.5, True], "paths": {"a": "a", "0": []}}
ALPHABET = st.sampled_from(
    [
        *"$.[]()?*~^@,:'\"/\\=!<>&|+-% \n0a",
        "..",
        "[?(",
        ")]",
        "@.",
        "@property",
        "&&",
        "||",
        "===",
        "match(",
        "/a/",
        "paths",
    ]
)


@settings(max_examples=400)
@given(st.one_of(st.text(), st.lists(ALPHABET, max_size=25).map(lambda parts: "$" + "".join(parts))))
def test_any_text_compiles_or_is_refused(text: str) -> None:
    try:
        selector = compile_selector(text)
    except SelectorError as refusal:
        error = refusal
    else:
        list(selector.select(_references(SMALL)))
        return
    assert error.message
    assert 0 <= error.offset <= len(text)


@settings(max_examples=400)
@given(st.lists(ALPHABET, max_size=25).map("".join))
def test_any_script_compiles_or_is_refused(text: str) -> None:
    try:
        selector = compile_selector(f"$..[?({text})]")
    except SelectorError:
        return
    list(selector.select(_references(SMALL)))


NAMES = ("a", "b", "0", "1")
VALUES = st.recursive(
    st.one_of(st.none(), st.integers(0, 3), st.text("ab", max_size=1)),
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(st.sampled_from(NAMES), below, max_size=3)),
    max_leaves=12,
)
STEPS = st.lists(
    st.tuples(
        st.booleans(), st.one_of(st.just(("*",)), st.lists(st.sampled_from(NAMES), min_size=1, max_size=2).map(tuple))
    ),
    max_size=4,
)


def _naive(data: Any, steps: list[tuple[bool, tuple[str, ...]]]) -> set[tuple[Any, ...]]:
    def members(value: Any) -> list[tuple[Any, Any]]:
        if isinstance(value, dict):
            return list(value.items())
        return list(enumerate(value)) if isinstance(value, list) else []

    def below(path: tuple[Any, ...], value: Any) -> list[tuple[tuple[Any, ...], Any]]:
        found = [(path, value)]
        for key, child in members(value):
            found += below((*path, key), child)
        return found

    nodes: list[tuple[tuple[Any, ...], Any]] = [((), data)]
    for deep, names in steps:
        starts = [pair for path, value in nodes for pair in (below(path, value) if deep else [(path, value)])]
        nodes = [
            ((*path, key), child)
            for path, value in starts
            for key, child in members(value)
            if names == ("*",) or str(key) in names
        ]
    return {path for path, _ in nodes}


@settings(max_examples=300)
@given(VALUES, STEPS)
def test_simple_steps_agree_with_a_naive_evaluator(data: Any, steps: list[tuple[bool, tuple[str, ...]]]) -> None:
    # `..*` before another step is not a step of its own (see `syntax._compacted`): not part of the simple subset
    steps = [
        (deep and not (names == ("*",) and index < len(steps) - 1), names) for index, (deep, names) in enumerate(steps)
    ]
    expression = "$" + "".join(f"{'..' if deep else ''}[{','.join(names)}]" for deep, names in steps)
    matches = [match.path for match in compile_selector(expression).select(_references({"root": data}))]
    assert len(matches) == len(set(matches))
    assert set(matches) == _naive({"root": data}, steps)
