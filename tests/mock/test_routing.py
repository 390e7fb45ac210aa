"""Paths to operations, for any template and any value that fits into it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from idemlint.contract.loading import load_profile
from idemlint.mock.answers import Answers
from idemlint.mock.messages import Answer, Request
from idemlint.mock.policy import policy_of
from idemlint.mock.routing import Route, Router, base_paths
from idemlint.openapi.document import parse
from idemlint.openapi.operations import operations
from idemlint.openapi.references import References

if TYPE_CHECKING:
    from collections.abc import Iterable

ANSWERS = Answers(policy_of(load_profile("ietf-07")))
WORDS = st.text("abcdefghij0123456789-_~", min_size=1, max_size=6)
VALUES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


def router(templates: Iterable[str], **more: Any) -> Router:
    paths = {template: {"get": {"responses": {"200": {"description": "-"}}}} for template in templates}
    references = References(parse(json.dumps({"openapi": "3.1.0", "paths": paths, **more}), "api.json"))
    return Router(operations(references), ANSWERS, base_paths(references))


def find(routes: Router, path: str) -> Route | Answer:
    return routes.find(Request("GET", path))


@given(st.lists(st.one_of(WORDS.map(lambda word: (word, None)), VALUES.map(lambda value: (None, value))), max_size=5))
def test_what_a_template_was_filled_with_comes_back(segments: list[tuple[str | None, str | None]]) -> None:
    names = [f"p{number}" for number in range(len(segments))]
    template = "".join(f"/{word or '{' + name + '}'}" for (word, _), name in zip(segments, names, strict=True)) or "/"
    path = "".join(f"/{word or quote(value or '', safe='')}" for word, value in segments) or "/"
    found = find(router([template, "/elsewhere/{x}/y/z/w/v/u"]), path)
    assert isinstance(found, Route)
    assert found.template == template
    assert found.arguments == {
        name: value for name, (_, value) in zip(names, segments, strict=True) if value is not None
    }
    assert isinstance(find(router([template]), path + "/more"), Answer)


@given(WORDS, WORDS, WORDS)
def test_segments_that_are_part_literal(before: str, between: str, after: str) -> None:
    routes = router(["/{whole}", f"/{before}.{{a}}:{between}:{{b}}.{after}"])
    found = find(routes, f"/{before}.1:{between}:2.{after}")
    assert isinstance(found, Route)
    assert found.arguments == {"a": "1", "b": "2"}
    other = find(routes, f"/{before}.1")
    assert isinstance(other, Route)
    assert other.arguments == {"whole": f"{before}.1"}


@given(st.text(max_size=60).map(lambda text: "/" + text))
def test_any_path_gets_a_route_or_an_answer(path: str) -> None:
    found = find(router(["/{a}", "/a/{b}.json", "/{a}{b}/c", "/%41/{x}", "/"]), path)
    assert isinstance(found, (Route, Answer))


def test_parameters_of_one_shape_with_two_names_are_one_path() -> None:
    paths = {
        "/things/{id}": {"get": {"responses": {}}},
        "/things/{name}": {"get": {"responses": {}}, "delete": {"responses": {}}},
    }
    references = References(parse(json.dumps({"openapi": "3.1.0", "paths": paths}), "api.json"))
    routes = Router(operations(references), ANSWERS)
    get, delete = routes.find(Request("GET", "/things/1")), routes.find(Request("DELETE", "/things/1"))
    assert isinstance(get, Route)
    assert isinstance(delete, Route)
    assert (get.template, get.arguments) == ("/things/{id}", {"id": "1"})
    assert (delete.template, delete.arguments) == ("/things/{name}", {"name": "1"})


def test_base_paths_of_both_versions() -> None:
    servers = [{"url": "/v1/"}, {"url": "https://h/{v}", "variables": {"v": {"default": "v2"}}}, {"url": "//["}, {}]
    routes = router(["/a"], servers=servers)
    assert [isinstance(find(routes, path), Route) for path in ("/a", "/v1/a", "/v2/a", "/v3/a")] == [True] * 3 + [False]
    document = parse(json.dumps({"swagger": "2.0", "basePath": "/api/", "paths": {}}), "api.json")
    assert base_paths(References(document)) == ["/api"]


def test_hostile_templates_and_paths_take_no_time() -> None:
    mixed = "".join(f"{{p{number}}}a" for number in range(30))
    deep = "".join("/{x}" for _ in range(200))
    routes = router([f"/{mixed}", deep, *(f"/{'{a}/' * number}b" for number in range(1, 60))])
    started = time.perf_counter()
    for path in ("/" + "a" * 60_000, "/a" * 30_000, "/" + "a" * 30_000 + "b", "/b" * 150, "/%61" * 15_000):
        find(routes, path)
    assert time.perf_counter() - started < 1
