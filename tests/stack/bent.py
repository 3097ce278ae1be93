"""A metrics page that tells true figures of containers, and next to each the same bent, as exporters in the field bend them.

Every name says what is wrong; `true_...` is right. Read from the kernel's files twenty times a second, so that what is late is late by a
known time.
"""

import argparse
import http.client
import json
import os
import socket
import threading
import time
from collections import deque
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

EVERY = 0.05
LATE = 3.0


class Docker(http.client.HTTPConnection):
    """Docker's API on its socket."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(2)
        self.sock.connect("/var/run/docker.sock")


def inspect(name: str) -> dict | None:
    """A running container."""
    try:
        docker = Docker("docker")
        docker.request("GET", f"/containers/{name}/json")
        told = json.loads(docker.getresponse().read())
        docker.close()
    except (OSError, ValueError):
        return None
    return told if told.get("State", {}).get("Running") else None


def text(path: str) -> str:
    with open(path) as file:
        return file.read()


class Group:
    """A container's control group, of either version."""

    def __init__(self, told: dict) -> None:
        self.id, self.pid = told["Id"], told["State"]["Pid"]
        whole = [f"/sys/fs/cgroup/system.slice/docker-{self.id}.scope", f"/sys/fs/cgroup/docker/{self.id}"]
        self._one = next((path for path in whole if os.path.exists(path + "/memory.current")), None)

    def cpu(self) -> float:
        if self._one:
            return int(text(self._one + "/cpu.stat").split()[1]) / 1e6
        return int(text(f"/sys/fs/cgroup/cpuacct/docker/{self.id}/cpuacct.usage")) / 1e9

    def memory(self) -> int:
        return int(text(self._one + "/memory.current" if self._one else f"/sys/fs/cgroup/memory/docker/{self.id}/memory.usage_in_bytes"))

    def inactive(self) -> int:
        stat = text(self._one + "/memory.stat" if self._one else f"/sys/fs/cgroup/memory/docker/{self.id}/memory.stat")
        word = "inactive_file" if self._one else "total_inactive_file"
        return next(int(line.split()[1]) for line in stat.splitlines() if line.split()[0] == word)

    def received(self) -> int:
        lines = text(f"/proc/{self.pid}/net/dev").splitlines()[2:]
        return sum(int(line.split(":")[1].split()[0]) for line in lines if not line.strip().startswith("lo:"))

    def workers(self) -> list[float]:
        """CPU time of each of its processes."""
        ticks = os.sysconf("SC_CLK_TCK")
        procs = self._one + "/cgroup.procs" if self._one else f"/sys/fs/cgroup/cpuacct/docker/{self.id}/cgroup.procs"
        fields = [text(f"/proc/{pid}/stat").rsplit(")", 1)[1].split() for pid in text(procs).split()]
        return sorted((int(f[11]) + int(f[12])) / ticks for f in fields)


class Watched:
    """A container that may come and go, with what it used lately."""

    def __init__(self, name: str) -> None:
        self.name, self.began, self.group = name, 0.0, None
        self.lately: deque[tuple[float, float]] = deque(maxlen=int((LATE + 2) / EVERY))

    def look(self) -> None:
        try:
            if self.group is None:
                told = inspect(self.name)
                self.group = Group(told) if told else None
                self.began = datetime.fromisoformat(told["State"]["StartedAt"][:26].rstrip("Z") + "+00:00").timestamp() if told else 0.0
                self.lately.clear()
            if self.group:
                self.lately.append((time.time(), self.group.cpu()))
        except OSError:
            self.group = None

    def cpu_ago(self, seconds: float) -> float | None:
        """What it had used so long ago."""
        at = time.time() - seconds
        return next((cpu for when, cpu in reversed(list(self.lately)) if when <= at), None)


class Page:
    """The lines of a page; a figure that cannot be told has none."""

    def __init__(self, watched: list[Watched]) -> None:
        self._watched, self._asked = watched, 0
        host = text("/proc/meminfo").splitlines()[0]
        self._host_memory = int(host.split()[1]) * 1024

    def lines(self):
        self._asked += 1
        for of in self._watched:
            try:
                yield from self._of(of, of.group) if of.group else ()
            except (OSError, IndexError, StopIteration):
                of.group = None

    def _of(self, of: Watched, group: Group):
        who = f'{{container="{of.name}"}}'
        now, cpu = time.time(), group.cpu()
        yield f"true_cpu_seconds_total{who} {cpu}"
        lived = max(now - of.began, EVERY)
        yield f"bent_lifetime_percent{who} {cpu / lived * 100}"
        # the whole beside its parts, all of which a sum() adds up
        for core, share in {"total": 1.0, "0": 0.5, "1": 0.5}.items():
            yield f'bent_core_cpu_seconds_total{{container="{of.name}",cpu="{core}"}} {cpu * share}'
        if (late := of.cpu_ago(LATE)) is not None:
            yield f"bent_late_cpu_seconds_total{who} {late}"
        workers = [used for used in group.workers() if used > 0] or [0.0]
        yield f"bent_worker_cpu_seconds_total{who} {workers[self._asked % len(workers)]}"
        usage = group.memory()
        yield f"true_working_set_bytes{who} {usage - group.inactive()}"
        yield f"bent_working_set_bytes{who} {usage}"
        yield f"bent_memory_limit_bytes{who} {self._host_memory}"
        received = group.received()
        yield f"true_received_bytes_total{who} {received}"
        # the container's end of its link and the host's carry the same bytes
        yield f"bent_received_bytes_total{who} {2 * received}"
        # a container that is gone, by a reader that goes on telling its last figure with a stamp of its own
        yield f'bent_shown_cpu_seconds_total{{container="{of.name}",id="{group.id}"}} {cpu} {int(now * 1e3)}'
        yield f'bent_shown_cpu_seconds_total{{container="{of.name}",id="{"0" * 64}"}} 12.5 {int(now * 1e3)}'


def serve(names: list[str], port: int) -> None:
    watched = [Watched(name) for name in names]
    page = Page(watched)

    def look() -> None:
        while True:
            for of in watched:
                of.look()
            time.sleep(EVERY if all(of.group for of in watched) else 4 * EVERY)

    threading.Thread(target=look, daemon=True).start()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = ("\n".join(page.lines()) + "\n").encode()
            self.send_response(200)
            self.send_header("content-type", "text/plain; version=0.0.4")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_) -> None:
            pass

    ThreadingHTTPServer(("127.0.0.1", port), Answer).serve_forever()


if __name__ == "__main__":
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--port", type=int, required=True)
    args.add_argument("names", nargs="+")
    given = args.parse_args()
    serve(given.names, given.port)
