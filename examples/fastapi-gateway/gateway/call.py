"""One request's clock, and where its figures go: access log, histograms, server span."""

from time import perf_counter
from uuid import uuid4

from fastapi import Request
from opentelemetry import trace

from .access_log import AccessLog
from .database import Database
from .faults import Faults
from .metrics import Metrics
from .tracing import Tracing, current_trace_id


class Telemetry:
    """Everything a call reports to, one per worker."""

    def __init__(self, metrics: Metrics, log: AccessLog, tracing: Tracing, faults: Faults) -> None:
        self.metrics = metrics
        self.log = log
        self.tracing = tracing
        self.faults = faults
        self.database: Database | None = None


class Call:
    """Starts with the handler; `finish` counts once, however often it is called."""

    def __init__(self, to: Telemetry, request: Request, model: str) -> None:
        self._started = perf_counter()
        self._to = to
        self._method = request.method
        self._route = request.url.path
        self._model = model
        self._span = trace.get_current_span()
        self._trace_id = current_trace_id()
        self._ttft: float | None = None
        self._headers: float | None = None
        self._logged = False
        self._finished = False
        self.request_id = ""
        self.owner = ""
        self.status = 200

    def identify(self, request: Request) -> None:
        """By the caller's id, or by one of its own."""
        self.request_id = request.headers.get("x-request-id") or str(uuid4())

    def streaming(self) -> None:
        """The provider has begun to answer and the response's headers go out."""
        self._headers = self._elapsed()

    def first_chunk(self) -> None:
        """The first token is here and about to be sent."""
        if self._ttft is not None:
            return
        self._ttft = self._elapsed()
        self._to.tracing.first_chunk(self._span, self._ttft)
        self._to.metrics.ttft(self._route, self._model, self._ttft, self._trace_id)
        if self._to.faults.logs_at_first_chunk:
            self._log(self._ttft)

    def finish(self) -> None:
        """The answer is complete; where this is called decides what the total includes."""
        if self._finished:
            return
        self._finished = True
        total = self._elapsed()
        self._to.metrics.answered(self._route, self.status)
        if self._to.faults.metric_stops_at_headers and self._headers is not None:
            self._to.metrics.duration(self._route, self._model, self._headers, self._trace_id)
        elif not self._to.faults.measures_after_response:
            self._to.metrics.duration(self._route, self._model, total, self._trace_id)
        self._log(total)
        if self._to.database:
            self._to.database.record(self.owner, self.request_id, self._model, self.status, round(total * 1000, 3))

    async def after_response(self) -> None:
        """The response's background task."""
        if self._to.faults.measures_after_response:
            await self._to.faults.work_after_response()
            self._to.metrics.duration(self._route, self._model, self._elapsed(), self._trace_id)

    def _elapsed(self) -> float:
        return perf_counter() - self._started

    def _log(self, total: float) -> None:
        if self._logged:
            return
        self._logged = True
        self._to.log.write(
            request_id=self.request_id,
            trace_id=self._trace_id,
            method=self._method,
            path=self._route,
            status=self.status,
            duration_ms=round(total * 1000, 3),
            ttft_ms=None if self._ttft is None else round(self._ttft * 1000, 3),
        )
