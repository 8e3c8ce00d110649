"""People who use the wallet in tests: they sign up through the public edge, as everybody does."""

import itertools
import re
from dataclasses import dataclass, replace
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import Message, ses_backends
from moto.sns.models import sns_backends

from shared.ledger import FromSystem, Movement, ToUser, post
from shared.ledger.accounts import BANK_SETTLEMENT, find_account
from shared.money import Money
from tests.edge import Answer, call

PASSWORD = "correct horse battery 42"
PAY_PASSWORD = "802517"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Person:
    phone: str
    user_id: str
    token: str
    refresh_token: str

    def call(self, method: str, path: str, body: object = None, **more: Any) -> Answer:
        """A request of this person."""
        return call(method, path, body, token=self.token, **more)

    def send(self, payee: "Person", amount: int, *, key: str, **more: object) -> Answer:
        """A transfer to somebody, by phone."""
        body = transfer_body({"phone": payee.phone}, amount) | more
        return self.call("POST", "/v1/transfers", body, key=key)

    def send_with_step(self, payee: "Person", amount: int, *, key: str, **more: object) -> Answer:
        """A transfer that asks for a step up, which is taken by SMS."""
        refused = self.send(payee, amount, key=key, **more)
        assert refused.code == "STEP_UP_REQUIRED", refused.text
        step = self.step_taken(refused)
        body = transfer_body({"phone": payee.phone}, amount) | more
        return self.call("POST", "/v1/transfers", body, key=key, headers={"Step-Up": step})

    def step_taken(self, refused: Answer) -> str:
        """Passes the challenge that a refusal names, with the code that came by SMS."""
        challenge_id = str(refused.json["diagnosis"]["challenge_id"])
        answer = {"method": "sms", "code": code_in_last_sms(self.phone)}
        taken = self.call("POST", f"/v1/step-ups/{challenge_id}", answer)
        assert taken.status == 204, taken.text
        return challenge_id

    def signed_in_again(self) -> "Person":
        """The same person with a new session: the old one has ended."""
        return self._with_session(
            call("POST", "/v1/sessions", {"phone": self.phone, "password": PASSWORD})
        )

    def back_again(self) -> "Person":
        """The same person in the same session, whose access ended while the clock moved."""
        body = {"refresh_token": self.refresh_token}
        renewed = call("POST", "/v1/sessions/refresh", body)
        assert renewed.status == 201, renewed.text
        return self._with_tokens(renewed.json["tokens"])

    def signed_in_with_step(self, **more: object) -> "Person":
        """The same, where a second step is due, which is taken by SMS."""
        asked = call("POST", "/v1/sessions", {"phone": self.phone, "password": PASSWORD} | more)
        assert asked.status == 202, asked.text
        answer = {"method": "sms", "code": code_in_last_sms(self.phone)}
        challenge_id = asked.json["challenge_id"]
        return self._with_session(call("POST", f"/v1/sessions/challenges/{challenge_id}", answer))

    def _with_session(self, made: Answer) -> "Person":
        assert made.status == 201, made.text
        return self._with_tokens(made.json["tokens"])

    def _with_tokens(self, tokens: dict[str, str]) -> "Person":
        return replace(self, token=tokens["access_token"], refresh_token=tokens["refresh_token"])

    @property
    def available(self) -> int:
        return int(self.call("GET", "/v1/wallet").json["available"])


def scan(person: Person, qr: str) -> Answer:
    """What the app asks the wallet about a QR code that its camera has read."""
    return person.call("POST", "/v1/qr/resolve", {"qr": qr})


def transfer_body(payee: dict[str, str], amount: int) -> dict[str, object]:
    return {
        "payee": payee,
        "amount": amount,
        "currency": "CNY",
        "pay_password": PAY_PASSWORD,
    }


def register(phone: str, *, pay_password: bool = True, funds: int = 0) -> Person:
    """Signs somebody up by SMS code; with a pay password, and with money from the bank."""
    sent = call("POST", "/v1/verification-codes", {"phone": phone, "purpose": "register"})
    assert sent.status == 202, sent.text
    body = {
        "phone": phone,
        "verification_id": sent.json["verification_id"],
        "code": code_in_last_sms(phone),
        "password": PASSWORD,
    }
    made = call("POST", "/v1/users", body)
    assert made.status == 201, made.text
    tokens = made.json["tokens"]
    person = Person(phone, made.json["user_id"], tokens["access_token"], tokens["refresh_token"])
    if pay_password:
        body = {"password": PASSWORD, "pay_password": PAY_PASSWORD}
        assert person.call("PUT", "/v1/me/pay-password", body).status == 204
    if funds:
        fund(person.user_id, funds)
    return person


def fund(user_id: str, amount: int) -> None:
    """Money from the bank, without the trouble of a card."""
    account = find_account(user_id)
    assert account is not None
    movement = Movement(
        transfer_id=f"t_fund{next(_numbers)}", kind="top_up", amount=Money(amount=amount)
    )
    post(movement, debit=FromSystem(BANK_SETTLEMENT), credit=ToUser(account))


def sms_sent_to(phone: str, *, region: str = "ap-southeast-1") -> list[str]:
    """All text messages to a phone, oldest first."""
    messages = sns_backends[DEFAULT_ACCOUNT_ID][region].sms_messages.values()
    return [text for number, text, *_ in messages if number == phone]


def code_in_last_sms(phone: str) -> str:
    return six_digits_in(sms_sent_to(phone)[-1])


def six_digits_in(text: str) -> str:
    """The code in a message."""
    found = re.search(r"(?<!\d)\d{6}(?!\d)", text)
    assert found, "the message holds no code"
    return found.group()


def mails_sent_to(address: str, *, region: str = "ap-southeast-1") -> list[str]:
    """All mails to an address, oldest first: the subject, an empty line, the text; but for those
    that are made whole by us, as support makes its own.
    """
    messages = ses_backends[DEFAULT_ACCOUNT_ID][region].sent_messages
    return [
        f"{mail.subject}\n\n{mail.body}"
        for mail in messages
        if isinstance(mail, Message) and address in mail.destinations.get("ToAddresses", ())
    ]
