#!/usr/bin/env python3
"""Writes pep440.txt, deb.txt, semver.txt and kernel.txt: pairs of versions, and which of them other programs say is newer.

    apt-get install -y dpkg linux-base && python3 -m venv venv && venv/bin/pip install packaging==26.4
    venv/bin/python tests/vectors/versions/make_vectors.py

PEP 440 by Python's packaging, Debian's by `dpkg --compare-versions`, kernels by `linux-version compare` of linux-base; of
Semantic Versioning, the list of semver.org (paragraph 11) with the pairs that follow from it.
"""
import itertools
import os
import pathlib
import random
import subprocess

import packaging
from packaging.version import Version

HERE = pathlib.Path(__file__).parent
rng = random.Random(20261101)
LINUX_VERSION = os.environ.get("LINUX_VERSION", "linux-version").split()

PEP440 = """1.0 1.0.0 1 1.0.dev1 1.0.dev456 1.0a1 1.0a2.dev456 1.0a12 1.0alpha12 1.0b1.dev456 1.0b2 1.0b2.post345 1.0b2.post345.dev456
1.0rc1 1.0c1 1.0rc1.dev456 1.0+abc.5 1.0+abc.7 1.0+5 1.0+abc 1.0.post456 1.0.post456.dev34 1.1.dev1 v1.1 1!0.1 2024.1.1 3.10 3.1 3.11.4
2.1.0+cu121 2.1.0+cu118 2.1.0 0.110.0 0.110.3 0.4.0.post1 0.4.0 1.26.4 2.0.0rc1 1.0-1 1.0.post1 1.0+ubuntu-1 1.0+ubuntu.1 0!1.0""".split()
DEB = """1.0 1.0-1 1.0-1+b1 1.0-1.1 1.00-01 0:1.0 1:1.0 1.0~rc1 1.0~rc1-1 1.0~~ 1.0~ 1.0a 1.0+dfsg-1 1.0+dfsg 1.0.0 1.1 2.36-9+deb12u4 2.36-9+deb12u10
2.36-9 3.0.11-1~deb12u2 3.0.11-1~deb12u10 3.0.11-1 1.1.1n-0+deb11u5 1.1.1w-0+deb11u1 1:9.2p1-2+deb12u2 1:9.2p2-1 15.14-0+deb12u1 15.4-1.pgdg120+1
2.3.0+git20210101-1 2.3.0-1 7.88.1-10 1.2.11.dfsg-2 1.2.11-2 0.1.9.0-1 1.0-a 1.0-1ubuntu1 1.0-1ubuntu1.2 1.0-1ubuntu10 1.a 1.+ 99999999999999999999999-1""".split()
KERNEL = """6.1.0-18-amd64 6.1.0-28-amd64 6.1.0-9-amd64 6.1 6.1.1 6.12.1-1-amd64 5.15.0-101-generic 5.15.0-91-generic 5.10.0-28-amd64 5.15.0-7-generic
6.8.0-31-generic 6.8.0-rc3 6.8.0-rc10 6.8.0 6.18.5 6.9 6.10 2.6.32 3.16.0-4-amd64 4.19.0-26-amd64""".split()
SEMVER = "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 2.0.0 2.1.0 2.1.1".split()


def write(name, head, pairs):
    (HERE / name).write_text(f"# {head}\n" + "".join(f"{a} {sign} {b}\n" for a, sign, b in pairs))
    print(name, len(pairs))


def some(words, n):
    pairs = list(itertools.combinations(words, 2))
    # All neighbours of the list, which are the near ones, and others at random.
    near = list(zip(words, words[1:]))
    rest = [p for p in pairs if p not in near]
    chosen = near + rng.sample(rest, min(n - len(near), len(rest)))
    return [p if rng.random() < 0.5 else p[::-1] for p in chosen]


def sign(a, b):
    return "<" if a < b else ">" if a > b else "="


def asked(command, a, b):
    for op, word in (("lt", "<"), ("eq", "="), ("gt", ">")):
        if subprocess.run([*command, a, op, b], stderr=subprocess.DEVNULL).returncode == 0:
            return word
    raise SystemExit(f"{command} cannot tell {a} from {b}")


dpkg = subprocess.run(["dpkg", "--version"], capture_output=True, text=True).stdout.split("version ")[1].split(" ")[0]
write("pep440.txt", f"packaging {packaging.__version__}", [(a, sign(Version(a), Version(b)), b) for a, b in some(PEP440, 300)])
write("deb.txt", f"dpkg {dpkg} --compare-versions", [(a, asked(["dpkg", "--compare-versions"], a, b), b) for a, b in some(DEB, 300)])
write("kernel.txt", "linux-base 4.12.1 linux-version compare", [(a, asked([*LINUX_VERSION, "compare"], a, b), b) for a, b in some(KERNEL, 120)])
order = {v: i for i, v in enumerate(SEMVER)}
write("semver.txt", "https://semver.org/spec/v2.0.0.html paragraph 11; build metadata by paragraph 10",
      [(a, sign(order[a], order[b]), b) for a, b in some(SEMVER, 55)] + [(v + "+a", "=", v + "+b") for v in SEMVER])
