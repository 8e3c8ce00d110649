"""The ways on which answers go back: one for each channel, registered by the channel itself.

A channel is a module with a function `deliver`, registered by `@channel("mail")`, and a line in
`_MODULES`. It is imported when the first answer goes there.
"""

import importlib
from collections.abc import Callable
from typing import NamedTuple

from functions.support.incoming import Author

# Which module registers which channel.
_MODULES = {
    "app": "functions.support.in_app",
    "chat": "functions.support.chat.way_back",
    "mail": "functions.support.mail.delivery",
    "hotline": "functions.support.hotline.way",
    "wechat": "functions.support.social.way",
    "messenger": "functions.support.social.way",
    "whatsapp": "functions.support.social.way",
}


class TryLater(Exception):
    """The channel does not take it now. It is sent again, later and a bounded number of times."""


class Undeliverable(Exception):
    """The channel will never take it. why: a short name of the reason, never an address."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Outgoing(NamedTuple):
    """A message of ours on its way to a person.

    message_id: the same each time it is sent, so that a channel can leave out what it has sent.
    address, details: what the last message from there gave as the way back.
    attachments: ids. tries: how often it was sent before.
    """

    message_id: str
    ticket_id: str
    number: str
    subject: str
    user_id: str | None
    language: str
    sequence: int
    author: Author
    text: str
    attachments: tuple[str, ...]
    address: str | None
    details: dict[str, str]
    tries: int


Deliver = Callable[[Outgoing], None]
_ways: dict[str, Deliver] = {}


def channel(name: str) -> Callable[[Deliver], Deliver]:
    """Registers a function as the way back on a channel.

    It raises TryLater or Undeliverable; anything else counts as TryLater and rings an alarm.
    """

    def register(deliver: Deliver) -> Deliver:
        if _ways.setdefault(name, deliver) is not deliver:
            raise ValueError(f"two ways back are named {name}")
        return deliver

    return register


def way_back(name: str) -> Deliver:
    """The way back on a channel. Raises Undeliverable where there is none."""
    if name not in _ways and name in _MODULES:
        importlib.import_module(_MODULES[name])
    if name not in _ways:
        raise Undeliverable("no_way_back")
    return _ways[name]
