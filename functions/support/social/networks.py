"""Which social networks there are: one line for each, and which channels it brings."""

from collections.abc import Callable
from functools import cache
from typing import Literal

from functions.support.social.credentials import SocialCredentials, social_credentials
from functions.support.social.meta import Meta
from functions.support.social.port import Network
from functions.support.social.wechat import Wechat
from shared.errors import NotFound

Name = Literal["wechat", "meta"]
OF_CHANNEL: dict[str, Name] = {"wechat": "wechat", "messenger": "meta", "whatsapp": "meta"}
_MADE: dict[Name, Callable[[SocialCredentials], Network | None]] = {
    "wechat": lambda known: Wechat(known.wechat) if known.wechat else None,
    "meta": lambda known: Meta(known.meta) if known.meta else None,
}


@cache
def network(name: Name) -> Network:
    """Raises NotFound for one that the operator has not set up."""
    made = _MADE[name](social_credentials())
    if made is None:
        raise NotFound
    return made
