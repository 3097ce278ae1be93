"""OpenTelemetry: the FastAPI and httpx instrumentation, exported over OTLP/HTTP."""

from contextlib import nullcontext
from time import sleep

from fastapi import FastAPI, Request
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import DEFAULT_ON, TraceIdRatioBased

from .faults import Faults
from .settings import Settings
from .stages import Stages


class Tracing:
    def __init__(self, settings: Settings, faults: Faults) -> None:
        sampler = DEFAULT_ON if faults.sampled_share is None else TraceIdRatioBased(faults.sampled_share)
        resource = Resource.create({"service.name": settings.service_name})
        self._provider = TracerProvider(sampler=sampler, resource=resource)
        if settings.otlp_endpoint:
            self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{settings.otlp_endpoint.rstrip('/')}/v1/traces")))
        if faults.recording_takes_time:
            self._provider.add_span_processor(Slow())
        trace.set_tracer_provider(self._provider)
        self.stages = Stages(settings, faults, self._provider)
        self._own_span = faults.span_ends_at_headers
        self._faults = faults
        self._settings = settings

    def instrument(self, app: FastAPI) -> None:
        if not self._faults.ends_at_the_gateway:
            HTTPXClientInstrumentor().instrument(tracer_provider=self._provider)
        if self._own_span:
            return
        # Left alone, the instrumentation makes one span per message: hundreds per streamed answer.
        exclude = ["receive", "send"] if self._settings.repaired else None
        FastAPIInstrumentor.instrument_app(
            app,
            tracer_provider=self._provider,
            exclude_spans=exclude,
            excluded_urls="metrics,healthz",
            server_request_hook=self._faults.decorate,
        )

    def handler_span(self, request: Request):
        """Around the handler. Normally nothing: the instrumentation's server span is already there and outlives the handler."""
        if not self._own_span:
            return nullcontext()
        tracer = trace.get_tracer("gateway", tracer_provider=self._provider)
        context = propagate.extract(dict(request.headers))
        return tracer.start_as_current_span(f"{request.method} {request.url.path}", context=context, kind=trace.SpanKind.SERVER)

    def first_chunk(self, span: trace.Span, seconds: float) -> None:
        """Time to the first chunk on the server span, under its OpenTelemetry name."""
        if self._settings.repaired:
            span.set_attribute("gen_ai.response.time_to_first_chunk", seconds)

    def shutdown(self) -> None:
        self._provider.shutdown()


class Slow(SpanProcessor):
    """Holds every request up that is recorded."""

    def on_start(self, span, parent_context=None) -> None:
        if span.kind is trace.SpanKind.SERVER:
            sleep(0.04)


def current_trace_id() -> str:
    """The trace id as W3C writes it, or 32 zeros outside of any trace."""
    return format(trace.get_current_span().get_span_context().trace_id, "032x")
