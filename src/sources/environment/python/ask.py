# Run by the interpreter of a process, with -S, so that nothing of anybody's is imported: neither `sitecustomize` nor the lines of
# .pth files, which start what the process has to start (telemetry, debuggers). Arguments: PYTHONPATH, the base of the user's packages.
import sys

sys.path = [entry for entry in sys.path if entry]
import signal

signal.alarm(10)
import json, os, platform, site, sysconfig
from importlib import metadata

python_path, user_base = (sys.argv[1:] + ["", ""])[:2]
MOST, LONGEST = 10000, 256


def told(tell):
    try:
        return tell()
    except Exception:
        return None


def openssl():
    import ssl

    return ssl.OPENSSL_VERSION


def sqlite():
    import sqlite3

    return sqlite3.sqlite_version


answer = {
    "version": platform.python_version(),
    "implementation": platform.python_implementation(),
    "gil": "t" not in getattr(sys, "abiflags", ""),
    "optimised": told(lambda: "--enable-optimizations" in sysconfig.get_config_var("CONFIG_ARGS")),
    "openssl": told(openssl),
    "sqlite": told(sqlite),
}

# As site.main() does, without what it would run. All imports are done.
site.exec = lambda *_: None
known = site.venv(site.removeduppaths())
if user_base and site.ENABLE_USER_SITE is not False:
    user_site = os.path.join(user_base, "lib", "python%d.%d" % sys.version_info[:2], "site-packages")
    if os.path.isdir(user_site):
        site.addsitedir(user_site, known)
site.addsitepackages(known)
search = [entry for entry in python_path.split(os.pathsep) if entry] + sys.path

packages, seen, cut = [], set(), False
for entry in search:
    here = set()
    for dist in metadata.distributions(path=[entry]):
        folder = os.path.basename(str(getattr(dist, "_path", "")))
        # What pip leaves behind when it is interrupted.
        if folder.startswith(("~", "-")):
            continue
        name = told(lambda: dist.metadata["Name"])
        same = (name or folder).lower().replace("_", "-").replace(".", "-")
        if same in seen:
            continue
        here.add(same)
        if len(packages) == MOST:
            cut = True
            break
        version, url = told(lambda: dist.version), told(lambda: dist.read_text("direct_url.json"))
        packages.append([name and str(name)[:LONGEST], version and str(version)[:LONGEST], url and url[:8192], folder[:LONGEST]])
    seen |= here
answer.update(packages=packages, cut=cut)
sys.stdout.write(json.dumps(answer) + "\n")
