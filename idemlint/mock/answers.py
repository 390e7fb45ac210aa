"""Every answer that is not the work's own: errors as RFC 9457 problems, and the marks on replays.

An error carries the members of a problem document, and beside them whatever the profile says tells this error from
others (`/error/code` of `idempotency_key_in_use`). Both are sent, so that a client written for the vendor and one
written for the standard understand it. Where the profile names no code, `code` holds the mock's own word.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from idemlint.contract.profile import UNKNOWN
from idemlint.mock.messages import Answer
from idemlint.mock.problems import about, put
from idemlint.mock.rendering import field_text, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from idemlint.contract.profile import NameValue
    from idemlint.mock.messages import Request
    from idemlint.mock.policy import Policy, Refusal

ORIGINAL: Final = "x-original-request-id"
"""Header that a record keeps where the profile's replays name the first request. No client sees it."""
_DRAFT: Final = "https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header-06#section-{}"
_REPEATABLE: Final = "https://docs.oasis-open.org/odata/repeatable-requests/v1.0/repeatable-requests-v1.0.html"
_MAX_VIOLATIONS: Final = 20


class Answers:
    """Answers in the manner of one policy. What never changes is made once."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._media = "application/problem+json" if policy.problem else "application/json"
        self._name = key_name(policy)
        marker = policy.marker
        self._marker = (marker.name.lower(), marker.value) if marker is not None else None
        result = policy.result_header
        self._result = (result.name.lower(), result.value) if result is not None else None
        self._echo = policy.echo_header.lower() if policy.echo_header is not None else None
        self._rejected = ((result.name.lower(), "rejected"),) if result is not None else ()
        self._plain = self._echo is None and self._result is None and policy.original_request_field is None
        """Whether first answers go out as they are."""
        self._missing = self._missing_key()
        self._in_flight = self._request_in_flight()

    # --- about keys ----------------------------------------------------------------------------------------------------

    def missing(self, name: str = "") -> Answer:
        """Section 2.7: the operation needs a key and the request has none. `name` of what is missing, if not the
        profile's own header, member or parameter.
        """
        return self._missing if not name or name == self._name else self._missing_key(name)

    def malformed(self, reason: str) -> Answer:
        """A key that breaks the format. `reason` is a sentence that begins with a capital and has no full stop."""
        return self._about_key(
            self.policy.on_malformed,
            word="idempotency_key_malformed",
            title="Idempotency key malformed",
            detail=f"{reason}. Send one well-formed key in {self._name}.",
            section="2.1",
            headers=self._rejected,
        )

    def outside_window(self, name: str, seconds: float) -> Answer:
        """OASIS Repeatable Requests 1.0, section 3.2: first sent too long ago to tell whether it was executed."""
        return self._about_key(
            self.policy.on_outside,
            word="outside_repeatability_window",
            title="Outside the repeatability window",
            detail=f"{name} is more than {seconds:.0f} seconds from now. Find out whether the first attempt succeeded.",
            type_uri=_REPEATABLE,
            headers=self._rejected,
        )

    def mismatch(self, stored: Answer | None = None) -> Answer:
        """Section 2.7: the key was used with another payload. `stored`, the answer to the first, names its resource."""
        return self._about_key(
            self.policy.on_mismatch,
            word="idempotency_key_reused",
            title="Idempotency key reused",
            detail="This key was used before with a different request. Repeat the first request unchanged, "
            "or send a new key.",
            stored=stored,
            headers=self._rejected,
        )

    def in_flight(self) -> Answer:
        """Section 2.6: the first request with this key is still at work."""
        return self._in_flight

    def duplicate(self, stored: Answer) -> Answer:
        """A duplicate of a request that ended, where the profile refuses those."""
        return self._about_key(
            self.policy.on_duplicate,
            word="idempotency_request_completed",
            title="Request already completed",
            detail="A request with this key was completed before. Fetch what it made instead of sending it again.",
            section="2.6",
            stored=stored,
        )

    def marked(self, answer: Answer, request: Request, *, replayed: bool) -> Answer:
        """The answer as this exchange gets it: the marker on replays alone; the echo and result headers on any."""
        if self._plain and (not replayed or self._marker is None):
            return answer
        more: list[tuple[str, str]] = []
        if self._echo is not None:
            more.append((self._echo, field_text(request.key)))
        if self._result is not None:
            more.append(self._result)
        if replayed and self._marker is not None:
            more.append(self._marker)
        if self.policy.original_request_field is not None:
            answer = self._with_original(answer, self.policy.original_request_field, more, replayed=replayed)
        return answer.with_headers(*more)

    # --- about the mock itself -----------------------------------------------------------------------------------------

    def store_down(self) -> Answer:
        """Closed, not open: without the store nothing can be told about a key, so nothing is done."""
        return self.problem(
            503,
            "The store of idempotency keys cannot be reached; nothing was done. Retry with the same key.",
            headers=(("retry-after", "1"),),
        )

    def lost(self) -> Answer:
        """The run took longer than its lease and another has the key: nothing of this one happened."""
        return self.problem(
            503,
            "The request took too long and lost its key; nothing was done. Retry with the same key.",
            headers=(("retry-after", "1"),),
        )

    def contended(self) -> Answer:
        return self.problem(
            503,
            "The resource kept changing under this request; nothing was done. Retry with the same key.",
            headers=(("retry-after", "1"),),
        )

    def too_large(self) -> Answer:
        """The answer is longer than a record may be, so it could not be replayed, so the work is not done."""
        return self.problem(
            500, "The answer is too large to be kept for a replay, so nothing was done. Ask the mock for less."
        )

    def server_error(self) -> Answer:
        return self.problem(500, "The mock failed because the request asked it to (Prefer: fail).")

    # --- about requests ------------------------------------------------------------------------------------------------

    def invalid(self, violations: Iterable[str | dict[str, Any]], status: int = 400) -> Answer:
        """`violations`: sentences, or objects with `detail` and `pointer` or `parameter` (RFC 9457, appendix A)."""
        errors = []
        for violation in violations:
            errors.append({"detail": violation} if isinstance(violation, str) else violation)
            if len(errors) == _MAX_VIOLATIONS:
                break
        detail = str(errors[0]["detail"]) if errors else "The request is not valid."
        if len(errors) > 1:
            detail = f"{detail} ({len(errors) - 1} more in errors)"
        return self.problem(status, detail, title="Request not valid", members={"errors": errors})

    def not_found(self, detail: str = "") -> Answer:
        return self.problem(404, detail or "The document has no path that fits this one.")

    def method_not_allowed(self, allow: Iterable[str]) -> Answer:
        allowed = ", ".join(allow)
        return self.problem(405, f"This path knows {allowed or 'no method'}.", headers=(("allow", allowed),))

    def unauthorized(self, challenge: str, detail: str = "") -> Answer:
        return self.problem(
            401, detail or "A valid credential is required.", headers=(("www-authenticate", challenge),)
        )

    def unsupported_media_type(self, accepted: Iterable[str]) -> Answer:
        """RFC 9110, section 15.5.16: `Accept` in the answer says what would have been right."""
        names = ", ".join(accepted)
        return self.problem(415, f"This operation takes {names}.", headers=(("accept", field_text(names)),))

    def not_acceptable(self, offered: Iterable[str]) -> Answer:
        return self.problem(406, f"This operation answers with {', '.join(offered)}.")

    def payload_too_large(self, limit: int | None = None) -> Answer:
        return self.problem(413, f"The body is larger than {limit:,} bytes." if limit else "The body is too large.")

    def header_too_large(self, limit: int | None = None) -> Answer:
        return self.problem(431, f"The header is larger than {limit:,} bytes." if limit else "The header is too large.")

    def timeout(self) -> Answer:
        return self.problem(408, "The request did not arrive in time.", headers=(("connection", "close"),))

    def problem(
        self,
        status: int,
        detail: str,
        *,
        title: str = "",
        type_uri: str = "",
        members: dict[str, Any] | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> Answer:
        """RFC 9457. `type` is an absolute URI that leads to documentation, and `Link` repeats it (section 2.7)."""
        known = about(status)
        uri = type_uri or known.documentation
        body = {"type": uri, "title": title or known.title, "status": status, "detail": detail, **(members or {})}
        return Answer(
            status,
            (("content-type", self._media), ("link", f'<{uri}>; rel="describedby"'), *headers),
            to_json(body),
        )

    # --- steps ---------------------------------------------------------------------------------------------------------

    def _missing_key(self, name: str = "") -> Answer:
        return self._about_key(
            self.policy.on_missing,
            word="idempotency_key_missing",
            title="Idempotency key missing",
            detail=f"This operation requires {name or self._name}. Send one key for each operation that you mean, "
            "and the same one again when you retry it.",
        )

    def _request_in_flight(self) -> Answer:
        headers: list[tuple[str, str]] = [("retry-after", str(self.policy.retry_after))]
        extra: NameValue | None = self.policy.in_flight_header
        if extra is not None:
            headers.append((extra.name.lower(), extra.value))
        return self._about_key(
            self.policy.on_in_flight,
            word="idempotency_request_in_progress",
            title="Request in progress",
            detail="The first request with this key has not ended yet. Retry later with the same key.",
            section="2.6",
            headers=tuple(headers),
        )

    def _about_key(
        self,
        refusal: Refusal,
        *,
        word: str,
        title: str,
        detail: str,
        section: str = "2.7",
        type_uri: str = "",
        stored: Answer | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> Answer:
        answer = self.problem(
            refusal.status, detail, title=title, type_uri=type_uri or _DRAFT.format(section), headers=headers
        )
        body = json.loads(answer.body)
        code = refusal.code
        if code is None:
            body["code"] = word
        else:
            put(body, "/code" if code.pointer is UNKNOWN else code.pointer, code.values[0])
            error = body.get("error")
            if isinstance(error, dict):
                error.setdefault("message", detail)
        if refusal.resource_pointer is not None and stored is not None:
            identifier = made_by(stored)
            if identifier is not None:
                put(body, refusal.resource_pointer, identifier)
        return answer._replace(body=to_json(body))

    def _with_original(self, answer: Answer, member: str, more: list[tuple[str, str]], *, replayed: bool) -> Answer:
        """The seed guide's `original_request_id`: a member of replayed bodies; the first exchange's own request id."""
        original = answer.header(ORIGINAL)
        if original is None:
            return answer
        answer = answer._replace(headers=tuple(line for line in answer.headers if line[0] != ORIGINAL))
        if not replayed:
            more.append(("x-request-id", original))
            return answer
        try:
            body = json.loads(answer.body)
        except (ValueError, RecursionError):
            return answer
        if not isinstance(body, dict):
            return answer
        body[member] = original
        return answer._replace(body=to_json(body))


def key_name(policy: Policy) -> str:
    """What carries the key, as an error names it."""
    carrier = policy.carrier
    if carrier.location == "body":
        pointer = carrier.pointer if carrier.pointer is not UNKNOWN else "/idempotency_key"
        return f"the body's member {pointer[1:].replace('/', '.')}"
    name = carrier.name if carrier.name is not UNKNOWN else "Idempotency-Key"
    return f"the header {name}" if carrier.location == "header" else f"the {carrier.location} {name}"


def made_by(answer: Answer) -> str | int | None:
    """The id of what a request made: the body's `id`, else the end of `Location`."""
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        body = None
    while isinstance(body, dict):
        identifier = body.get("id")
        if isinstance(identifier, str | int) and not isinstance(identifier, bool):
            return identifier
        inner = [value for value in body.values() if isinstance(value, dict)]
        body = inner[0] if len(inner) == 1 else None
    location = answer.header("location")
    return unquote(location.rstrip("/").rpartition("/")[2]) if location else None
