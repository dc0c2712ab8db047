"""CORS: which pages of other origins a browser lets call the gateway. None, unless the settings name them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web
from aiohttp.typedefs import Middleware

from shortlist_gateway.settings import ANY_ORIGIN

_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Connect-Protocol-Version, Connect-Timeout-Ms, Content-Type",
    "Access-Control-Max-Age": "7200",  # seconds; browsers cut it to what they allow
}


def cors(allowed: Sequence[str]) -> Middleware:
    """Middleware that answers preflights of the allowed origins, and marks answers as theirs to read.

    Nothing is marked for other origins, so browsers keep the answers from their pages. Cookies play no part: callers
    are known by their token alone.
    """

    @web.middleware
    async def allow(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        is_allowed = origin is not None and (origin in allowed or ANY_ORIGIN in allowed)
        is_preflight = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        response: web.StreamResponse
        try:
            if is_allowed and is_preflight:
                response = web.Response(status=204, headers=_PREFLIGHT)
            else:
                response = await handler(request)
        except web.HTTPException as error:
            _mark(error, origin if is_allowed else None)
            raise
        _mark(response, origin if is_allowed else None)
        return response

    return allow


def _mark(response: web.StreamResponse, origin: str | None) -> None:
    response.headers["Vary"] = "Origin"  # an answer for one origin must not come out of a cache for another
    if origin is not None:
        response.headers["Access-Control-Allow-Origin"] = origin
