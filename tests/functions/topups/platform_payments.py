"""What people and platforms do in tests of top-ups by a platform."""

from typing import Any

from shared.ledger.accounts import PLATFORM_SETTLEMENT, SUSPENSE
from shared.platforms.port import Kind
from tests.edge import Answer, call
from tests.functions.topups.test_top_up import used_today
from tests.people import PAY_PASSWORD, Person
from tests.sandbox.platforms import RunningPlatforms
from tests.sandbox.running import HTTP
from tests.soundness import contents

PATHS: dict[Kind, str] = {
    "alipay": "/v1/notifications/alipay",
    "wechat_pay": "/v1/notifications/wechat-pay",
}
TAKEN: dict[Kind, tuple[int, str]] = {"alipay": (200, "success"), "wechat_pay": (204, "")}


def check_out(person: Person, kind: Kind, amount: int = 500, *, key: str = "k") -> Answer:
    """Begins a top-up by a platform."""
    body = {
        "amount": amount,
        "currency": "CNY",
        "source": {"kind": kind},
        "pay_password": PAY_PASSWORD,
    }
    return person.call("POST", "/v1/top-ups", body, key=key)


def opened(person: Person, kind: Kind, amount: int = 500, *, key: str = "k") -> str:
    """The id of a top-up whose page the payer has open."""
    answer = check_out(person, kind, amount, key=key)
    assert answer.status == 202, answer.text
    page = HTTP.request("GET", answer.json["checkout"]["url"])
    assert page.status in (200, 303), page.data
    return str(answer.json["top_up_id"])


def paid(
    person: Person, platforms: RunningPlatforms, kind: Kind, *, key: str = "k", **wish: object
) -> str:
    """The id of a top-up that was paid, of which the wallet has not heard."""
    top_up_id = opened(person, kind, key=key)
    platforms.pay(kind, top_up_id, **wish)
    return top_up_id


def tell(platforms: RunningPlatforms, kind: Kind, top_up_id: str, **wish: object) -> Answer:
    """Brings in the notification of a top-up as it stands at the platform."""
    return deliver(kind, *platforms.notification(kind, top_up_id, **wish))


def deliver(kind: Kind, headers: dict[str, str], body: bytes) -> Answer:
    return call("POST", PATHS[kind], raw=body.decode(), headers=headers)


def was_taken(answer: Answer, kind: Kind) -> bool:
    return (answer.status, answer.text) == TAKEN[kind]


def shown(person: Person, top_up_id: str) -> dict[str, Any]:
    answer = person.signed_in_again().call("GET", f"/v1/top-ups/{top_up_id}")
    assert answer.status == 200, answer.text
    return dict(answer.json)


def house(account_id: str) -> int:
    """The balance of an account of the house over all its shards."""
    accounts = contents().accounts.values()
    return sum(one.balance for one in accounts if one.account_id == account_id)


def books(person: Person) -> tuple[int, int, int, int]:
    """What the person has and has used of the day, what is in suspense, and the settlement."""
    again = person.signed_in_again()
    return again.available, used_today(again), house(SUSPENSE), house(PLATFORM_SETTLEMENT)
