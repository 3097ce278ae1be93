"""Prometheus metrics of all workers on one page (prometheus_client's multiprocess mode)."""

import os

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
import prometheus_client.openmetrics.exposition as openmetrics
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from .faults import Faults
from .settings import Settings

# A quantile is read inside one bucket, so a bucket is as wide as the error of that quantile: 8 % from 1 ms to beyond
# 60 s. That is 144 series per label set: few enough for a gateway with a handful of routes and models.
FINE = tuple(round(0.001 * 1.08**n, 9) for n in range(145))
PINNED = (0.005, 0.01, 0.025, 0.05, 0.1)


class Metrics:
    def __init__(self, settings: Settings, faults: Faults) -> None:
        buckets = Histogram.DEFAULT_BUCKETS
        if settings.repaired:
            buckets = FINE
        if faults.pins_buckets:
            buckets = PINNED
        labels = ("route", "model")
        self._faults = faults
        self._ttft = Histogram("gateway_ttft_seconds", "Time to the first token of a streamed answer", labels, buckets=buckets)
        self._duration = Histogram("gateway_request_duration_seconds", "Time from request to end of answer", labels, buckets=buckets)
        self._requests = Counter("gateway_requests_total", "Requests by route and status", ("route", "status"))

    def ttft(self, route: str, model: str, seconds: float, trace_id: str) -> None:
        self._ttft.labels(route, self._faults.labelled(model)).observe(self._faults.observed(seconds), self._exemplar(trace_id))

    def duration(self, route: str, model: str, seconds: float, trace_id: str) -> None:
        self._duration.labels(route, self._faults.labelled(model)).observe(self._faults.observed(seconds), self._exemplar(trace_id))

    def _exemplar(self, trace_id: str) -> dict[str, str] | None:
        return {"trace_id": trace_id} if self._faults.exemplars else None

    def answered(self, route: str, status: int) -> None:
        self._requests.labels(route, str(status)).inc()

    def refused(self) -> bool:
        """Whether a file `refuse` beside the workers' metrics asks for a page that cannot be read."""
        folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        return self._faults.pages_refused and folder is not None and os.path.exists(os.path.join(folder, "refuse"))

    def page(self) -> tuple[bytes, str]:
        """The metrics page and its content type."""
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)
        else:
            registry = REGISTRY
        if self._faults.exemplars:
            return openmetrics.generate_latest(registry), openmetrics.CONTENT_TYPE_LATEST
        return generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4
