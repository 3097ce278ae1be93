"""Starts the gateway with its workers: `python -m gateway.serve --port 8000`."""

import argparse
import os
import shutil
import socket
import tempfile

import uvicorn
from uvicorn.supervisors import Multiprocess

from .settings import Settings


def main() -> None:
    args = argparse.ArgumentParser(prog="python -m gateway.serve", description=__doc__)
    args.add_argument("--host", default="127.0.0.1")
    args.add_argument("--port", type=int, default=8000)
    args.add_argument("--workers", type=int, default=2, help="how many")
    given = args.parse_args()
    settings = Settings.from_env()

    own_dir = None
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ and not settings.faults & {"private-registries", "dangling-exemplars"}:
        own_dir = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="gateway-metrics-")
    try:
        serve(settings, given.host, given.port, given.workers)
    finally:
        if own_dir:
            shutil.rmtree(own_dir, ignore_errors=True)


def serve(settings: Settings, host: str, port: int, workers: int) -> None:
    config = uvicorn.Config("gateway.app:app", host=host, port=port, workers=workers, access_log=False)
    # The same as `uvicorn gateway.app:app --workers N` does, except for the one option. With several workers uvicorn makes
    # the socket without naming its protocol, and asyncio then leaves Nagle's algorithm on: under load the first
    # token waits for an acknowledgement, up to 42 ms. Connections inherit the option from the listening socket.
    listener = config.bind_socket()
    if settings.repaired and "nagle" not in settings.faults:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    Multiprocess(config, sockets=[listener]).run()


if __name__ == "__main__":
    main()
