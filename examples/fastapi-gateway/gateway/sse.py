"""Server-sent events as they pass through."""

import json
import re
from collections.abc import AsyncIterator

END_OF_EVENT = re.compile(rb"\r?\n\r?\n")


async def events(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Whole events, each with its closing blank line, whatever the reads they came in."""
    rest = b""
    async for chunk in chunks:
        rest += chunk
        while end := END_OF_EVENT.search(rest):
            yield rest[: end.end()]
            rest = rest[end.end() :]
    if rest:
        yield rest


def is_done(event: bytes) -> bool:
    return event.strip() == b"data: [DONE]"


def has_content(event: bytes) -> bool:
    """Whether the event carries a first token: not the chunk that only names the role."""
    if not event.startswith(b"data: {"):
        return False
    try:
        choices = json.loads(event[len(b"data: ") :]).get("choices") or []
    except ValueError:
        return False
    return any((choice.get("delta") or {}).get("content") for choice in choices)
