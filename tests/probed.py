"""Runs the probe as its command does, against a server on a real socket, and gives the report."""

from __future__ import annotations

import asyncio
import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from idemlint.contract.loading import load_profile
from idemlint.contract.profile import UNKNOWN
from idemlint.openapi.document import parse
from idemlint.openapi.references import References
from idemlint.probe.link import NetworkLink
from idemlint.probe.principals import Principal
from idemlint.probe.session import Session
from idemlint.probe.settings import Settings
from idemlint.probe.transport import GatedTransport
from idemlint.probe_report import Verdict

if TYPE_CHECKING:
    from idemlint.contract.profile import Profile
    from idemlint.probe_report import CheckResult, ProbeReport

SHOP = Path(__file__).parent.parent / "fixtures" / "apis" / "probe" / "shop.yaml"
ALICE = Principal("A", (("Authorization", "Bearer alice-credential"),))
BOB = Principal("B", (("Authorization", "Bearer bob-credential"),))


def probed(document: str, url: str, *, profile: str = "ietf-07", **settings: Any) -> ProbeReport:
    """A whole run with two accounts; `settings` as `Settings` has them."""
    given: dict[str, Any] = {"principals": {"A": ALICE, "B": BOB}, "seed": 7, "max_wait": 3.0, "max_requests": 20_000}
    references = References(parse(document, "shop.yaml"))
    session = Session(references, load_profile(profile), Settings(url, **{**given, **settings}))

    async def run() -> ProbeReport:
        link = NetworkLink(GatedTransport())
        try:
            going = session.run(link)
            async for _ in going.events():
                pass
            return going.report()
        finally:
            await link.close()

    return asyncio.run(run())


def shop(profile: str) -> str:
    """The shop's document as an API with this profile would write it: its name of the key, and where it travels."""
    document = yaml.safe_load(SHOP.read_text())
    contract = load_profile(profile)
    name = contract.carrier.name if contract.carrier.name is not UNKNOWN else "Idempotency-Key"
    required = contract.key.required if isinstance(contract.key.required, bool) else True
    parameters = document["components"]["parameters"]
    for key in ("IdempotencyKey", "FreeKey"):
        parameters[key].update(name=name, required=required, schema=_schema(contract, parameters[key]["schema"]))
        if contract.carrier.location == "parameter":
            parameters[key]["in"] = "query"
        elif contract.carrier.location != "header":
            parameters[key] = {"name": "X-Unrelated", "in": "header", "schema": {"type": "string"}}
    return yaml.safe_dump(copy.deepcopy(document), sort_keys=False)


def _schema(contract: Profile, declared: dict[str, Any]) -> dict[str, Any]:
    """The IETF's profile keeps the schemas of the file; a vendor's document says what its profile says."""
    if contract.name == "ietf-07":
        return declared
    schema: dict[str, Any] = {"type": "string"}
    if contract.key.max is not UNKNOWN:
        schema["maxLength"] = contract.key.max
    return schema


def failures(report: ProbeReport) -> dict[str, str]:
    """Failed checks to what they say."""
    found: dict[str, str] = {}
    for operation in report.operations:
        for check in operation.checks:
            if check.verdict is Verdict.FAIL and check.axis != "control":
                found.setdefault(check.id, f"{operation.operation}: {check.reason}")
    return found


def results(report: ProbeReport, identifier: str) -> list[CheckResult]:
    return [check for operation in report.operations for check in operation.checks if check.id == identifier]
