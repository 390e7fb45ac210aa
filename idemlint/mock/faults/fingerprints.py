"""Faults in what makes two payloads the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from idemlint.mock.faults.fault import Fault
from idemlint.mock.handling import Handling
from idemlint.mock.messages import NOT_JSON

if TYPE_CHECKING:
    from idemlint.mock.keys import Record, Standing
    from idemlint.mock.messages import Request
    from idemlint.mock.routing import Route


class NoFingerprint(Handling):
    def payload(self, request: Request, route: Route) -> bytes:
        return b""


class RawOrderFingerprint(Handling):
    """As JSON.stringify writes it: white space is gone, and members stay in the order in which they came."""

    def payload(self, request: Request, route: Route) -> bytes:
        value = request.json()
        return request.body if value is NOT_JSON else json.dumps(value, separators=(",", ":")).encode()


class FingerprintLost(Handling):
    def standing(self, found: Record, fingerprint: str) -> Standing:
        return super().standing(found if found.answer is None else found._replace(fingerprint=""), fingerprint)


FAULTS: Final = (
    Fault(
        "no-fingerprint",
        "another payload under the same key gets the first one's answer",
        (NoFingerprint,),
        (
            "aws-powertools/powertools-lambda-typescript#2058",
            "aws-powertools/powertools-lambda-java#2260",
            "josipmusa/idempotency4j#12",
        ),
        ("FPR-01", "FPR-09"),
    ),
    Fault(
        "raw-order-fingerprint",
        "the same JSON object with its members in another order counts as another payload",
        (RawOrderFingerprint,),
        ("aws-powertools/powertools-lambda-typescript#2120", "aws-powertools/powertools-lambda-typescript#2570"),
        ("FPR-02",),
    ),
    Fault(
        "fingerprint-lost",
        "the payload's hash is dropped when the record is completed, so that an identical retry is rejected",
        (FingerprintLost,),
        ("aws-powertools/powertools-lambda-typescript#5705", "aws-powertools/powertools-lambda-typescript#1499"),
        ("FPR-12",),
    ),
)
