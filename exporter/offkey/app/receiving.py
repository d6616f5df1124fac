"""`POST /api/v1/write`: remote write 1.0 over HTTP."""

from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from offkey.app.streaming import MOST_BYTES, Busy

MOST_SENT = MOST_BYTES // 2  # bytes of a message as it is sent
_TOO_LARGE = PlainTextResponse("the message is too large; send fewer samples at once\n", 413)


def receiving(receive: Callable[[bytes], None] | None) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint for a function that takes the block of a WriteRequest; None: it says how to enable it."""

    async def answer(request: Request) -> Response:
        if receive is None:
            return PlainTextResponse("not enabled; start offkey with --web.enable-remote-write-receiver\n", 404)
        if request.headers.get("content-encoding") != "snappy" or "v2" in request.headers.get("content-type", ""):
            return PlainTextResponse("only remote write 1.0 is understood: protobuf, compressed as snappy\n", 415)
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_SENT:
                return _TOO_LARGE
        return await run_in_threadpool(_taken, receive, bytes(body))

    return answer


def _taken(receive: Callable[[bytes], None], body: bytes) -> Response:
    try:
        receive(body)
    except OverflowError:
        return _TOO_LARGE
    except ValueError as error:
        return PlainTextResponse(f"{error}\n", 400)
    except Busy:
        return PlainTextResponse("too many messages wait; come again\n", 503, {"retry-after": "1"})
    return Response(status_code=204)
