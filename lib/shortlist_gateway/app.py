"""HTTP application: every unary method of the API at its Connect path, and three pages about the gateway itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
from aiohttp import web
from grpc_health.v1 import health_pb2, health_pb2_grpc
from shortlist import Options

from shortlist_gateway.bodies import Bodies
from shortlist_gateway.connect import Code, ConnectError, check_headers, timeout
from shortlist_gateway.connections import Connections
from shortlist_gateway.cors import cors
from shortlist_gateway.methods import Method, methods
from shortlist_gateway.settings import Settings

OPENAPI = Path(__file__).with_name("openapi.json")

_HEALTH_SECONDS = 2.0

log = logging.getLogger(__name__)


class Gateway:
    """Forwards calls to one server over one channel, which retries and balances like that of the Python client."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._bodies = Bodies(settings)
        options = Options(tls=settings.tls, max_message_bytes=settings.max_body_bytes)
        credentials, arguments = options.credentials(settings.server), options.channel_arguments()
        if credentials is None:
            self._channel = grpc.aio.insecure_channel(settings.server, arguments)
        else:
            self._channel = grpc.aio.secure_channel(settings.server, credentials, arguments)
        self._health = health_pb2_grpc.HealthStub(self._channel)
        self._methods = methods()
        self._calls = {path: self._call(method) for path, method in self._methods.items() if not method.streams}

    def app(self, connections: Connections) -> web.Application:
        """The application that an HTTP server with these connections serves."""
        app = web.Application(middlewares=[connections.watched, cors(self._settings.allow_origins), _errors_as_json])
        app.router.add_get("/", self._about)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/livez", self._livez)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/openapi.json", self._openapi)
        app.router.add_route("*", "/{path:.*}", self._unary)
        return app

    async def close(self) -> None:
        """End the connection to the server, and the threads."""
        self._bodies.close()
        await self._channel.close()

    def _call(self, method: Method) -> Any:
        return self._channel.unary_unary(
            method.path,
            request_serializer=method.request.SerializeToString,
            response_deserializer=method.response.FromString,
        )

    async def _unary(self, request: web.Request) -> web.Response:
        method = self._method(request)
        check_headers(request.headers)
        clock = asyncio.get_running_loop()
        seconds = timeout(request.headers.getall("Connect-Timeout-Ms", []), self._settings)
        deadline = clock.time() + seconds  # the time to read and to parse the body counts too
        authorization = request.headers.get("Authorization")
        async with self._bodies.body(request, deadline) as body:
            message = await self._bodies.message(method.request, body)
            try:
                answer = await self._calls[method.path](
                    message,
                    timeout=max(deadline - clock.time(), 0.0),
                    metadata=[] if authorization is None else [("authorization", authorization)],
                )
            except grpc.aio.AioRpcError as error:
                raise ConnectError.of(error) from None
        return web.json_response(text=await self._bodies.json(answer))

    def _method(self, request: web.Request) -> Method:
        """The method that a request names. Raises ConnectError or HTTPMethodNotAllowed where it cannot be called."""
        method = self._methods.get(request.path)
        if method is None:
            raise ConnectError(Code.UNIMPLEMENTED, f"there is no method {request.path[:128]!r}; see /openapi.json", 404)
        if request.method != "POST":
            raise web.HTTPMethodNotAllowed(request.method, ["POST"])
        if method.streams:
            raise ConnectError(Code.UNIMPLEMENTED, f"{method.path} streams: it is there for gRPC, not for HTTP/JSON")
        return method

    async def _about(self, request: web.Request) -> web.Response:
        return web.Response(
            text="Shortlist over HTTP/JSON (Connect protocol, unary): see /openapi.json, /livez and /readyz\n"
        )

    async def _healthz(self, request: web.Request) -> web.Response:
        status = await self._status()
        return web.json_response({"status": status}, status=200 if status == "SERVING" else 503)

    async def _livez(self, request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, request: web.Request) -> web.Response:
        if (status := await self._status()) == "SERVING":
            return web.Response(text="ok\n")
        return web.Response(text=f"the server at {self._settings.server} is {status}\n", status=503)

    async def _status(self) -> str:
        """What the server says of its health; UNREACHABLE where it says nothing."""
        try:
            answer = await self._health.Check(health_pb2.HealthCheckRequest(), timeout=_HEALTH_SECONDS)
            return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))
        except grpc.aio.AioRpcError:
            return "UNREACHABLE"

    async def _openapi(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(OPENAPI)


@web.middleware
async def _errors_as_json(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except ConnectError as error:
        failure = error
    except web.HTTPException:
        raise
    except Exception:
        log.exception("%s failed", request.path if request.path in methods() else "a call")
        failure = ConnectError(Code.INTERNAL, "a defect of the gateway, whose log has it")
    return web.json_response(failure.body(), status=failure.http_status)
