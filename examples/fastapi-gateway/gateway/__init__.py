"""A small LLM gateway with the telemetry that most have, and a variant of it whose telemetry can be trusted."""

import os

# prometheus_client looks at this variable while it is imported, so these faults have to act before anything else does.
if {"private-registries", "dangling-exemplars"} & set(os.environ.get("GATEWAY_FAULT", "").split(",")):
    os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
