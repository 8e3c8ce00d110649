"""Sockets that open and close. Anybody may open one, not too often, and no web page but our own."""

from functions.support.chat.presence import tell_of_leaving
from functions.support.chat.sockets import forget, open_socket
from shared.observability import logger
from shared.rate_limit import TooManyRequests, Window, network_of, take
from shared.settings import settings
from shared.web.headers import allowed_origins
from shared.web.problems import language

_HOUR_SECONDS = 3_600


def connect(socket_id: str, *, headers: dict[str, str], address: str) -> int:
    """The status that the one who connects gets: 200, or why not. headers: by lower-case name."""
    origin = headers.get("origin")
    if origin is not None and origin not in allowed_origins():
        return 403
    limit = Window(
        name="chat_sockets",
        subject=network_of(address),
        maximum=settings().chat_sockets_per_address_per_hour,
        seconds=_HOUR_SECONDS,
    )
    try:
        take([limit])
    except TooManyRequests:
        return 429
    open_socket(socket_id, language=language(headers.get("accept-language")), address=address)
    logger.info("socket_opened")
    return 200


def disconnect(socket_id: str) -> None:
    """Forgets a socket; with the last of somebody, the other side hears that they have gone."""
    socket = forget(socket_id)
    if socket is not None and socket.owner_id:
        tell_of_leaving(socket.owner_id)
