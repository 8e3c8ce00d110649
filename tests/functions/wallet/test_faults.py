"""Binding and removing a card under every fault at every call to AWS that it makes."""

from typing import Any

import pytest

from shared import secrets
from shared.bank import get_bank
from shared.errors import ServiceUnavailable
from tests.clock import TestClock
from tests.edge import Answer
from tests.faults import Fault, Swept, sweep
from tests.functions.bank_cards import bind, card_body, confirm, start_binding, top_up, unused_phone
from tests.people import register
from tests.sandbox.running import RunningBank


class CardStarted(Swept):
    """The bank may send a code for each time it is asked; the card is there once."""

    known_elsewhere = True
    bank: RunningBank

    def prepare(self) -> None:
        self.ana = register(unused_phone())
        # A container that has just started must fetch its keys, and can fail at that too.
        secrets.forget()
        get_bank.cache_clear()

    def act(self) -> Any:
        return _told(self.ana.call("POST", "/v1/cards", card_body()))["card_id"]

    def run_sweepers(self) -> None:
        self.ana = self.ana.back_again()

    def check_done(self) -> None:
        assert self.statuses() == ["verifying"]

    def check_finally(self) -> None:
        assert self.statuses() == [], "nobody gave the code"

    def statuses(self) -> list[str]:
        return [card["status"] for card in self.ana.call("GET", "/v1/cards").json["items"]]


class CardBound(CardStarted):
    def prepare(self) -> None:
        super().prepare()
        self.card_id, verification_id = start_binding(self.ana)
        self.code = self.bank.code_of(verification_id)
        secrets.forget()
        get_bank.cache_clear()

    def act(self) -> Any:
        return _told(confirm(self.ana, self.card_id, self.code))

    def check_done(self) -> None:
        assert self.statuses() == ["active"]

    def check_finally(self) -> None:
        self.check_done()
        assert top_up(self.ana, self.card_id, 500, key="k").status == 201, "its token is good"


class CardBoundAnew(CardBound):
    """In the place of an earlier token, which goes back to the bank."""

    def prepare(self) -> None:
        CardStarted.prepare(self)
        bind(self.ana, self.bank)
        self.card_id, verification_id = start_binding(self.ana)
        self.code = self.bank.code_of(verification_id)


class CardRemoved(CardStarted):
    def prepare(self) -> None:
        super().prepare()
        self.card_id = bind(self.ana, self.bank)

    def act(self) -> Any:
        """Whoever asks again may hear that it is gone."""
        answer = self.ana.call("DELETE", f"/v1/cards/{self.card_id}")
        if answer.status != 404:
            _told(answer)

    def check_done(self) -> None:
        assert self.statuses() == []

    def check_finally(self) -> None:
        self.check_done()


def _told(answer: Answer) -> Any:
    if answer.status == 503:
        raise ServiceUnavailable
    assert answer.status < 300, answer.text
    return answer.json if answer.text else None


@pytest.fixture(autouse=True)
def _bank(cloud: None, bank: RunningBank, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CardStarted, "bank", bank, raising=False)


# How the table copes with the others, the first of these and the sweeps of the ledger have shown.
THAT_CUT = (Fault.DIES_BEFORE, Fault.DIES_AFTER, Fault.RESPONSE_LOST)


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        *((CardBound, fault) for fault in Fault),
        *((other, cut) for other in (CardStarted, CardBoundAnew, CardRemoved) for cut in THAT_CUT),
    ],
    ids=lambda one: one.__name__ if isinstance(one, type) else one.name,
)
def test_a_card_is_there_once_and_works_or_is_gone(
    operation: type[Swept], fault: Fault, test_clock: TestClock
) -> None:
    assert sweep(operation, fault, test_clock)
