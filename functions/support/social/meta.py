"""Messenger and WhatsApp: Meta tells of both in one kind of webhook."""

import hashlib
import hmac
from collections.abc import Iterator
from typing import Any

import msgspec

from functions.support.channels import TryLater, Undeliverable
from functions.support.incoming import Channel
from functions.support.social.credentials import MetaCredentials
from functions.support.social.port import MalformedMessage, NotGenuine, Said
from functions.support.social.sending import post
from shared.web import Received

_MESSAGES_LIMIT = 100
_NOT_TEXT = "[attachment]"
# 131047: more than 24 hours; 2018278 and 10: the same for a page.
_WINDOW_OVER = frozenset({10, 131047, 2018278})
_BUSY = frozenset({1, 2, 4, 17, 341, 613, 80007, 130429, 131000, 131016, 131056})


class _Body(msgspec.Struct):
    object: str
    entry: list[dict[str, Any]]


class Meta:
    reply_window_seconds = 24 * 3_600
    text_limit = 1_900

    def __init__(self, credentials: MetaCredentials) -> None:
        self._credentials = credentials

    def echo(self, query: dict[str, str]) -> str:
        given = query.get("hub.verify_token", "").encode()
        is_ours = hmac.compare_digest(self._credentials.verify_token.encode(), given)
        if query.get("hub.mode") != "subscribe" or not is_ours:
            raise NotGenuine
        return query.get("hub.challenge", "")

    def read(self, received: Received, query: dict[str, str]) -> list[Said]:
        self._check(received)
        try:
            body = msgspec.json.decode(received.raw, type=_Body)
            reading = {"page": self._of_page, "whatsapp_business_account": self._of_whatsapp}
            read = reading.get(body.object)
            said = [] if read is None else [one for entry in body.entry for one in read(entry)]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise MalformedMessage from error
        if len(said) > _MESSAGES_LIMIT:
            raise MalformedMessage
        return said

    def send(self, channel: str, to: str, text: str) -> None:
        own = self._credentials
        if channel == "whatsapp":
            sender, token = own.phone_number_id, own.whatsapp_token
            body: dict[str, Any] = {
                "messaging_product": "whatsapp",
                "recipient_type": "individual",
                "to": to,
                "type": "text",
                "text": {"body": text},
            }
        else:
            sender, token = own.page_id, own.page_token
            body = {
                "recipient": {"id": to},
                "messaging_type": "RESPONSE",
                "message": {"text": text},
            }
        if not sender:
            raise Undeliverable("not_set_up")
        headers = {"Authorization": f"Bearer {token}"}
        status, answer = post(f"{own.api_url}/{sender}/messages", body, headers=headers)
        if status >= 400:
            _refuse(status, answer)

    def _check(self, received: Received) -> None:
        """Over the raw bytes, before anything of them is read."""
        own = self._credentials.app_secret.encode()
        wanted = f"sha256={hmac.digest(own, received.raw, hashlib.sha256).hex()}"
        given = received.headers.get("x-hub-signature-256", "")
        if not hmac.compare_digest(wanted.encode(), given.encode()):
            raise NotGenuine

    def _of_page(self, entry: dict[str, Any]) -> Iterator[Said]:
        for event in entry.get("messaging", []):
            message = event.get("message")
            if message is None or message.get("is_echo"):
                continue  # Read marks, typing, and what we have said ourselves.
            yield _said(
                "messenger",
                event["sender"]["id"],
                message["mid"],
                message.get("text") or _NOT_TEXT,
                int(event["timestamp"]) // 1000,
            )

    def _of_whatsapp(self, entry: dict[str, Any]) -> Iterator[Said]:
        for change in entry.get("changes", []):
            for message in change["value"].get("messages", []):
                text = message.get("text", {}).get("body") or _NOT_TEXT
                at = int(message["timestamp"])
                yield _said("whatsapp", message["from"], message["id"], text, at)


def _said(channel: Channel, sender: object, message_id: object, text: object, at: int) -> Said:
    """Raises TypeError for what is no text."""
    if not (isinstance(sender, str) and isinstance(message_id, str) and isinstance(text, str)):
        raise TypeError
    return Said(channel, sender, message_id, text, at)


def _refuse(status: int, answer: dict[str, Any]) -> None:
    error = answer.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if code in _WINDOW_OVER:
        raise Undeliverable("reply_window_over")
    if code in _BUSY or code == 190:
        # 190: the token is over. An operator can mend that while the answer waits.
        raise TryLater
    raise Undeliverable(f"refused_{code if isinstance(code, int) else status}")
