"""The mobile app, as far as a demo and end-to-end tests need one: real requests to a running stack.

It reads text messages where the local cloud keeps them, as a person reads them on the phone.
"""

import json
import random
import re
import secrets
from dataclasses import dataclass
from typing import Any, ClassVar

import urllib3

from infra.stack import Addresses

_TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `json` is None where there was no body."""

    status: int
    headers: dict[str, str]
    json: Any


class Unexpected(Exception):
    """The wallet did not answer as it must."""


class PhoneApp:
    """The app on the phone of one person."""

    connections: ClassVar[urllib3.PoolManager] = urllib3.PoolManager(
        timeout=_TIMEOUT_SECONDS, retries=False, maxsize=64
    )

    def __init__(self, addresses: Addresses, *, language: str = "en") -> None:
        self.addresses = addresses
        self.language = language
        self.phone = new_phone()
        self.password = f"blue kettle {secrets.token_hex(6)}"
        self.pay_password = "802517"  # nosec B105  # of people who do not exist
        self.user_id = ""
        self.tokens: dict[str, Any] = {}

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request, as it is. key: its idempotency key."""
        sent = {"Accept-Language": self.language}
        content = None
        if body is not None:
            sent["Content-Type"] = "application/json"
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
        if self.tokens:
            sent["Authorization"] = f"Bearer {self.tokens['access_token']}"
        if key is not None:
            sent["Idempotency-Key"] = key
        answer = self.connections.request(
            method, self.addresses.api_url + path, body=content, headers=sent | (headers or {})
        )
        text = answer.data
        return Answer(answer.status, dict(answer.headers), json.loads(text) if text else None)

    def must(
        self, status: int, method: str, path: str, body: Any = None, *, key: str | None = None
    ) -> Any:
        """The body of an answer that has to have this status. Raises Unexpected."""
        answer = self.ask(method, path, body, key=key)
        if answer.status != status:
            raise Unexpected(f"{method} {path}: {answer.status}, not {status}: {answer.json}")
        return answer.json

    def texts(self) -> list[str]:
        """All text messages that this phone has got, oldest first."""
        answer = self.connections.request(
            "GET", self.addresses.sms_url, fields={"phoneNumber": self.phone}
        )
        return [sms["Message"] for sms in answer.json()["sms_messages"][self.phone]]

    def code(self) -> str:
        """The six digits in the newest text message. Raises Unexpected."""
        texts = self.texts()
        found = re.search(r"(?<!\d)\d{6}(?!\d)", texts[-1]) if texts else None
        if found is None:
            raise Unexpected(f"no code came to {self.phone}")
        return found.group()

    def register(self) -> None:
        """Signs up by SMS code."""
        wish = {"phone": self.phone, "purpose": "register"}
        sent = self.must(202, "POST", "/v1/verification-codes", wish)
        body = {
            "phone": self.phone,
            "verification_id": sent["verification_id"],
            "code": self.code(),
            "password": self.password,
        }
        made = self.must(201, "POST", "/v1/users", body)
        self.user_id, self.tokens = made["user_id"], made["tokens"]

    def sign_in(self) -> None:
        body = {"phone": self.phone, "password": self.password}
        self.tokens = self.must(201, "POST", "/v1/sessions", body)["tokens"]

    def set_pay_password(self) -> None:
        body = {"password": self.password, "pay_password": self.pay_password}
        self.must(204, "PUT", "/v1/me/pay-password", body)

    def bind_card(self, number: str) -> dict[str, Any]:
        """Binds a card by the code that the bank sends; the card as the wallet shows it."""
        body = {"number": number, "holder_name": "Test Person", "phone": self.phone}
        started = self.must(202, "POST", "/v1/cards", body)
        path = f"/v1/cards/{started['card_id']}/confirm"
        card: dict[str, Any] = self.must(200, "POST", path, {"code": self.code()})
        return card

    def top_up(self, card_id: str, amount: int, *, key: str | None = None) -> Answer:
        body = {
            "amount": amount,
            "currency": "CNY",
            "source": {"kind": "card", "card_id": card_id},
            "pay_password": self.pay_password,
        }
        return self.ask("POST", "/v1/top-ups", body, key=key or new_key())

    def transfer(
        self, to: dict[str, str], amount: int, *, key: str | None = None, **more: object
    ) -> Answer:
        body = {
            "payee": to,
            "amount": amount,
            "currency": "CNY",
            "pay_password": self.pay_password,
            **more,
        }
        return self.ask("POST", "/v1/transfers", body, key=key or new_key())

    def available(self) -> int:
        """Minor units that can be spent."""
        return int(self.must(200, "GET", "/v1/wallet")["available"])

    def entries(self) -> list[dict[str, Any]]:
        """The newest entries of the statement."""
        items: list[dict[str, Any]] = self.must(200, "GET", "/v1/wallet/entries")["items"]
        return items


def new_phone() -> str:
    """A Chinese mobile number that nobody of the demo has had, most likely."""
    return f"+86138{random.SystemRandom().randrange(10**8):08d}"


def new_key() -> str:
    return secrets.token_urlsafe(16)
