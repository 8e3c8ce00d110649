"""What people hear of in tests: the stream reaches the function, and they look into the app."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from functions.notifications.events import on_movements
from tests.ledger_stream import Change, event, ledger_stream
from tests.people import PASSWORD, Person, mails_sent_to, six_digits_in

NO_FAILURES: dict[str, list[Any]] = {"batchItemFailures": []}


@contextmanager
def told() -> Iterator[list[Change]]:
    """Whatever moves within the block is told of at its end. Gives the records of it."""
    with ledger_stream() as records:
        yield records
    assert on_movements(event(records), None) == NO_FAILURES


def inbox(person: Person, query: str = "", *, language: str = "zh-CN") -> Any:
    answer = person.call("GET", f"/v1/notifications?{query}", headers={"Accept-Language": language})
    assert answer.status == 200, answer.text
    return answer.json


def heard(person: Person, query: str = "", *, language: str = "zh-CN") -> list[str]:
    """The texts of a person's notifications, the newest first."""
    return [one["text"] for one in inbox(person, query, language=language)["items"]]


def unread(person: Person) -> int:
    answer = person.call("GET", "/v1/notifications/unread-count")
    assert answer.status == 200, answer.text
    return int(answer.json["unread"])


def choose(person: Person, *, push: list[str], email: list[str]) -> None:
    answer = person.call("PUT", "/v1/me/notifications", {"push": push, "email": email})
    assert answer.status == 204, answer.text


def bind_email(person: Person, address: str) -> None:
    asked = person.call("PUT", "/v1/me/email", {"email": address, "password": PASSWORD})
    assert asked.status == 202, asked.text
    code = six_digits_in(mails_sent_to(address)[-1])
    assert person.call("POST", "/v1/me/email/confirm", {"code": code}).status == 204
