"""The mobile app, as far as a demo and end-to-end tests need one: real requests to a running stack.

It reads text messages where the local cloud keeps them, as a person reads them on the phone.
"""

import json
import random
import re
import secrets
import time
from dataclasses import dataclass
from typing import Any, ClassVar

import pyotp
import urllib3

from infra.stack import Addresses

_TIMEOUT_SECONDS = 30
_STEP_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `json` is None where there was no body."""

    status: int
    headers: dict[str, str]
    json: Any


class Unexpected(Exception):
    """The wallet did not answer as it must."""


class Client:
    """Whoever sends requests to a running stack, as soon as there are tokens with these."""

    connections: ClassVar[urllib3.PoolManager] = urllib3.PoolManager(
        timeout=_TIMEOUT_SECONDS, retries=False, maxsize=64
    )

    def __init__(self, addresses: Addresses, *, language: str = "en") -> None:
        self.addresses = addresses
        self.language = language
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
        return answered(self.ask(method, path, body, key=key), status, f"{method} {path}")


class PhoneApp(Client):
    """The app on the phone of one person."""

    def __init__(self, addresses: Addresses, *, language: str = "en") -> None:
        super().__init__(addresses, language=language)
        self.phone = new_phone()
        self.password = f"blue kettle {secrets.token_hex(6)}"
        self.pay_password = "802517"  # nosec B105  # of people who do not exist
        self.user_id = ""
        self.authenticator_key = ""

    def texts(self) -> list[str]:
        """All text messages that this phone has got, oldest first."""
        answer = self.connections.request(
            "GET", self.addresses.sms_url, fields={"phoneNumber": self.phone}
        )
        return [sms["Message"] for sms in answer.json()["sms_messages"][self.phone]]

    def code(self) -> str:
        """The six digits in the newest text message that has some. Raises Unexpected."""
        return _newest_code(self.texts(), self.phone)

    def register(self) -> None:
        """Signs up by SMS code."""
        body = self.proof_of_phone("register") | {"password": self.password}
        made = self.must(201, "POST", "/v1/users", body)
        self.user_id, self.tokens = made["user_id"], made["tokens"]

    def sign_in(self) -> None:
        body = {"phone": self.phone, "password": self.password}
        self.tokens = self.must(201, "POST", "/v1/sessions", body)["tokens"]

    def try_password(self, password: str) -> Answer:
        """A sign-in; nothing is remembered of it."""
        return self.ask("POST", "/v1/sessions", {"phone": self.phone, "password": password})

    def proof_of_phone(self, purpose: str) -> dict[str, Any]:
        """What proves the phone for one purpose: a code that was just sent to it.

        Codes to one phone come no sooner than a minute after each other; it waits for that.
        """
        wish = {"phone": self.phone, "purpose": purpose}
        answer = self.ask("POST", "/v1/verification-codes", wish)
        if answer.status == 429:
            time.sleep(answer.json["retry_after"])
            answer = self.ask("POST", "/v1/verification-codes", wish)
        if answer.status != 202:
            raise Unexpected(f"no code to {purpose}: {answer}")
        verification_id = answer.json["verification_id"]
        return {"phone": self.phone, "verification_id": verification_id, "code": self.code()}

    def reset_password(self) -> None:
        """A new password, by a code to the phone."""
        new_password = f"green lantern {secrets.token_hex(6)}"
        body = self.proof_of_phone("reset_password") | {"new_password": new_password}
        self.must(204, "POST", "/v1/password-resets", body)
        self.password = new_password

    def turn_on_two_factor(self) -> list[str]:
        """Keeps the secret in this app as in an authenticator; gives the recovery codes."""
        proof = {"password": self.password}
        self.authenticator_key = self.must(201, "POST", "/v1/me/two-factor/totp", proof)["secret"]
        confirmed = {"code": self.totp_code(0)}
        made = self.must(200, "POST", "/v1/me/two-factor/totp/confirm", confirmed)
        codes: list[str] = made["recovery_codes"]
        return codes

    def totp_code(self, steps: int) -> str:
        """The code of now, or of some steps of 30 seconds later: each is good once."""
        return pyotp.HOTP(self.authenticator_key).at(int(time.time()) // _STEP_SECONDS + steps)

    def take_second_step(self, challenge_id: str, method: str, code: str) -> None:
        """Ends a sign-in that has asked for more than the password."""
        given = {"method": method, "code": code}
        path = f"/v1/sessions/challenges/{challenge_id}"
        self.tokens = self.must(201, "POST", path, given)["tokens"]

    def security_events(self) -> list[dict[str, Any]]:
        """What happened to the account, the newest first."""
        items: list[dict[str, Any]] = self.must(200, "GET", "/v1/me/security-events")["items"]
        return items

    def set_pay_password(self) -> None:
        body = {"password": self.password, "pay_password": self.pay_password}
        self.must(204, "PUT", "/v1/me/pay-password", body)

    def bind_email(self, email: str) -> None:
        """Binds a mail address by the code that comes to it."""
        self.must(202, "PUT", "/v1/me/email", {"email": email, "password": self.password})
        self.must(204, "POST", "/v1/me/email/confirm", {"code": self.code_by_mail(email)})

    def code_by_mail(self, email: str) -> str:
        """The six digits in the newest mail to an address that has some. Raises Unexpected."""
        by_account = self.connections.request("GET", self.addresses.mail_url).json()["messages"]
        sent = [mail for mails in by_account.values() for mail in mails if email in mail["To"]]
        return _newest_code([mail["BodyText"] for mail in sent], email)

    def bind_card(self, number: str) -> dict[str, Any]:
        """Binds a card by the code that the bank sends; the card as the wallet shows it."""
        body = {"number": number, "holder_name": "Test Person", "phone": self.phone}
        started = self.must(202, "POST", "/v1/cards", body)
        path = f"/v1/cards/{started['card_id']}/confirm"
        card: dict[str, Any] = self.must(200, "POST", path, {"code": self.code()})
        return card

    def top_up(self, card_id: str, amount: int, *, key: str | None = None) -> Answer:
        return self._top_up({"kind": "card", "card_id": card_id}, amount, key=key)

    def check_out(self, kind: str, amount: int, *, key: str | None = None) -> Answer:
        """Begins a top-up by `alipay` or `wechat_pay`, to be paid at its checkout."""
        return self._top_up({"kind": kind}, amount, key=key)

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

    def scan(self, qr: str) -> Any:
        """What the wallet says of a QR code, before anything is paid."""
        return self.must(200, "POST", "/v1/qr/resolve", {"qr": qr})

    def pay(self, what: dict[str, Any], *, key: str | None = None) -> Answer:
        """A payment of an order, `{"order_id"}`, or to a stall, `{"merchant_id", "amount",
        "currency"}`.
        """
        body = what | {"pay_password": self.pay_password}
        return self.ask("POST", "/v1/payments", body, key=key or new_key())

    def withdraw(self, card_id: str, amount: int, *, key: str | None = None) -> Answer:
        body = {
            "amount": amount,
            "currency": "CNY",
            "card_id": card_id,
            "pay_password": self.pay_password,
        }
        return self.ask("POST", "/v1/withdrawals", body, key=key or new_key())

    def available(self) -> int:
        """Minor units that can be spent."""
        return int(self.must(200, "GET", "/v1/wallet")["available"])

    def entries(self) -> list[dict[str, Any]]:
        """The newest entries of the statement."""
        items: list[dict[str, Any]] = self.must(200, "GET", "/v1/wallet/entries")["items"]
        return items

    def _top_up(self, source: dict[str, str], amount: int, *, key: str | None) -> Answer:
        body = {
            "amount": amount,
            "currency": "CNY",
            "source": source,
            "pay_password": self.pay_password,
        }
        return self.ask("POST", "/v1/top-ups", body, key=key or new_key())


def answered(answer: Answer, status: int, asked: str) -> Any:
    """The body of an answer that has to have this status. Raises Unexpected."""
    if answer.status != status:
        raise Unexpected(f"{asked}: {answer.status}, not {status}: {answer.json}")
    return answer.json


def new_phone() -> str:
    """A Chinese mobile number that nobody of the demo has had, most likely."""
    return f"+86138{random.SystemRandom().randrange(10**8):08d}"


def new_key() -> str:
    return secrets.token_urlsafe(16)


def _newest_code(texts: list[str], target: str) -> str:
    for text in reversed(texts):  # what a notice says may have come after the code
        if found := re.search(r"(?<!\d)\d{6}(?!\d)", text):
            return found.group()
    raise Unexpected(f"no code came to {target}")
