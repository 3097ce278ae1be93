"""Spans of the gateway's own stages, inside the server span: where a request's time goes."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import time_ns

from fastapi import Request
from opentelemetry import propagate, trace

from .faults import Faults
from .settings import Settings


class Stages:
    """Starts a span around each stage of the repaired variant; the common one has none, as most gateways."""

    def __init__(self, settings: Settings, faults: Faults, provider: trace.TracerProvider) -> None:
        self._on = settings.repaired
        self._faults = faults
        self._tracer = trace.get_tracer("gateway", tracer_provider=provider)

    @contextmanager
    def of(self, name: str, request: Request) -> Iterator[None]:
        """The stage lasts as long as the block."""
        stage = self.begin(name, request)
        try:
            with stage.current():
                yield
        finally:
            stage.end()

    def begin(self, name: str, request: Request) -> "Stage":
        """A stage that outlasts a block, such as the call of a provider that streams. Whoever begins it ends it."""
        if not self._on or self._faults.untraced(name):
            return Stage(None, None)
        context = propagate.extract(dict(request.headers)) if self._faults.stages_side_by_side else None
        started = time_ns()
        return Stage(self._tracer.start_span(name, context, start_time=started), self._faults.ends(name, started))


class Stage:
    """A stage that has begun; without a span it is nothing."""

    def __init__(self, span: trace.Span | None, ends: int | None) -> None:
        self._span = span
        self._ends = ends

    @contextmanager
    def current(self) -> Iterator[None]:
        """Spans that start within the block are the stage's."""
        if self._span is None:
            yield
            return
        with trace.use_span(self._span):
            yield

    def end(self, ends: int | None = None) -> None:
        """Ends it once, now or at another time, ns since the epoch."""
        span, self._span = self._span, None
        if span is not None:
            span.end(self._ends or ends)
