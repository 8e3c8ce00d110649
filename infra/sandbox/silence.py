"""How the bank leaves a caller without an answer."""

import asyncio
from contextlib import suppress

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol


class AbortableProtocol(H11Protocol):
    """Hands each request the connection that it came by, as `scope["state"]["transport"]`.

    ASGI has no message for "close without a word", and uvicorn answers 500 to an application that
    returns without an answer.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class Silence(Response):
    """No answer: cuts the connection after `seconds`, or when the caller has given up."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self.seconds):
                await _end_of_connection(receive)
        scope["state"]["transport"].abort()
        await _end_of_connection(receive)


async def _end_of_connection(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
