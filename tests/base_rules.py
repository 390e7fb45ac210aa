"""Small documents for the base rules, and what the rules find in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idemlint.check.loading import RulesetLoader
from idemlint.check.runner import check_document
from idemlint.contract.contract import DEFAULT, Contract
from idemlint.openapi.document import parse

if TYPE_CHECKING:
    from idemlint.findings import Finding

HEAD = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\n"
CONFLICT = "'409': {description: c, content: {application/json: {schema: {type: object}}}}"


def check(text: str, contract: Contract = DEFAULT, ruleset: str = "recommended") -> list[Finding]:
    rules = RulesetLoader().load([f"idemlint:{ruleset}"], "/")
    return check_document(parse(text, "<stdin>"), rules, contract).findings


def only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1, findings
    return findings[0]


def post(parameters: str, responses: str = CONFLICT) -> str:
    return (
        f"{HEAD}paths:\n  /payments:\n    post:\n      parameters: [{parameters}]\n      responses: {{{responses}}}\n"
    )
