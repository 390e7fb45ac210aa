"""The mock over real public documents: each operation answers, and with what the document declares."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import corpus
import pytest
from handled import handling

from idemlint.mock.identity import ANONYMOUS
from idemlint.mock.media_types import FORM, MULTIPART, essence, is_json
from idemlint.mock.messages import Answer, Request
from idemlint.mock.responses import declared_key
from idemlint.openapi.operations import operations
from idemlint.openapi.samples import SampleError, Sampler, body_sample
from idemlint.openapi.validation import encode_parameter, validator_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from idemlint.mock.handling import Handling
    from idemlint.openapi.operations import Operation, Parameter

DOCUMENTS = (
    "stripe__openapi/openapi/spec3.yaml",
    "box__box-openapi/openapi.json",
    "twilio__twilio-oai/spec/yaml/twilio_api_v2010.yaml",
    "XeroAPI__Xero-OpenAPI/xero_accounting.yaml",
    "PaystackOSS__openapi/dist/paystack.yaml",
    "lob__lob-openapi/dist/lob-api-bundled.yml",
    "resend__resend-openapi/resend.yaml",
    "paypal__paypal-rest-api-specifications/openapi/checkout_orders_v2.json",
    "Adyen__adyen-openapi/json/BalancePlatformService-v2.json",
    "conekta__openapi/_build/api.yaml",
)
_ORDER = ("create", "list", "read", "replace", "merge", "other", "remove")


class Client:
    """Sends each operation one valid request, what makes before what reads."""

    def __init__(self, handled: Handling) -> None:
        self.handled = handled
        self.references = handled.work.responses.references
        self.sampler = Sampler(self.references)
        self.roles = handled.work.plans.roles
        self.identifiers: dict[str, str] = {}
        """Of what was made, by the template of its items."""
        self.arguments: dict[tuple[str, str], str] = {}

    def answers(self) -> Iterator[tuple[Operation, Answer]]:
        for operation in sorted(
            operations(self.references), key=lambda one: _ORDER.index(self.roles[one.label].action)
        ):
            answer = asyncio.run(self.ask(operation))
            if answer is not None:
                yield operation, answer

    async def ask(self, operation: Operation) -> Answer | None:
        """None: the path means another operation of the document as well."""
        request = self.request(operation)
        route = self.handled.router.find(request)
        if isinstance(route, Answer) or route.label != operation.label:
            return None
        refusal = self.handled.validation.refusal(request, route)
        if refusal is not None:
            return refusal
        outcome = await self.handled.work.run(request, route, ANONYMOUS)
        await self.handled.store.apply(outcome.effects)
        family = self.roles[operation.label].family
        for effect in outcome.effects:
            if effect.kind == "create" and family is not None and family.item is not None:
                self.identifiers[family.item] = effect.identifier
        return outcome.answer

    def request(self, operation: Operation) -> Request:
        path, query, headers = operation.template, list[tuple[str, str]](), list[tuple[str, str]]()
        for parameter in operation.parameters():
            text = encode_parameter(parameter, self.sampled(parameter))
            if isinstance(text, list):
                query += text if parameter.required and parameter.location == "query" else []
            elif parameter.location == "path":
                argument = quote(self.argument(operation, parameter, text), safe="")
                path = path.replace("{" + parameter.name + "}", argument)
            elif parameter.required and parameter.location == "header":
                headers.append((parameter.name.lower(), text))
        content_type, body = self.body(operation)
        headers += [("content-type", content_type)] if body else []
        method = operation.label.partition(" ")[0]
        return Request(method, path, query=urlencode(query), headers=headers, body=body)

    def argument(self, operation: Operation, parameter: Parameter, text: str) -> str:
        """The same for all operations that have it under the same name, so that items are found again."""
        family = self.roles[operation.label].family
        if family is not None and family.item == operation.template and family.parameter == parameter.name:
            return self.identifiers.get(operation.template, text)
        schema = parameter.schema()
        return self.arguments.setdefault((parameter.name, json.dumps(schema.value) if schema else ""), text)

    def sampled(self, parameter: Parameter) -> Any:
        schema = parameter.schema()
        try:
            return self.sampler.sample(schema, hint=parameter.name).value if schema is not None else "x"
        except SampleError:
            return "x"

    def body(self, operation: Operation) -> tuple[str, bytes]:
        try:
            sample = body_sample(self.sampler, operation)
        except SampleError:
            sample = None
        if sample is None:
            return "", b""
        if is_json(sample.media_type):
            return sample.media_type, json.dumps(sample.sample.value).encode()
        if essence(sample.media_type) == FORM:
            return FORM, urlencode(list(pairs("", sample.sample.value))).encode()
        return sample.media_type if essence(sample.media_type) != MULTIPART else "", b"x"


def pairs(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, member in value.items():
            yield from pairs(f"{name}[{key}]" if name else key, member)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from pairs(f"{name}[{index}]", item)
    else:
        yield name, json.dumps(value) if isinstance(value, bool) else "" if value is None else str(value)


def fits(operation: Operation, answer: Answer) -> bool | None:
    """Whether the body is what the document declares for the status and media type; None if that says nothing."""
    key = declared_key(operation, answer.status)
    response = operation.response(key) if key else None
    content_type = answer.header("content-type")
    if response is None or content_type is None or not is_json(content_type):
        return None
    schemas = [
        schema
        for media_type, schema in operation.response_content(response)
        if "*" in media_type or essence(media_type) == essence(content_type)
    ]
    if not schemas or schemas[0] is None:
        return None
    return validator_for(operation.references, schemas[0], direction="response").is_valid(json.loads(answer.body))


@corpus.needs_corpus
@pytest.mark.parametrize("name", DOCUMENTS)
def test_answers_are_what_the_document_declares(name: str) -> None:
    client = Client(handling(corpus.FOLDER / name))
    answered = list(client.answers())
    judged = [found for operation, answer in answered if (found := fits(operation, answer)) is not None]
    assert len(judged) >= 4
    assert sum(judged) >= 0.98 * len(judged)
    assert not [operation.label for operation, answer in answered if answer.status >= 500]
    succeeded = [answer for _, answer in answered if answer.status < 400]
    assert len(succeeded) >= 0.9 * len(answered)
    read = [
        (operation.label, answer.status)
        for operation, answer in answered
        if client.roles[operation.label].action == "read" and operation.template in client.identifiers
    ]
    assert sum(status < 300 for _, status in read) >= 0.9 * len(read), read
