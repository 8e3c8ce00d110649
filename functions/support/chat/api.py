"""The route that describes the live chat, for which there are no other routes."""

from functools import cache
from typing import Any

from shared.web import Api, Call, Reply

api = Api(__name__)


@api.operation("GET", "/asyncapi.json", answers={200: dict[str, Any]}, public=True)
def get_chat_description(call: Call[None]) -> Reply:
    """Describes the live chat as AsyncAPI 3.0."""
    return Reply(200, _document())


@cache
def _document() -> dict[str, Any]:
    # Only who asks for the page pays for these imports.
    from functions.support.chat.actions import frames
    from functions.support.chat.asyncapi import describe

    return describe(frames)
