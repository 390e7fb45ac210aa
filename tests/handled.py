"""The mock's steps put together without a server, and requests to them: what a test of carriers, answers, or work needs."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from idemlint.contract.loading import load_profile
from idemlint.mock.answers import Answers
from idemlint.mock.carriers import Carriers
from idemlint.mock.clock import Clock
from idemlint.mock.handling import Handling
from idemlint.mock.messages import Request
from idemlint.mock.policy import policy_of
from idemlint.mock.responses import Responses
from idemlint.mock.routing import Router, base_paths
from idemlint.mock.security import Security
from idemlint.mock.stores.memory import MemoryStore
from idemlint.mock.validation import Validation
from idemlint.mock.work import Work
from idemlint.openapi.document import parse, read
from idemlint.openapi.operations import operations
from idemlint.openapi.references import References

if TYPE_CHECKING:
    from idemlint.mock.messages import Answer

APIS = Path(__file__).parents[1] / "fixtures" / "apis" / "mock"


def handling(document: str | Path | dict[str, Any], profile: str = "stripe-v1", *, testing: bool = True) -> Handling:
    """All steps over a memory store. `document`: a name in `fixtures/apis/mock/`, a path, or the document itself."""
    if isinstance(document, dict):
        references = References(parse(json.dumps(document), source="api.json"))
    else:
        path = APIS / f"{document}.yaml" if isinstance(document, str) else document
        references = References(read(str(path)))
    policy = policy_of(load_profile(profile))
    answers = Answers(policy)
    clock = Clock()
    store = MemoryStore()
    found = operations(references)
    return Handling(
        policy=policy,
        store=store,
        clock=clock,
        router=Router(found, answers, base_paths(references)),
        security=Security(references, found, answers, enforce=False),
        validation=Validation(answers),
        carriers=Carriers(policy, answers, clock.now),
        work=Work(store, Responses(references, answers), testing=testing),
        answers=answers,
    )


def ask(
    handled: Handling,
    target: str,
    body: Any = None,
    *,
    key: str | None = None,
    headers: dict[str, str] | list[tuple[str, str]] | None = None,
    content_type: str = "application/json",
) -> Answer:
    """The answer to `POST /payments?a=b` and so on. A body that is no `bytes` is sent as JSON; `key` as Idempotency-Key."""
    method, _, rest = target.partition(" ")
    path, _, query = rest.partition("?")
    lines = list(headers.items() if isinstance(headers, dict) else headers or ())
    sent = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    if sent and content_type:
        lines.append(("content-type", content_type))
    if key is not None:
        lines.append(("idempotency-key", key))
    lines = [(name.lower(), value) for name, value in lines]
    return asyncio.run(handled.handle(Request(method, path, query=query, headers=lines, body=sent)))


def value(answer: Answer) -> Any:
    return json.loads(answer.body)
