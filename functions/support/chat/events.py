"""What the sockets of the live chat start, and a schedule."""

from typing import Any

from chalice.app import Blueprint, Rate, Response, WebsocketAPI, WebsocketEvent

from functions.support.chat.actions import frames
from functions.support.chat.connecting import connect, disconnect
from functions.support.chat.silence import close_silent
from shared.observability import flush

events = Blueprint(__name__)
# Chalice makes events out of what sockets bring only where it finds this.
events.websocket_api = WebsocketAPI()


@events.on_ws_connect()
def on_connect(event: WebsocketEvent) -> Response:
    """A status that is no success keeps the socket from opening."""
    raw = event.to_dict()
    try:
        status = connect(
            event.connection_id,
            headers={name.lower(): text for name, text in raw.get("headers", {}).items()},
            address=str(raw["requestContext"].get("identity", {}).get("sourceIp", "")),
        )
    finally:
        flush()
    return Response("", status_code=status)


@events.on_ws_message()
def on_frame(event: WebsocketEvent) -> None:
    request_id = str(event.to_dict()["requestContext"].get("requestId", ""))
    frames.serve(event.body, socket_id=event.connection_id, request_id=request_id)


@events.on_ws_disconnect()
def on_disconnect(event: WebsocketEvent) -> None:
    try:
        disconnect(event.connection_id)
    finally:
        flush()


@events.schedule(Rate(1, unit=Rate.MINUTES), name="close_silent_chats")
def on_silence_schedule(event: Any) -> dict[str, int]:
    return {"closed": close_silent()}
