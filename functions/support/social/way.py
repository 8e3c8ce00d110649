"""The way back to who has written on a social network, for as long as the network allows it."""

from functions.support.channels import Outgoing, TryLater, Undeliverable, channel
from functions.support.social.networks import OF_CHANNEL, network
from functions.support.social.port import Network
from shared import clock
from shared.errors import NotFound, ServiceUnavailable


def _on(name: str) -> None:
    @channel(name)
    def deliver(outgoing: Outgoing) -> None:
        """Raises Undeliverable when its writer may not be answered any more, TryLater."""
        if outgoing.address is None:
            raise Undeliverable("no_address")
        there = _network(name)
        said_at = int(outgoing.details.get("at", "0"))
        if clock.seconds() - said_at > there.reply_window_seconds:
            raise Undeliverable("reply_window_over")
        for part in parts_of(outgoing.text, there.text_limit):
            there.send(name, outgoing.address, part)


def parts_of(text: str, limit: int) -> list[str]:
    """A text in as many parts as it takes, each of at most `limit` bytes in UTF-8."""
    parts, part, size = [], "", 0
    for letter in text:
        length = len(letter.encode())
        if size + length > limit:
            parts.append(part)
            part, size = "", 0
        part, size = part + letter, size + length
    return [*parts, part] if part else parts


def _network(name: str) -> Network:
    try:
        return network(OF_CHANNEL[name])
    except NotFound as error:
        raise Undeliverable("not_set_up") from error
    except ServiceUnavailable as error:
        raise TryLater from error


for one in OF_CHANNEL:
    _on(one)
