"""OpenTelemetry: a server span a request, `idempotency.check` inside it, and two metrics.

Names follow the semantic conventions for HTTP spans and metrics 1.x; what is about keys has no convention and is called
`idempotency.*`. The key itself is never sent, only a hash, unless `IDEMLINT_OTEL_RAW_KEYS` is set. `OTEL_*` environment
variables say where to and how (OpenTelemetry specification, "Environment Variable Specification"); OTLP over HTTP is used.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from idemlint.errors import UsageError
from idemlint.mock import keys
from idemlint.mock.access_log import hashed
from idemlint.mock.handling import Handling
from idemlint.mock.keys import Standing

try:
    from opentelemetry.context import Context
    from opentelemetry.trace import SpanKind, StatusCode
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
except ImportError as missing:
    raise UsageError(
        f"--otel needs {missing.name}, which is not installed", hint="pip install 'idemlint[otel]'"
    ) from missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider

    from idemlint.mock.handling import Attempt
    from idemlint.mock.keys import Claim
    from idemlint.mock.messages import Answer, Request

_SCOPE: Final = "idemlint.mock"
_FLUSH_SECONDS: Final = 2.0
_RAW_KEYS: Final = "IDEMLINT_OTEL_RAW_KEYS"
_PROPAGATOR: Final = TraceContextTextMapPropagator()
_METHODS: Final = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})
_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_RESULTS: Final = {Standing.MISMATCH: "MISMATCH", Standing.IN_FLIGHT: "CONFLICT", Standing.DUPLICATE: "HIT"}


class Telemetry:
    """Makes spans and counts; flushes both when the server stops."""

    def __init__(
        self, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        """Without providers: those that the environment describes, exporting over OTLP/HTTP."""
        self._owned: list[Any] = []
        if tracer_provider is None or meter_provider is None:
            tracer_provider, meter_provider = self._exporting(tracer_provider, meter_provider)
        self._tracer = tracer_provider.get_tracer(_SCOPE)
        meter = meter_provider.get_meter(_SCOPE)
        self._checks = meter.create_counter(
            "idempotency.checks",
            unit="{check}",
            description="Requests with an idempotency key, by what became of them.",
        )
        self._durations = meter.create_histogram(
            "http.server.request.duration",
            unit="s",
            description="Duration of HTTP server requests.",
            explicit_bucket_boundaries_advisory=_BUCKETS,
        )
        self._raw_keys = os.environ.get(_RAW_KEYS, "") not in ("", "0", "false")

    @contextmanager
    def request(self, request: Request) -> Iterator[RequestSpan]:
        """The request's span; child of the caller's, if `traceparent` names one (W3C Trace Context)."""
        parent = _PROPAGATOR.extract(dict(request.headers), context=Context())
        method = request.method if request.method in _METHODS else "_OTHER"
        attributes = {"http.request.method": method, "url.path": request.path, "url.scheme": request.scheme}
        with self._tracer.start_as_current_span(method, parent, SpanKind.SERVER, attributes=attributes) as span:
            yield RequestSpan(self, span, method)

    @contextmanager
    def check(self, key: str) -> Iterator[Span]:
        told = key if self._raw_keys else hashed(key)
        with self._tracer.start_as_current_span("idempotency.check", attributes={"idempotency.key": told}) as span:
            yield span

    def answered(self, span: Span, method: str, request: Request, answer: Answer, seconds: float) -> None:
        attributes: dict[str, str | int] = {"http.request.method": method, "http.response.status_code": answer.status}
        if request.operation:
            attributes["http.route"] = request.operation.partition(" ")[2]
            span.update_name(request.operation)
        if answer.status >= 500:
            span.set_status(StatusCode.ERROR)
        if request.result:
            span.set_attribute("idempotency.result", request.result)
            self._checks.add(1, {"idempotency.result": request.result, "operation": request.operation})
        span.set_attributes(attributes)
        self._durations.record(seconds, {**attributes, "url.scheme": request.scheme})

    def shutdown(self) -> None:
        """Send what is left. A collector that does not answer keeps nobody waiting for longer than `_FLUSH_SECONDS`."""
        flushes = [threading.Thread(target=provider.shutdown, daemon=True) for provider in self._owned]
        self._owned.clear()
        for flush in flushes:
            flush.start()
        deadline = monotonic() + _FLUSH_SECONDS
        for flush in flushes:
            flush.join(max(0.0, deadline - monotonic()))

    def _exporting(
        self, tracer_provider: TracerProvider | None, meter_provider: MeterProvider | None
    ) -> tuple[TracerProvider, MeterProvider]:
        try:
            from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.metrics import MeterProvider as SdkMeterProvider
            from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
            from opentelemetry.sdk.resources import SERVICE_NAME, Resource
            from opentelemetry.sdk.trace import TracerProvider as SdkTracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError as error:
            raise UsageError(
                f"--otel needs {error.name}, which is not installed", hint="pip install 'idemlint[otel]'"
            ) from error
        name = os.environ.get("OTEL_SERVICE_NAME") or "idemlint-mock"
        resource = Resource.create({SERVICE_NAME: name})
        if tracer_provider is None:
            tracers = SdkTracerProvider(resource=resource)
            if os.environ.get("OTEL_TRACES_EXPORTER", "otlp") != "none":
                tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
            self._owned.append(tracers)
            tracer_provider = tracers
        if meter_provider is None:
            wanted = os.environ.get("OTEL_METRICS_EXPORTER", "otlp") != "none"
            readers = [PeriodicExportingMetricReader(OTLPMetricExporter())] if wanted else []
            meters = SdkMeterProvider(readers, resource=resource)
            self._owned.append(meters)
            meter_provider = meters
        return tracer_provider, meter_provider


class RequestSpan:
    """One request's span while it is open."""

    def __init__(self, telemetry: Telemetry, span: Span, method: str) -> None:
        self._telemetry = telemetry
        self._span = span
        self._method = method

    def answered(self, request: Request, answer: Answer, seconds: float) -> None:
        self._telemetry.answered(self._span, self._method, request, answer, seconds)


class Traced(Handling):
    """Puts a span round each look at a key, with what came of it."""

    telemetry: Telemetry

    async def claim(self, request: Request, attempt: Attempt) -> Claim:
        with self.telemetry.check(request.key) as span:
            claim = await super().claim(request, attempt)
            span.set_attribute("idempotency.result", _result(claim, attempt.fingerprint))
            return claim


def traced(handling: type[Handling], telemetry: Telemetry) -> type[Handling]:
    """The class, its claims traced."""
    return type("Handling", (Traced, handling), {"telemetry": telemetry})


def _result(claim: Claim, fingerprint: str) -> str:
    if claim.found is None:
        return "EXPIRED" if claim.expired else "MISS"
    return _RESULTS[keys.standing(claim.found, fingerprint)]
