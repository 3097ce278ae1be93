"""A container that works in bursts: CPU for some time in each period; and a file that it wrote once, whose pages stay in the cache."""

import argparse
import os
import signal
import sys
import time

args = argparse.ArgumentParser(description=__doc__)
args.add_argument("--burst", type=float, default=0.3, help="s of CPU time asked for in each period")
args.add_argument("--every", type=float, default=1.0, help="s")
args.add_argument("--cache", type=int, default=0, help="MiB of the file")
args.add_argument("--first", type=float, default=0, help="s of CPU time before all else")
given = args.parse_args()
# the first process of a container has no default handlers
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

if given.cache:
    # not read again: pages of files that are used twice count as its working set
    with open("/tmp/cached", "wb") as file:
        for _ in range(given.cache):
            file.write(os.urandom(1 << 20))
        file.flush()
        os.fsync(file.fileno())
while time.process_time() < given.first:
    pass
print("works", flush=True)
begun = time.monotonic()
while True:
    until = time.process_time() + given.burst
    while time.process_time() < until:
        pass
    # periods stand at fixed times, whatever a burst took
    time.sleep(given.every - (time.monotonic() - begun) % given.every)
