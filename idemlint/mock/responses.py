"""What an operation answers: which response, in which media type, with which value and headers.

The lowest declared success, the media type that the client likes most, the document's example, else a value made from
the schema. An example that breaks its own schema gives what of it fits: a client that is generated from the document
has to be able to read the answer. `Prefer: example=name` gives that example as it stands.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from idemlint.mock.examples import given_examples, has_example, response_examples, unpacked
from idemlint.mock.media_types import is_json, negotiate
from idemlint.mock.messages import Answer
from idemlint.mock.rendering import cleaned, field_text, render, to_json
from idemlint.mock.shapes import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from idemlint.mock.answers import Answers
    from idemlint.openapi.operations import Operation
    from idemlint.openapi.references import Node, References
    from idemlint.openapi.samples import Sampler

_MAX_MEMOS: Final = 4_000
_LONGEST_ACCEPT: Final = 1_000
"""Characters of an Accept header that are looked at, for what was negotiated is remembered."""
BODILESS: Final = frozenset({204, 205, 304})
_ABSENT: Final = object()
_OURS: Final = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "date",
        "idempotency-key",
        "keep-alive",
        "link",
        "retry-after",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-request-id",
    }
)
"""Headers that the mock or its server sets where they are due, or that say what is not so."""


class Prepared(NamedTuple):
    """An answer all but made: for one operation, status, and media type."""

    status: int
    media_type: str
    """As it is sent; empty if there is no body."""
    json: bool
    shape: Shape
    """What the body may be; its base is what the body is if nothing else is known."""
    headers: tuple[tuple[str, str], ...]
    """With Content-Type."""
    still: Answer
    """The answer with the base as its body."""
    given: bool = False
    """Whether the base is an example of the document's for this very answer."""

    def encoded(self, value: Any) -> bytes:
        """Another value that fits the shape, as the answer's body."""
        return to_json(value) if self.json else render(value, self.media_type)


class Responses:
    """Prepared answers of a document's operations, each made when it is first asked for."""

    def __init__(self, references: References, answers: Answers, *, seed: int = 0) -> None:
        self.references = references
        self.answers = answers
        self.seed = seed
        self._sampler: Sampler | None = None
        self._prepared: dict[tuple[str, str, int, str, str], Prepared] = {}
        self._successes: dict[tuple[str, str | None, str], Prepared] = {}
        marker = answers.policy.marker
        self._ours = _OURS | ({marker.name.lower()} if marker is not None else frozenset())

    @property
    def sampler(self) -> Sampler:
        if self._sampler is None:
            from idemlint.openapi.samples import Sampler

            self._sampler = Sampler(self.references, seed=self.seed, direction="response")
        return self._sampler

    def success(self, operation: Operation, accept: str | None = None, example: str = "") -> Prepared:
        """The successful answer, in a media type that `accept` takes if there is one."""
        accept = accept[:_LONGEST_ACCEPT] if accept is not None else None
        memo = (operation.label, accept, example)
        known = self._successes.get(memo)
        if known is None:
            status, key = success_status(operation)
            if len(self._successes) >= _MAX_MEMOS:
                self._successes.clear()
            known = self._successes[memo] = self.prepared(operation, status, key, accept, example)
        return known

    def with_status(
        self, operation: Operation, status: int, accept: str | None = None, example: str = ""
    ) -> Prepared | None:
        """The answer of a given status; None if the document declares none for it."""
        key = declared_key(operation, status)
        return self.prepared(operation, status, key, accept, example) if key else None

    def error(self, operation: Operation, plain: Answer, accept: str | None = None, example: str = "") -> Answer:
        """An error answer in the form that the document declares for its status: the declared example, else what of the
        plain problem fits the schema; the plain problem where the document declares no body.
        """
        declared = self.with_status(operation, plain.status, accept, example)
        if declared is None or not declared.media_type:
            return plain
        if declared.given or not declared.json or not isinstance(declared.shape.base, dict):
            return declared.still
        problem = json.loads(plain.body)
        shape = declared.shape
        if not shape.is_valid(problem):
            problem = shape.compose(_spread(problem, shape))
        links = [line for line in plain.headers if line[0] != "content-type"]
        return declared.still._replace(body=declared.encoded(problem)).with_headers(*links)

    def based(self, shape: Shape) -> Shape:
        """The shape, with a value for its base that fits, if one can be had."""
        if shape.schema is None or shape.is_valid(shape.base):
            return shape
        value = self._sampled(shape.schema)
        return shape if value is _ABSENT else Shape(shape.references, shape.schema, cleaned(value), shape.depth)

    def prepared(self, operation: Operation, status: int, key: str, accept: str | None, example: str = "") -> Prepared:
        """`key` of the declaration: the status, its range, or `default`; empty for none."""
        response = operation.response(key) if key else None
        content = _content(operation, response) if response is not None and status not in BODILESS else {}
        name = (offered(accept, tuple(content)) if accept else None) or next(iter(content), "")
        if example and (response is None or not has_example(operation, response, name, example)):
            example = ""
        memo = (operation.label, key, status, name, example)
        known = self._prepared.get(memo)
        if known is None:
            if len(self._prepared) >= _MAX_MEMOS:
                self._prepared.clear()
            known = self._prepared[memo] = self._prepare(operation, status, response, name, content, example)
        return known

    # --- steps ---------------------------------------------------------------------------------------------------------

    def _prepare(
        self,
        operation: Operation,
        status: int,
        response: Node | None,
        name: str,
        content: dict[str, Node | None],
        example: str,
    ) -> Prepared:
        headers = tuple(self._headers(response)) if response is not None else ()
        if not name or response is None:
            return Prepared(status, "", False, Shape(self.references, None, None), headers, Answer(status, headers))
        as_json = is_json(name)
        media_type = "application/json" if as_json and "*" in name else "text/plain" if "*" in name else name
        shape, given = self._shape(operation, response, name, content[name], example)
        headers = (("content-type", _sent_as(media_type)), *headers)
        body = to_json(shape.base) if as_json else render(shape.base, media_type)
        return Prepared(status, media_type, as_json, shape, headers, Answer(status, headers, body), given)

    def _shape(
        self, operation: Operation, response: Node, name: str, schema: Node | None, example: str
    ) -> tuple[Shape, bool]:
        given = next(response_examples(operation, response, name, example), _ABSENT)
        if given is not _ABSENT and is_json(name) and isinstance(given, str):
            given = unpacked(given, Shape(self.references, schema, None))
        given = cleaned(given) if given is not _ABSENT else given
        if schema is None:
            empty = {} if is_json(name) else ""
            return Shape(self.references, None, given if given is not _ABSENT else empty), given is not _ABSENT
        if given is not _ABSENT and (example or Shape(self.references, schema, None).is_valid(given)):
            return Shape(self.references, schema, given), True
        value = self._sampled(schema)
        if value is _ABSENT:
            return Shape(self.references, schema, given if given is not _ABSENT else None), given is not _ABSENT
        made = Shape(self.references, schema, cleaned(value))
        if given is _ABSENT:
            return made, False
        return Shape(self.references, schema, made.fit(given)), True

    def _headers(self, response: Node) -> Iterator[tuple[str, str]]:
        references = self.references
        declared = references.child(response, "headers")
        if declared is None or not isinstance(declared.value, dict):
            return
        for name in declared.value:
            lower = name.lower()
            header = references.child(declared, name)
            if header is None or not isinstance(header.value, dict) or self.is_ours(lower):
                continue
            if not all("!" <= letter <= "~" and letter not in '()<>@,;:\\"/[]?={}' for letter in lower) or not lower:
                continue
            value = self._header_value(header)
            if value is not _ABSENT:
                yield lower, field_text(value)

    def is_ours(self, name: str) -> bool:
        return name in self._ours or name.startswith("access-control-") or "replay" in name

    def _header_value(self, header: Node) -> Any:
        for value in given_examples(header):
            return value
        schema = self.references.child(header, "schema")
        if schema is None and "type" in header.value:
            schema = header
        return self._sampled(schema) if schema is not None else _ABSENT

    def _sampled(self, schema: Node) -> Any:
        """A value for the schema; `_ABSENT` where it admits none that can be found."""
        from idemlint.openapi.samples import SampleError

        try:
            return self.sampler.sample(schema).value
        except SampleError:
            return _ABSENT


def success_status(operation: Operation) -> tuple[int, str]:
    """The status of success and the key under which it is declared (empty: none is)."""
    responses = operation.responses()
    keys = [str(key) for key in responses.value] if responses is not None else []
    exact = sorted(key for key in keys if len(key) == 3 and key.isdigit())
    for family in "23":
        found = next((key for key in exact if key[0] == family), None)
        if found is not None:
            return int(found), found
        wildcard = next((key for key in keys if key.upper() == f"{family}XX"), None)
        if wildcard is not None:
            return int(family) * 100 if family == "2" else 303, wildcard
        if family == "2" and "default" in keys:
            return 200, "default"
    return 200, ""


def declared_key(operation: Operation, status: int) -> str:
    """Under which key the document declares a status: its own, its range, `default`; empty if it does not."""
    responses = operation.responses()
    if responses is None:
        return ""
    for key in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
        if key in responses.value:
            return key
    return ""


def success_media_types(operation: Operation) -> tuple[str, ...]:
    """Media types of the successful answer, JSON first; empty if it has no body."""
    status, key = success_status(operation)
    response = operation.response(key) if key else None
    return tuple(_content(operation, response)) if response is not None and status not in BODILESS else ()


def offered(accept: str, media_types: Sequence[str]) -> str | None:
    """The media type that an Accept header likes most; None if it takes none."""
    return negotiate(accept[:_LONGEST_ACCEPT], tuple(media_types))


def _spread(problem: dict[str, Any], shape: Shape) -> dict[str, Any]:
    """A problem under the names that other forms of errors have for its members, at the top and in `error`."""
    detail, status = problem["detail"], problem["status"]
    named = {
        **dict.fromkeys(("message", "error", "error_description", "description", "errorMessage"), detail),
        **dict.fromkeys(("code", "statusCode", "status_code", "http_status"), status),
        **problem,
    }
    inner = shape.base.get("error") if isinstance(shape.base, dict) else None
    return {**named, "error": named} if isinstance(inner, dict) else named


def _content(operation: Operation, response: Node) -> dict[str, Node | None]:
    """Schemas by media type, JSON first: what a client gets that does not say what it wants."""
    content = operation.response_content(response)
    return dict(sorted(content, key=lambda entry: not is_json(entry[0])))


def _sent_as(media_type: str) -> str:
    clean = field_text(media_type)
    return f"{clean}; charset=utf-8" if clean.startswith("text/") and "charset" not in clean else clean
