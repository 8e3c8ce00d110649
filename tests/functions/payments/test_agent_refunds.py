"""Refunds that two people of ours decide on: proposed by an agent, done once, never too much."""

from typing import Any

import pytest

from functions.agents.events import on_approvals_schedule
from shared.errors import ServiceUnavailable
from shared.ledger import FromMerchant, Movement, ToSystem, post
from shared.ledger.accounts import BANK_SETTLEMENT, FEES
from shared.money import Money
from tests.agents import Agent, at_work, deeds
from tests.clock import TestClock
from tests.conftest import ledger_items
from tests.edge import Answer
from tests.faults import Fault, ProcessDied, Swept, intercepted, sweep
from tests.functions.agents.deciding import dies_before_money, state_of
from tests.functions.scheduled import TICK
from tests.ledger_accounts import shards
from tests.people import Person, register
from tests.shops import Shop, open_shop, operator, pay
from tests.soundness import check_sound


@pytest.fixture
def paid(shop: Shop, ana: Person) -> str:
    """An order of 5,000 that Ana has paid; its fee was 30."""
    order_id = shop.order(5_000)
    assert pay(ana, order_id, key="k").status == 201
    return order_id


@pytest.fixture
def finance() -> list[Agent]:
    return [at_work(f"{name}@bank.example", "finance") for name in ("fang", "gao", "hu")]


@pytest.fixture
def support() -> Agent:
    return at_work("li@bank.example", "agent")


def propose(by: Agent, order_id: str, amount: int = 2_000, **other: object) -> Answer:
    body = {"reference": "case-7", "amount": amount, "reason": "商家未发货"} | other
    return by.call("POST", f"/v1/agent/orders/{order_id}/refunds", body)


def proposed(by: Agent, order_id: str, **other: Any) -> str:
    answer = propose(by, order_id, **other)
    assert answer.status == 201, answer.text
    return str(answer.json["approval_id"])


def test_one_of_finance_proposes_a_second_approves_and_the_payer_sees_it(
    shop: Shop, ana: Person, paid: str, finance: list[Agent]
) -> None:
    first, second, _ = finance
    answer = propose(first, paid)
    told = answer.json
    assert (answer.status, told["kind"], told["approvals_needed"]) == (201, "order_refund", 1)
    assert told["what"]["merchant_name"] == "Kafei"
    assert ana.available == 5_000

    assert second.approve(told["approval_id"]).json["state"] == "executed"

    assert (ana.available, shop.balance, sum(shards(FEES))) == (7_000, 2_982, 18)
    entry = ana.call("GET", "/v1/wallet/entries?kind=refund").json["items"][0]
    assert (entry["amount"], entry["note"], entry["reference"]) == (2_000, "商家未发货", paid)
    assert [one["amount"] for one in shop.shown(paid)["refunds"]] == [2_000]
    check_sound(ledger_items())


def test_an_agents_proposal_takes_two_of_finance(
    ana: Person, paid: str, support: Agent, finance: list[Agent]
) -> None:
    approval_id = proposed(support, paid)

    assert support.approve(approval_id).code == "ROLE_REQUIRED"
    assert finance[0].approve(approval_id).json["state"] == "proposed"
    assert finance[0].approve(approval_id).status == 200  # again it is the same yes
    assert ana.available == 5_000
    assert finance[1].approve(approval_id).json["state"] == "executed"
    assert finance[1].approve(approval_id).json["state"] == "executed"
    assert ana.available == 7_000


def test_nobody_decides_alone_or_for_themselves(
    ana: Person, paid: str, finance: list[Agent]
) -> None:
    payer = at_work("ana@bank.example", "finance", user_id=ana.user_id)
    approval_id = proposed(finance[0], paid)

    assert finance[0].approve(approval_id).code == "SAME_PERSON"
    assert payer.approve(approval_id).code == "OWN_ACCOUNT"
    assert propose(payer, paid, reference="mine").code == "OWN_ACCOUNT"
    assert finance[1].reject(approval_id).json["state"] == "rejected"
    assert finance[2].approve(approval_id).code == "APPROVAL_ENDED"
    assert ana.available == 5_000


def test_the_same_reference_is_the_same_refund_also_when_it_is_done(
    ana: Person, paid: str, finance: list[Agent]
) -> None:
    approval_id = proposed(finance[0], paid, amount=5_000)
    finance[1].approve(approval_id)

    again = propose(finance[0], paid, amount=5_000)
    assert (again.status, again.json["state"]) == (201, "executed")
    assert propose(finance[0], paid, amount=4_999).code == "IDEMPOTENCY_KEY_REUSED"
    assert ana.available == 10_000


def test_it_is_never_above_what_is_left(
    shop: Shop, ana: Person, paid: str, finance: list[Agent]
) -> None:
    assert propose(finance[0], paid, amount=5_001).code == "REVERSAL_EXCEEDS_ORIGINAL"
    approval_id = proposed(finance[0], paid, amount=4_000)
    assert shop.refund(paid, 1_001, number="r-1").status == 201

    ended = finance[1].approve(approval_id).json
    assert (ended["state"], ended["failure"]) == ("failed", "REVERSAL_EXCEEDS_ORIGINAL")
    assert ana.available == 6_001
    check_sound(ledger_items())


def test_what_was_not_paid_or_is_not_there_is_refused(
    shop: Shop, paid: str, finance: list[Agent]
) -> None:
    assert propose(finance[0], shop.order()).code == "ORDER_NOT_PAID"
    assert propose(finance[0], "o_nothing").code == "NOT_FOUND"
    for wrong in ({"amount": 0}, {"reason": ""}, {"reference": "a/b"}, {"payee": "me"}):
        assert propose(finance[0], paid, **wrong).status == 400, wrong


def test_a_disabled_merchant_is_made_to_give_back(
    shop: Shop, ana: Person, paid: str, finance: list[Agent]
) -> None:
    operator("disable", merchant_id=shop.merchant_id)

    finance[1].approve(proposed(finance[0], paid, amount=5_000))

    assert (ana.available, shop.balance) == (10_000, 0)


def test_a_merchant_without_the_money_fails_it_with_the_reason(
    shop: Shop, ana: Person, paid: str, finance: list[Agent]
) -> None:
    approval_id = proposed(finance[0], paid, amount=5_000)
    out = Movement(transfer_id="t_out", kind="withdrawal", amount=Money(amount=1))
    post(out, debit=FromMerchant(shop.merchant_id), credit=ToSystem(BANK_SETTLEMENT))

    ended = finance[1].approve(approval_id).json
    assert (ended["state"], ended["failure"]) == ("failed", "INSUFFICIENT_FUNDS")
    assert ana.available == 5_000


def test_what_was_approved_and_not_done_is_done_by_the_schedule(
    ana: Person, paid: str, finance: list[Agent], test_clock: TestClock
) -> None:
    approval_id = proposed(finance[0], paid)
    with intercepted(dies_before_money), pytest.raises(ProcessDied):
        finance[1].approve(approval_id)
    assert (ana.available, state_of(finance[0], approval_id)) == (5_000, "approved")

    test_clock.move(minutes=5)
    on_approvals_schedule(TICK, None)

    assert (ana.available, state_of(finance[0], approval_id)) == (7_000, "executed")
    supervisor = at_work("su@bank.example", "supervisor")
    told = {one["deed"] for one in deeds(supervisor, about=approval_id)}
    assert told == {"proposed", "approved", "executed"}


class Approved(Swept):
    """The last yes, and with it the refund."""

    def prepare(self) -> None:
        self.ana = register("+8613800000001", funds=10_000)
        self.shop = open_shop()
        self.order_id = self.shop.order(5_000, expires_in=3_600)
        pay(self.ana, self.order_id, key="k")
        first, self.second = (at_work(f"{n}@bank.example", "finance") for n in ("fang", "gao"))
        self.approval_id = proposed(first, self.order_id)

    def act(self) -> Any:
        answer = self.second.approve(self.approval_id)
        if answer.status == 503:
            raise ServiceUnavailable
        return answer.status, answer.json["state"]

    def check_done(self) -> None:
        assert (self.ana.available, self.shop.balance) == (7_000, 2_982)

    def run_sweepers(self) -> None:
        on_approvals_schedule(TICK, None)
        self.ana = self.ana.back_again()


@pytest.mark.parametrize("fault", [Fault.DIES_AFTER, Fault.RESPONSE_LOST], ids=lambda one: one.name)
def test_it_happens_once_under_a_fault_at_any_call(fault: Fault, test_clock: TestClock) -> None:
    assert sweep(Approved, fault, test_clock)
