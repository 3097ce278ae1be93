"""One JSON line per request, appended by all workers to one file."""

import json
import logging
from datetime import UTC, datetime
from pathlib import Path

from .faults import Faults


class AccessLog:
    def __init__(self, path: Path, faults: Faults) -> None:
        self._faults = faults
        self._logger = logging.getLogger("gateway.access")
        self._logger.propagate = False
        self._logger.setLevel(logging.INFO)
        # opened for appending, and each line is one write: lines of two workers never mix
        handler = logging.FileHandler(path)
        handler.setFormatter(logging.Formatter("%(message)s"))
        self._logger.addHandler(handler)

    def write(self, **fields) -> None:
        line = {"ts": datetime.now(UTC).isoformat(timespec="milliseconds")} | fields
        if (written := self._faults.log_line(line)) is not None:
            self._logger.info(json.dumps(written))
