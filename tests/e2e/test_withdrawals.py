"""Withdrawals over real HTTP: the deployed state machine, the sandbox bank, its notifications."""

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest
import urllib3

from infra.phone_app import PhoneApp, new_key
from infra.stack import Addresses, Stack
from shared import clock
from shared.bank.signed_http import SandboxBank
from tests.e2e.conftest import CARD, somebody

PATIENCE_SECONDS = 900
CLIENTS = 8
TRIES = 10
ENDED = {"paid", "failed", "cancelled", "reversed"}
CREDIT = "6222021234500020007"
BANK_UNAVAILABLE = "6222021234500090000"
# What becomes of a withdrawal to each card, and why.
ENDS: dict[str, tuple[str, str | None]] = {
    "6222021234500010008": ("paid", None),
    "6222021234500030006": ("paid", None),
    "6222021234500040005": ("failed", "ACCOUNT_CLOSED"),
    "6222021234500050004": ("failed", "ACCOUNT_FROZEN"),
    "6222021234500060003": ("failed", "WRONG_NAME"),
    "6222021234500070002": ("paid", None),
    "6222021234500080001": ("paid", None),
    BANK_UNAVAILABLE: ("failed", "BANK_UNAVAILABLE"),
    "6222021234500100007": ("paid", None),
    "6222021234500110006": ("paid", None),
    "6222021234500120005": ("reversed", "RETURNED_BY_BANK"),
    "6222021234500130004": ("paid", None),
    "6222021234500140003": ("failed", "LIMIT_EXCEEDED"),
}
AT_ONCE = 200
SEED = 20_261_129
OWNERS = 8
CARDS_OF_ONE = 6


class Begun(NamedTuple):
    owner: PhoneApp
    number: str
    withdrawal_id: str
    amount: int

    def shown(self) -> Any:
        return self.owner.must(200, "GET", f"/v1/withdrawals/{self.withdrawal_id}")

    def ended(self) -> Any:
        """As it is shown once it has come to the end that its card leads to."""
        return eventually(self.shown, lambda shown: shown["status"] == ENDS[self.number][0])

    def ended_somehow(self) -> Any:
        """The same, or to another end: a crowd makes some too late for the bank, which says so."""
        own, _ = ENDS[self.number]
        passing = {"paid"} if own == "reversed" else set()
        return eventually(self.shown, lambda shown: shown["status"] in ENDED - passing)


def eventually(look: Callable[[], Any], is_so: Callable[[Any], bool]) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so(seen := look()):
        assert time.monotonic() < deadline, seen
        time.sleep(1)
    return seen


def begin(owner: PhoneApp, number: str, card_id: str, amount: int) -> Begun:
    """Asks again with the same key when the wallet is too busy, as an app does."""
    key = new_key()
    for _ in range(TRIES):
        try:
            answer = owner.withdraw(card_id, amount, key=key)
        except urllib3.exceptions.TimeoutError:
            continue
        if answer.status != 503:
            assert answer.status == 202, answer.json
            return Begun(owner, number, answer.json["withdrawal_id"], amount)
        time.sleep(answer.json["retry_after"])
    raise AssertionError("the wallet stays busy")


@pytest.fixture(scope="module")
def begun(addresses: Addresses) -> dict[str, Begun]:
    """One to each card, all under way at once."""
    found = {}
    numbers = list(ENDS)
    for some in (numbers[::2], numbers[1::2]):
        owner = somebody(addresses, funds=50_000)
        for number in some:
            card_id = owner.bind_card(number)["card_id"]
            found[number] = begin(owner, number, card_id, 1_000)
    return found


@pytest.mark.parametrize("number", ENDS)
def test_each_card_ends_it_as_the_table_says(begun: dict[str, Begun], number: str) -> None:
    shown = begun[number].ended()

    assert (shown["status"], shown.get("reason")) == ENDS[number]
    assert ("diagnosis" in shown) == (ENDS[number][1] is not None)
    assert shown["history"][0]["status"] == "pending"


def test_each_is_carried_out_by_an_execution_of_its_name(
    stack: Stack, begun: dict[str, Begun]
) -> None:
    for one in begun.values():
        one.ended()
        # One that waits in vain still runs: the sweeper has ended its withdrawal.
        assert status_of_execution(stack, one.withdrawal_id) in ("RUNNING", "SUCCEEDED")


def test_a_credit_card_is_refused(addresses: Addresses) -> None:
    owner = somebody(addresses, funds=50_000)
    answer = owner.withdraw(owner.bind_card(CREDIT)["card_id"], 1_000)

    assert (answer.status, answer.json["code"]) == (422, "CARD_KIND_NOT_ALLOWED")
    assert owner.available() == 50_000


def test_owners_are_told_in_their_language(begun: dict[str, Begun]) -> None:
    one = begun["6222021234500040005"]
    one.ended()

    texts = eventually(one.owner.texts, lambda texts: any("withdrawal of" in one for one in texts))
    assert any("The account of this card has been closed." in text for text in texts)


def test_two_hundred_at_once_each_end_and_the_books_balance_with_the_bank_s(
    stack: Stack, addresses: Addresses, begun: dict[str, Begun]
) -> None:
    for one in begun.values():
        one.ended()
    started = clock.local_day()
    print(f"seed: {SEED}")
    chance = random.Random(SEED)
    owners = [owner_with_cards(addresses, chance) for _ in range(OWNERS)]
    wishes = []
    for _ in range(AT_ONCE):
        owner, cards = chance.choice(owners)
        number = chance.choice(list(cards))
        wishes.append((owner, number, cards[number], chance.randint(10, 200)))
    before = {owner.user_id: owner.available() for owner, _ in owners}
    with ThreadPoolExecutor(CLIENTS) as clients:
        made = list(clients.map(lambda wish: begin(*wish), wishes))
        ends = list(clients.map(Begun.ended_somehow, made))

    assert {end["status"] for end in ends} <= ENDED
    for owner, _ in owners:
        spent = sum(
            end["total"]
            for one, end in zip(made, ends, strict=True)
            if one.owner is owner and end["status"] == "paid"
        )
        wallet = owner.must(200, "GET", "/v1/wallet")
        assert (wallet["available"], wallet["held"]) == (before[owner.user_id] - spent, 0)
    ours = sum((booked(owner) for owner, _ in owners), Counter())
    theirs = filed(stack, {started, clock.local_day()})
    for one in made:
        assert ours[one.withdrawal_id] == theirs[one.withdrawal_id], one


def owner_with_cards(
    addresses: Addresses, chance: random.Random
) -> tuple[PhoneApp, dict[str, str]]:
    owner = somebody(addresses, funds=20_000)
    numbers = chance.sample([number for number in ENDS if number != CARD], CARDS_OF_ONE)
    return owner, {number: owner.bind_card(number)["card_id"] for number in numbers}


def status_of_execution(stack: Stack, name: str) -> str:
    machine = stack.outputs["Withdrawal"].replace(":stateMachine:", ":execution:")
    states = stack.place.client("stepfunctions")
    return str(states.describe_execution(executionArn=f"{machine}:{name}")["status"])


def booked(owner: PhoneApp) -> Counter[str]:
    """By withdrawal, what its owner's statement says has gone to the bank and not come back."""
    moved: Counter[str] = Counter()
    path = "/v1/wallet/entries?limit=100"
    after: str | None = ""
    while after is not None:
        page = owner.must(200, "GET", f"{path}&cursor={after}" if after else path)
        for entry in page["items"]:
            if entry["kind"] in ("withdrawal", "reversal"):
                sign = 1 if entry["direction"] == "out" else -1
                moved[entry["reference"]] += sign * entry["amount"]
        after = page["next_cursor"]
    return moved


def filed(stack: Stack, days: set[str]) -> Counter[str]:
    """By reference, what the bank's files of these days say was paid out and has not come back."""
    secret = stack.place.client("secretsmanager").get_secret_value(
        SecretId=stack.outputs["BankSecret"]
    )
    credentials = json.loads(secret["SecretString"])
    bank = SandboxBank(
        url=stack.addresses.sandbox_url,
        client_id=credentials["client_id"],
        key=bytes.fromhex(credentials["key"]),
    )
    moved: Counter[str] = Counter()
    for day in days:
        for line in b"".join(bank.settlement_file(day)).decode().splitlines():
            _, reference, kind, amount, *_ = [*line.split(","), "", "", ""]
            if kind in ("payout", "reversal"):
                moved[reference] += int(amount) if kind == "payout" else -int(amount)
    return moved
