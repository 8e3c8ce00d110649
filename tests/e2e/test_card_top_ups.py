"""A top-up from each card of the sandbox bank, on the running stack."""

from typing import Any, NamedTuple

import pytest

from infra.phone_app import Answer, PhoneApp
from infra.stack import Addresses, Stack
from tests.e2e.conftest import run_schedule, somebody
from tests.e2e.test_withdrawals import eventually

AMOUNT = 1_100
DECLINED = {
    "6222021234500030006": "INSUFFICIENT_FUNDS",
    "6222021234500050004": "CARD_FROZEN",
    "6222021234500130004": "CARD_EXPIRED",
}
AT_ONCE = (
    "6222021234500010008",
    "6222021234500020007",
    "6222021234500040005",
    "6222021234500060003",
    "6222021234500070002",
    "6222021234500100007",
    "6222021234500110006",
    "6222021234500120005",
    "6222021234500140003",
)
# Not known at first: what each comes to, and why.
LATER = {
    "6222021234500080001": ("succeeded", None),
    "6222021234500160001": ("succeeded", None),
    "6222021234500170000": ("failed", "INSUFFICIENT_FUNDS"),
}
NEVER_SEEN = "6222021234500090000"
NOT_BOUND = "6222021234500150002"


class Asked(NamedTuple):
    owner: PhoneApp
    answer: Answer

    def shown(self) -> Any:
        return self.owner.must(200, "GET", f"/v1/top-ups/{self.answer.json['top_up_id']}")


def top_up(addresses: Addresses, number: str) -> Asked:
    owner = somebody(addresses)
    return Asked(owner, owner.top_up(owner.bind_card(number)["card_id"], AMOUNT))


def ask_the_bank(stack: Stack) -> None:
    """What the schedule does each minute."""
    run_schedule(stack, "resolve_pending_top_ups", "ResolvePendingTopUps")


@pytest.mark.parametrize("number", AT_ONCE)
def test_a_card_that_pays_pays_at_once_and_once(addresses: Addresses, number: str) -> None:
    asked = top_up(addresses, number)

    assert (asked.answer.status, asked.answer.json["status"]) == (201, "succeeded")
    assert asked.owner.available() == AMOUNT
    assert len(asked.owner.entries()) == 1


@pytest.mark.parametrize("number", DECLINED)
def test_a_card_that_declines_says_why(addresses: Addresses, number: str) -> None:
    asked = top_up(addresses, number)

    assert (asked.answer.status, asked.answer.json["code"]) == (422, DECLINED[number])
    assert asked.owner.available() == 0


@pytest.mark.parametrize("number", LATER)
def test_what_is_not_known_at_first_comes_to_its_end(
    stack: Stack, addresses: Addresses, number: str
) -> None:
    asked = top_up(addresses, number)
    status, reason = LATER[number]
    assert (asked.answer.status, asked.answer.json["status"]) == (202, "pending")
    ask_the_bank(stack)

    ended = eventually(asked.shown, lambda shown: shown["status"] != "pending")
    assert (ended["status"], ended.get("reason")) == (status, reason)
    assert asked.owner.available() == (AMOUNT if status == "succeeded" else 0)


def test_what_the_bank_has_not_seen_stays_unknown_until_it_can_never_come(
    stack: Stack, addresses: Addresses
) -> None:
    asked = top_up(addresses, NEVER_SEEN)
    assert asked.answer.status == 202
    ask_the_bank(stack)

    assert asked.shown()["status"] == "pending"
    assert asked.owner.available() == 0


def test_a_card_that_cannot_be_verified_is_not_bound(addresses: Addresses) -> None:
    owner = somebody(addresses)
    body = {"number": NOT_BOUND, "holder_name": "Test Person", "phone": owner.phone}
    started = owner.must(202, "POST", "/v1/cards", body)
    path = f"/v1/cards/{started['card_id']}/confirm"
    refused = owner.ask("POST", path, {"code": owner.code()})

    assert (refused.status, refused.json["code"]) == (422, "VERIFICATION_FAILED")
