"""Settings from the environment, read once per worker."""

import os
from dataclasses import dataclass
from pathlib import Path

from .faults import check_names

VARIANTS = ("common", "repaired")


@dataclass(frozen=True)
class Settings:
    provider_url: str
    """Base URL of the provider: `/v1/chat/completions` is added."""
    variant: str
    """`common`: telemetry as most gateways have it. `repaired`: telemetry that stands an audit."""
    faults: frozenset[str]
    """Seeded misbehaviours of the telemetry, by name (see faults.py)."""
    access_log: Path
    """JSON lines, one per request, shared by the workers."""
    otlp_endpoint: str | None
    """Base URL of an OTLP/HTTP receiver, the standard OTEL_EXPORTER_OTLP_ENDPOINT. None: no traces are exported."""

    service_name: str
    """What traces call this service, the standard OTEL_SERVICE_NAME."""

    api_keys: frozenset[str]
    """Keys that may ask, in the header `x-api-key`; without any, everybody may."""

    database_url: str | None
    """PostgreSQL with keys, and for a row per request. None: without."""

    @property
    def repaired(self) -> bool:
        return self.variant == "repaired"

    @staticmethod
    def from_env() -> "Settings":
        variant = os.environ.get("GATEWAY_VARIANT", "common")
        if variant not in VARIANTS:
            raise SystemExit(f"GATEWAY_VARIANT is `{variant}`; it must be one of: {', '.join(VARIANTS)}")
        provider_url = os.environ.get("PROVIDER_URL", "").rstrip("/")
        if not provider_url:
            raise SystemExit("PROVIDER_URL is not set; give the provider's base URL, such as http://127.0.0.1:9100")
        return Settings(
            provider_url=provider_url,
            variant=variant,
            faults=check_names(os.environ.get("GATEWAY_FAULT", "")),
            access_log=Path(os.environ.get("ACCESS_LOG", "access.jsonl")),
            otlp_endpoint=os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or None,
            api_keys=frozenset(filter(None, os.environ.get("API_KEYS", "").split(","))),
            database_url=os.environ.get("DATABASE_URL") or None,
            service_name=os.environ.get("OTEL_SERVICE_NAME") or "gateway",
        )
