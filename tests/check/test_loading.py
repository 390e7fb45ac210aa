"""Rulesets: what extends, rules and overrides come to, and what is said of broken ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from idemlint.check.linting import lint
from idemlint.check.loading import BUNDLED, RulesetLoader, bundled_folder, find_default
from idemlint.contract.contract import DEFAULT
from idemlint.errors import RulesetError
from idemlint.openapi.document import parse

if TYPE_CHECKING:
    from idemlint.check.ruleset import Ruleset

RULE = """
    given: $
    then: {function: truthy}
"""


def load(folder: Path, text: str, name: str = "ruleset.yaml", **options: bool) -> Ruleset:
    (folder / name).write_text(text, encoding="utf-8")
    return RulesetLoader(**options).load([name], str(folder))


def enabled(ruleset: Ruleset) -> dict[str, int]:
    return {rule.name: rule.severity for rule in ruleset.active()}


def base(folder: Path) -> None:
    (folder / "base.yaml").write_text(
        f"rules:\n  on:{RULE}  dormant:\n    recommended: false{RULE}  loud:\n    severity: error{RULE}",
        encoding="utf-8",
    )


@pytest.mark.parametrize(
    ("extends", "names"),
    [
        ("base.yaml", {"on": 1, "loud": 0}),
        ("[base.yaml]", {"on": 1, "loud": 0}),
        ("[[base.yaml, all]]", {"on": 1, "dormant": 1, "loud": 0}),
        ("[[base.yaml, off]]", {}),
        ("[[./base.yaml, recommended]]", {"on": 1, "loud": 0}),
    ],
)
def test_extends(tmp_path: Path, extends: str, names: dict[str, int]) -> None:
    base(tmp_path)
    assert enabled(load(tmp_path, f"extends: {extends}\n")) == names


def test_changes_to_extended_rules(tmp_path: Path) -> None:
    base(tmp_path)
    ruleset = load(tmp_path, "extends: [[base.yaml, off]]\nrules:\n  on: hint\n  dormant: true\n  loud: 'off'\n")
    assert enabled(ruleset) == {"on": 3, "dormant": 1}


def test_a_redefined_rule_keeps_what_it_does_not_mention(tmp_path: Path) -> None:
    base(tmp_path)
    ruleset = load(
        tmp_path,
        "extends: base.yaml\nrules:\n  loud:\n    given: $.info\n    then: {function: falsy}\n    message: hm\n",
    )
    rule = ruleset.rules["loud"]
    assert (rule.given, rule.message, rule.severity) == (["$.info"], "hm", 0)


def test_a_ruleset_that_extends_itself_ends(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("extends: b.yaml\nrules:\n  x:" + RULE, encoding="utf-8")
    (tmp_path / "b.yaml").write_text("extends: a.yaml\nrules:\n  y:" + RULE, encoding="utf-8")
    assert enabled(RulesetLoader().load(["a.yaml"], str(tmp_path))) == {"x": 1, "y": 1}


def test_several_rulesets_are_joined(tmp_path: Path) -> None:
    base(tmp_path)
    (tmp_path / "more.yaml").write_text("rules:\n  more:" + RULE, encoding="utf-8")
    ruleset = RulesetLoader().load(["base.yaml", "more.yaml"], str(tmp_path))
    assert enabled(ruleset) == {"on": 1, "loud": 0, "more": 1}
    assert {Path(source).name for source in ruleset.sources} >= {"base.yaml", "more.yaml"}


def test_a_package_in_node_modules(tmp_path: Path) -> None:
    package = tmp_path / "node_modules" / "@acme" / "rules"
    package.mkdir(parents=True)
    (package / "package.json").write_text(json.dumps({"main": "main.yaml"}), encoding="utf-8")
    (package / "main.yaml").write_text("rules:\n  x:" + RULE, encoding="utf-8")
    inner = tmp_path / "deep" / "down"
    inner.mkdir(parents=True)
    assert enabled(load(inner, "extends: '@acme/rules'\n")) == {"x": 1}
    assert enabled(load(inner, "extends: '@acme/rules/main.yaml'\n")) == {"x": 1}


def test_documentation_url_of_the_ruleset(tmp_path: Path) -> None:
    ruleset = load(tmp_path, "documentationUrl: https://docs.example/rules\nrules:\n  x:" + RULE)
    assert ruleset.rules["x"].documentation_url == "https://docs.example/rules#x"


def test_overrides_by_file_and_pointer(tmp_path: Path) -> None:
    base(tmp_path)
    ruleset = load(
        tmp_path,
        "extends: base.yaml\n"
        "overrides:\n"
        "  - {files: ['legacy/**/*.yaml'], rules: {loud: 'off'}}\n"
        "  - {files: ['new.yaml#/paths/~1a'], rules: {loud: hint}}\n"
        "  - files: ['v2/*.yaml']\n    extends: [[base.yaml, all]]\n    rules: {on: error}\n",
    )
    assert enabled(ruleset.for_source(str(tmp_path / "other.yaml"))) == {"on": 1, "loud": 0}
    assert enabled(ruleset.for_source(str(tmp_path / "legacy" / "x" / "old.yaml"))) == {"on": 1}
    new = str(tmp_path / "new.yaml")
    rule = ruleset.for_source(new).rules["loud"]
    assert rule.severity_at(new, ("paths", "/a", "get")) == 3
    assert rule.severity_at(new, ("paths", "/ab")) == 0
    assert rule.severity_at(str(tmp_path / "shared.yaml"), ("paths", "/a")) == 0
    assert enabled(ruleset.for_source(str(tmp_path / "v2" / "x.yaml")))["on"] == 0
    assert enabled(ruleset) == {"on": 1, "loud": 0}, "the ruleset itself stays as it was"


def test_except_of_older_rulesets(tmp_path: Path) -> None:
    base(tmp_path)
    ruleset = load(tmp_path, "extends: base.yaml\nexcept:\n  'one.yaml#/info': [loud]\n  two.yaml: ['on']\n")
    one = str(tmp_path / "one.yaml")
    assert ruleset.for_source(one).rules["loud"].severity_at(one, ("info", "title")) == -1
    assert enabled(ruleset.for_source(str(tmp_path / "two.yaml"))) == {"loud": 0}


def test_adjustments_reach_overridden_rulesets(tmp_path: Path) -> None:
    base(tmp_path)
    ruleset = load(tmp_path, "extends: base.yaml\noverrides:\n  - {files: ['x.yaml'], rules: {loud: hint}}\n")
    ruleset.change(lambda changed: changed.set_severity("on", "off"))
    assert enabled(ruleset) == {"loud": 0}
    assert enabled(ruleset.for_source(str(tmp_path / "x.yaml"))) == {"loud": 3}


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_rulesets_are_well_formed(name: str) -> None:
    # they are trusted at run time, so here they are read as a user's would be
    path = Path(bundled_folder()) / f"{name}.yaml"
    ruleset = RulesetLoader().load([str(path)], "/")
    for rule in ruleset.rules.values():
        assert ruleset.then(rule)
        assert ruleset.given(rule, ("oas3",))
        assert rule.description


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("- x\n", 1, "mapping", ""),
        ("{}\n", 1, "neither `rules` nor `extends`", ""),
        ("rule: {}\n", 1, "unknown key `rule`", 'did you mean "rules"?'),
        ("rules:\n  x:\n    then: {function: truthy}\n", 2, 'rule "x" has no `given`', ""),
        ("rules:\n  x:\n    given: $\n", 2, 'rule "x" has no `then`', ""),
        ("rules:\n  x:\n    given: paths\n    then: {function: truthy}\n", 3, "starts with $", ""),
        ("rules:\n  x:\n    given: $\n    then: {funktion: truthy}\n", 4, "names a `function`", ""),
        ("rules:\n  x:\n    given: $\n    then: {function: truty}\n", 4, '"truty", which does not exist', "truthy"),
        (
            "rules:\n  x:\n    given: $\n    severity: fatal\n    then: {function: truthy}\n",
            4,
            "'fatal' is no severity",
            "",
        ),
        (
            "rules:\n  x:\n    given: $\n    formats: [oas4]\n    then: {function: truthy}\n",
            4,
            "no format 'oas4'",
            "oas3",
        ),
        ("rules:\n  x: loud\n", 2, "'loud' is no severity", ""),
        ("rules:\n  x: error\n", 2, "not defined by any extended ruleset", "extends"),
        ("rules:\n  x:\n    given: '$.['\n    then: {function: truthy}\n", 3, "`given` cannot be read", ""),
        ("rules:\n  x:\n    given: '#Nope'\n    then: {function: truthy}\n", 3, 'alias "Nope" does not exist', ""),
        (
            "aliases: {A: ['#A.x']}\nrules:\n  x:\n    given: '#A'\n    then: {function: truthy}\n",
            4,
            "circular",
            "A -> A",
        ),
        (
            "rules:\n  x:\n    given: $\n    then:\n      function: length\n      functionOptions:\n        minn: 1\n",
            7,
            'function "length"',
            "",
        ),
        (
            "rules:\n  x:\n    given: $\n    then:\n      - {function: truthy}\n      - function: truthy\n        functionOptions: {a: 1}\n",
            7,
            "takes no options",
            "",
        ),
        (
            "rules:\n  x:\n    given: $\n    then: {function: pattern, functionOptions: {match: '(a'}}\n",
            4,
            "`match` is no regular expression",
            "",
        ),
        ("extends: [[a.yaml, some]]\n", 1, "all, recommended and off", ""),
        ("extends: nowhere.yaml\n", 1, "does not exist", "looked for"),
        ("extends: spectral:oas\n", 1, "not part of idemlint", "Spectral"),
        ("extends: idemlint:recomended\n", 1, "no ruleset", "idemlint:recommended"),
        ("extends: https://example.com/x.yaml\n", 1, "on a server", "--allow-remote-refs"),
        ("functions: [mine]\nrules: {}\n", 1, "runs Python code", "--allow-code"),
        ("overrides: [{files: ['a#/x'], rules: {x: {given: $}}}]\n", 1, "only change severities", ""),
        ("overrides: [{rules: {}}]\n", 1, "`files` of an override", ""),
    ],
)
def test_broken_rulesets_say_where_and_what(tmp_path: Path, text: str, line: int, message: str, hint: str) -> None:
    with pytest.raises(RulesetError) as caught:
        prepared(load(tmp_path, text))
    error = caught.value
    assert message in error.message
    assert hint in error.hint
    assert error.source == str(tmp_path / "ruleset.yaml")
    assert error.position is not None
    assert error.position.line + 1 == line


def prepared(ruleset: Ruleset) -> None:
    for rule in ruleset.active():
        ruleset.then(rule)
        ruleset.given(rule, ())


def test_javascript_rulesets_are_told_what_to_do(tmp_path: Path) -> None:
    (tmp_path / ".spectral.js").write_text("module.exports = {}", encoding="utf-8")
    with pytest.raises(RulesetError, match="JavaScript") as caught:
        RulesetLoader().load([".spectral.js"], str(tmp_path))
    assert "YAML" in caught.value.hint


def test_unreadable_ruleset(tmp_path: Path) -> None:
    with pytest.raises(RulesetError, match="does not exist"):
        RulesetLoader().load(["nowhere.yaml"], str(tmp_path))
    with pytest.raises(RulesetError):
        load(tmp_path, "rules: [")


def test_functions_of_the_users_own(tmp_path: Path) -> None:
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "shout.py").write_text(
        "from idemlint.check.function import Function, Issue\n"
        "def run(value, options, context):\n"
        "    if value != value.upper():\n"
        "        yield Issue('say it louder')\n"
        "FUNCTION = Function('shout', run, None)\n",
        encoding="utf-8",
    )
    text = "functions: [shout]\nrules:\n  x:\n    given: $.info.title\n    then: {function: shout}\n"
    ruleset = load(tmp_path, text, allow_code=True)
    (then,) = ruleset.then(ruleset.rules["x"])
    assert then.function.name == "shout"


def test_default_files(tmp_path: Path) -> None:
    assert find_default(str(tmp_path)) is None
    (tmp_path / ".spectral.yml").write_text("rules: {}", encoding="utf-8")
    assert find_default(str(tmp_path)) == str(tmp_path / ".spectral.yml")


def test_a_filter_that_grows_too_expensive_names_its_rule(tmp_path: Path) -> None:
    given = r"$[?(@.title && @.title.match(/^(a*)*\1\1b$/))]"
    ruleset = load(
        tmp_path, f"rules:\n  dear:\n    given: {given!r}\n    then: {{function: truthy}}\n".replace("\\\\", "\\")
    )
    document = parse(f"openapi: 3.1.0\ninfo: {{title: {'a' * 3000}c}}\n", "api.yaml")
    with pytest.raises(RulesetError, match=r'rule "dear": `given` cannot be applied to api\.yaml') as caught:
        lint(document, ruleset, DEFAULT)
    assert caught.value.hint
    assert caught.value.position is not None
