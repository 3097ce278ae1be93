"""Seeded misbehaviours, each seen in real gateways, to show that an audit finds them. Off unless GATEWAY_FAULT names one or more.

The rest of the app asks `Faults` at the few places where one can act; without a fault every method is the identity.
"""

import asyncio
import random
from time import time_ns

FAULTS = {
    "coarse-log": "the access log rounds durations to whole seconds",
    "log-in-seconds": "the access log writes seconds under names that say milliseconds",
    "log-in-ms": "the access log writes milliseconds under names that say seconds",
    "log-offset": "durations in the access log are 200 ms too long",
    "log-scale": "durations in the access log are 5 % too long",
    "rare-log-outliers": "every 100th line of a worker's access log is 3 s too long",
    "log-written-early": "the access log line is written when the first chunk goes out, not when the last one does",
    "lost-log-lines": "every 33rd line of a worker's access log is not written",
    "slow-without-ttft": "lines of requests longer than 700 ms have no TTFT",
    "duplicate-ids": "every second line of the access log repeats the ids of the line before",
    "metric-in-ms": "histograms named in seconds are fed milliseconds",
    "metric-without-stream": "the duration histogram leaves out the time of streaming",
    "pinned-buckets": "the largest finite bucket lies below the usual durations",
    "private-registries": "each worker has a registry of its own, and a scrape sees whichever worker answers",
    "label-split": "every second observation goes to another value of the label `model`",
    "page-refused": "the metrics page answers 503 while a file `refuse` lies in PROMETHEUS_MULTIPROC_DIR",
    "dangling-exemplars": "observations name their trace (no multiprocess mode: for one worker), and every second trace is never recorded",
    "background-task": "the duration histogram includes 50 to 150 ms of work that follows the response",
    "span-without-stream": "the server span ends when the response starts",
    "head-sampling": "nine traces of ten are never recorded",
    "buffered-stream": "chunks are held back and sent at once, while the telemetry shows when they came from the provider",
    "provider-asked-twice": "every 10th request of a worker goes to the provider twice, and nothing says so",
    "auth-untraced": "no span tells of authentication",
    "provider-untraced": "no span tells of the call of the provider, and the trace ends at the gateway",
    "not-propagated": "the provider is called without the trace's id",
    "stages-side-by-side": "the spans of the stages are the caller's children, beside the server span",
    "invented-durations": "authentication lasts 7 ms in every trace, whatever it took",
    "outlasting-span": "the span of the adaptation ends 80 ms after the work",
    "secret-attributes": "the server span carries an authorization header",
    "slow-tracing": "recording a request holds it up for 40 ms",
    "nagle": "TCP_NODELAY is left off on connections (only differs in the repaired variant: the common one has it anyway)",
}


def check_names(text: str) -> frozenset[str]:
    """The names, separated by commas; a spelling mistake must not run as a clean gateway."""
    names = frozenset(filter(None, text.split(",")))
    for name in sorted(names - FAULTS.keys()):
        raise SystemExit(f"GATEWAY_FAULT has `{name}`; each of its names must be one of: {', '.join(FAULTS)}")
    return names


class Faults:
    """What the seeded faults do at each place where one can act."""

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names
        self._lines = 0
        self._calls = 0
        self._labelled = 0
        self._last_ids: dict[str, str] = {}

    def log_line(self, line: dict) -> dict | None:
        """The access log line as it is written, if it is."""
        self._lines += 1
        if "lost-log-lines" in self.names and self._lines % 33 == 0:
            return None
        if "slow-without-ttft" in self.names and line["duration_ms"] > 700:
            return line | {"ttft_ms": None}
        if "coarse-log" in self.names:
            return self._durations(line, lambda ms: float(round(ms / 1000) * 1000))
        if "log-in-seconds" in self.names:
            return self._durations(line, lambda ms: ms / 1000)
        if "log-in-ms" in self.names:
            return line | {"duration_s": line["duration_ms"], "ttft_s": line["ttft_ms"]}
        if "log-offset" in self.names:
            return self._durations(line, lambda ms: ms + 200)
        if "log-scale" in self.names:
            return self._durations(line, lambda ms: ms * 1.05)
        if "rare-log-outliers" in self.names and self._lines % 100 == 0:
            return line | {"duration_ms": line["duration_ms"] + 3000}
        if "duplicate-ids" in self.names:
            ids = {"request_id": line["request_id"], "trace_id": line["trace_id"]}
            if self._lines % 2 == 0:
                return line | self._last_ids
            self._last_ids = ids
        return line

    @staticmethod
    def _durations(line: dict, change) -> dict:
        changed = {k: round(change(line[k]), 6) for k in ("duration_ms", "ttft_ms") if line[k] is not None}
        return line | changed

    @property
    def logs_at_first_chunk(self) -> bool:
        return "log-written-early" in self.names

    def observed(self, seconds: float) -> float:
        """The value that a histogram in seconds is fed."""
        return seconds * 1000 if "metric-in-ms" in self.names else seconds

    def labelled(self, model: str) -> str:
        """The model as the histograms name it."""
        self._labelled += 1
        return f"{model}-canary" if "label-split" in self.names and self._labelled % 4 < 2 else model

    @property
    def exemplars(self) -> bool:
        """Whether observations name their trace."""
        return "dangling-exemplars" in self.names

    @property
    def pages_refused(self) -> bool:
        return "page-refused" in self.names

    @property
    def metric_stops_at_headers(self) -> bool:
        return "metric-without-stream" in self.names

    @property
    def measures_after_response(self) -> bool:
        return "background-task" in self.names

    async def work_after_response(self) -> None:
        """Work that the app does after the response, inside what it measures."""
        await asyncio.sleep(random.uniform(0.05, 0.15))

    @property
    def pins_buckets(self) -> bool:
        return "pinned-buckets" in self.names

    @property
    def span_ends_at_headers(self) -> bool:
        return "span-without-stream" in self.names

    @property
    def sampled_share(self) -> float | None:
        """The share of traces that is recorded, if not all that the caller asked for."""
        if "dangling-exemplars" in self.names:
            return 0.5
        return 0.1 if "head-sampling" in self.names else None

    def untraced(self, stage: str) -> bool:
        """Whether a stage has no span."""
        return {"authentication": "auth-untraced", "provider call": "provider-untraced"}.get(stage) in self.names

    @property
    def ends_at_the_gateway(self) -> bool:
        """Whether the provider is not told of the trace."""
        return bool(self.names & {"provider-untraced", "not-propagated"})

    @property
    def stages_side_by_side(self) -> bool:
        return "stages-side-by-side" in self.names

    def ends(self, stage: str, started: int) -> int | None:
        """When a stage's span ends, ns since the epoch, if not with the work."""
        if stage == "authentication" and "invented-durations" in self.names:
            return started + 7_000_000
        return None

    def outlasts(self) -> int | None:
        """When the span of the adaptation ends, ns since the epoch, if not with the work."""
        return time_ns() + 80_000_000 if "outlasting-span" in self.names else None

    def decorate(self, span, scope) -> None:
        """What else the server span tells."""
        if "secret-attributes" in self.names and span.is_recording():
            span.set_attribute("http.request.header.authorization", ["Bearer seeded-by-a-fault-2f1c"])

    @property
    def recording_takes_time(self) -> bool:
        return "slow-tracing" in self.names

    @property
    def buffers_stream(self) -> bool:
        return "buffered-stream" in self.names

    def retries(self) -> bool:
        """Whether this call to the provider is given up once it answers, and made again."""
        self._calls += 1
        return "provider-asked-twice" in self.names and self._calls % 10 == 0
