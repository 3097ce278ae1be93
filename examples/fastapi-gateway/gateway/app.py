"""The gateway: POST /api/v1/chat/completions goes to the provider, streamed or whole, and so does POST /api/v1/embeddings."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict
from starlette.background import BackgroundTask

from . import sse
from .access_log import AccessLog
from .call import Call, Telemetry
from .database import Database
from .faults import Faults
from .metrics import Metrics
from .settings import Settings
from .stages import Stage
from .tracing import Tracing

settings = Settings.from_env()
faults = Faults(settings.faults)
tracing = Tracing(settings, faults)
telemetry = Telemetry(Metrics(settings, faults), AccessLog(settings.access_log, faults), tracing, faults)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with httpx.AsyncClient(
        base_url=settings.provider_url,
        timeout=httpx.Timeout(60, connect=5),
        limits=httpx.Limits(max_connections=500, max_keepalive_connections=100),
    ) as client:
        app.state.provider = client
        if settings.database_url:
            telemetry.database = await Database.connect(settings.database_url)
        yield
        if telemetry.database:
            await telemetry.database.close()
    tracing.shutdown()


# Recent FastAPI makes spans of its own; here they are the business of OpenTelemetry's instrumentation (tracing.py).
app = FastAPI(title="gateway", lifespan=lifespan, telemetry={"tracing": False})
tracing.instrument(app)


PROVIDERS = {"chat": "/v1/chat/completions", "embeddings": "/v1/embeddings"}
"""Where the provider answers each kind of call."""


class ChatRequest(BaseModel):
    """What the gateway looks at; the rest of the body goes to the provider as it came."""

    model_config = ConfigDict(extra="allow")
    model: str
    messages: list[dict]
    stream: bool = False


class EmbeddingsRequest(BaseModel):
    """Likewise."""

    model_config = ConfigDict(extra="allow")
    model: str
    input: str | list[str]


@app.post("/api/v1/chat/completions")
async def chat(body: ChatRequest, request: Request) -> Response:
    with tracing.handler_span(request):
        return await answer("chat", body, body.stream, request)


@app.post("/api/v1/embeddings")
async def embeddings(body: EmbeddingsRequest, request: Request) -> Response:
    with tracing.handler_span(request):
        return await answer("embeddings", body, False, request)


async def answer(kind: str, body: BaseModel, stream: bool, request: Request) -> Response:
    """Asks the provider and passes its answer on."""
    # Its figures go to the server span, whichever stage is on.
    call = Call(telemetry, request, body.model)
    with tracing.stages.of("middleware", request):
        call.identify(request)
    with tracing.stages.of("authentication", request):
        call.owner = await authenticate(request)
    with tracing.stages.of("routing", request):
        path = PROVIDERS[kind]
    asking = tracing.stages.begin("provider call", request)
    try:
        with asking.current():
            answered = await ask_provider(request.app.state.provider, path, body, call)
    except httpx.HTTPError as error:
        asking.end()
        call.status = 502
        call.finish()
        return JSONResponse({"error": {"message": f"provider: {type(error).__name__}"}}, 502, {"x-request-id": call.request_id})
    call.status = answered.status_code
    headers = {"x-request-id": call.request_id}
    after = BackgroundTask(call.after_response) if faults.measures_after_response or not settings.repaired else None
    if stream and answered.is_success:
        call.streaming()
        headers |= {"cache-control": "no-cache"}
        return StreamingResponse(relay(answered, call, asking, request), answered.status_code, headers, "text/event-stream", after)
    await answered.aread()
    await answered.aclose()
    asking.end()
    adapting = tracing.stages.begin("adaptation", request)
    response = Response(answered.content, answered.status_code, headers, answered.headers.get("content-type"), after)
    call.finish()
    adapting.end(faults.outlasts())
    return response


async def authenticate(request: Request) -> str:
    """Whoever has a key may ask; without keys of its own, everybody may. Returns who it is."""
    key = request.headers.get("x-api-key")
    if telemetry.database:
        if (owner := await telemetry.database.owner(key)) is None:
            raise HTTPException(401, "unknown key")
        return owner
    if settings.api_keys and key not in settings.api_keys:
        raise HTTPException(401, "unknown key")
    return ""


async def ask_provider(provider: httpx.AsyncClient, path: str, body: BaseModel, call: Call) -> httpx.Response:
    """The provider's answer, its body still to be read."""

    async def once() -> httpx.Response:
        ask = provider.build_request("POST", path, json=body.model_dump(exclude_unset=True), headers={"x-request-id": call.request_id})
        return await provider.send(ask, stream=True)

    if faults.retries():
        await (await once()).aclose()
    return await once()


async def relay(answer: httpx.Response, call: Call, asking: Stage, request: Request) -> AsyncIterator[bytes]:
    """The provider's events, one by one."""
    held = []
    try:
        async for event in sse.events(answer.aiter_bytes()):
            if sse.has_content(event):
                call.first_chunk()
            if settings.repaired and sse.is_done(event):
                asking.end()
                adapting = tracing.stages.begin("adaptation", request)
                # A total stamped after the last write may include a wait that the client never sees.
                call.finish()
                adapting.end(faults.outlasts())
            if faults.buffers_stream:
                held.append(event)
            else:
                yield event
        if held:
            yield b"".join(held)
    except (asyncio.CancelledError, GeneratorExit):
        call.status = 499
        raise
    except httpx.HTTPError:
        call.status = 502
        raise
    finally:
        asking.end()
        call.finish()
        await answer.aclose()


@app.get("/metrics", include_in_schema=False)
async def metrics() -> Response:
    if telemetry.metrics.refused():
        return Response("overloaded", 503)
    page, content_type = telemetry.metrics.page()
    return Response(page, headers={"content-type": content_type})


@app.get("/healthz", include_in_schema=False)
async def healthz() -> dict[str, str]:
    return {"status": "ok"}
