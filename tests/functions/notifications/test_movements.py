"""Payer and payee hear of every movement, once, in the order of the statement."""

import random
from copy import deepcopy

import pytest

import app
from functions.notifications.events import on_movements
from functions.notifications.notifying import NothingTold
from shared.ledger import (
    FromSystem,
    FromUser,
    Movement,
    ToSystem,
    ToUser,
    hold,
    post,
    release,
    reverse,
    settle,
)
from shared.ledger.accounts import BANK_SETTLEMENT, FEES
from shared.money import Money
from tests.clock import TestClock
from tests.functions.bank_cards import bind, top_up
from tests.functions.notifications.hearing import NO_FAILURES, heard, inbox, told, unread
from tests.ledger_accounts import account, open_shop
from tests.ledger_stream import event, ledger_stream
from tests.people import Person, fund
from tests.sandbox.running import RunningBank

SHOP = "m_shop"
BANK = ToSystem(BANK_SETTLEMENT, label="Bank 0008")


def shown(person: Person) -> str:
    """How others see a person."""
    return f"{person.phone[:6]}****{person.phone[-4:]}"


def hold_for_withdrawal(person: Person, amount: int) -> None:
    movement = Movement(transfer_id="t_w", kind="withdrawal", amount=Money(amount=amount))
    payer = FromUser(account(person.user_id))
    hold(movement, debit=payer, credit=BANK, expires_at=None)


def test_both_are_known_to_the_app_by_the_names_of_the_template() -> None:
    assert {"tell_of_movements", "send_notifications"} <= app.app.handler_map.keys()


def test_payer_and_payee_hear_of_a_transfer_each_in_their_language(ana: Person, bo: Person) -> None:
    fund(ana.user_id, 500)
    with told():
        ana.send(bo, 123, key="k", note="午饭")

    assert heard(ana) == [f"已向{shown(bo)}转账 1.23 CNY。"]
    assert heard(bo) == [f"收到{shown(ana)}的转账 1.23 CNY。"]
    assert heard(bo, language="en") == [f"You received 1.23 CNY from {shown(ana)}."]


def test_a_notification_says_what_the_statement_says(ana: Person, bank: RunningBank) -> None:
    with told():
        top_up(ana, bind(ana, bank), 700, key="k")

    (one,) = inbox(ana, language="en")["items"]
    (entry,) = ana.call("GET", "/v1/wallet/entries").json["items"]
    assert one.pop("id").startswith("n_")
    assert one == {
        "kind": "top_up",
        "outcome": "moved",
        "title": "Top-up received",
        "text": "7.00 CNY came in from 沙盒银行 Sandbox Bank 0008.",
        "direction": "in",
        "amount": 700,
        "currency": "CNY",
        "balance_after": 700,
        "counterparty": "沙盒银行 Sandbox Bank 0008",
        "note": None,
        "reference": entry["reference"],
        "created_at": entry["created_at"],
        "read": False,
    }


def test_a_paid_withdrawal_is_told_of_with_its_fee(ana: Person) -> None:
    fund(ana.user_id, 1_000)
    with told():
        hold_for_withdrawal(ana, 510)
        settle("t_w", credit=BANK, amount=500, fee=10)

    assert heard(ana) == ["已收取手续费 0.10 CNY。", "提现 5.00 CNY 已转入Bank 0008。"]


@pytest.mark.parametrize(
    ("why", "title"), [("CARD_CLOSED", "Withdrawal failed"), ("cancelled", "Withdrawal cancelled")]
)
def test_a_withdrawal_that_paid_nothing_is_told_of_without_an_entry(
    ana: Person, why: str, title: str
) -> None:
    fund(ana.user_id, 1_000)
    hold_for_withdrawal(ana, 510)
    with told():
        release("t_w", why=why)

    (one,) = inbox(ana, language="en")["items"]
    assert (one["title"], one["amount"], one["balance_after"]) == (title, 510, None)
    assert "5.10 CNY is in your balance again." in one["text"]


def test_a_hold_alone_is_no_movement(ana: Person) -> None:
    fund(ana.user_id, 1_000)
    with told():
        hold_for_withdrawal(ana, 510)

    assert heard(ana) == []


def test_a_delayed_transfer_is_told_of_when_it_is_taken_back(ana: Person, bo: Person) -> None:
    fund(ana.user_id, 500)
    transfer_id = ana.send(bo, 200, key="k", arrive="in_2_hours").json["transfer_id"]
    with told():
        assert ana.call("POST", f"/v1/transfers/{transfer_id}/cancel").status == 200

    assert heard(ana) == [f"向{shown(bo)}的转账已撤销，2.00 CNY 已退回您的余额。"]
    assert heard(bo) == []


def test_a_reversal_is_told_of(ana: Person) -> None:
    fund(ana.user_id, 500)
    movement = Movement(transfer_id="t_p", kind="payment", amount=Money(amount=200))
    post(movement, debit=FromUser(account(ana.user_id)), credit=ToSystem(FEES))
    with told():
        reverse(
            "t_p",
            amount=Money(amount=50),
            idempotency_key="k",
            debit=FromSystem(FEES),
            credit=ToUser(account(ana.user_id)),
        )

    assert heard(ana) == ["0.50 CNY 已退回您的余额。"]


def test_a_kind_without_words_of_its_own_is_told_all_the_same(ana: Person) -> None:
    fund(ana.user_id, 500)
    movement = Movement(transfer_id="t_x", kind="gift", amount=Money(amount=200))
    with told():
        post(movement, debit=FromUser(account(ana.user_id)), credit=ToSystem(FEES))

    assert heard(ana, language="en") == ["2.00 CNY left your account."]


def test_shops_and_the_house_have_no_inbox(ana: Person) -> None:
    with ledger_stream() as records:
        open_shop(SHOP, parts=[500])
    assert [one for one in records if "ENTRY#" in one["dynamodb"]["Keys"]["sk"]["S"]]

    assert on_movements(event(records), None) == NO_FAILURES
    assert heard(ana) == []


def test_a_redelivered_batch_changes_nothing(
    ana: Person, bo: Person, test_clock: TestClock
) -> None:
    fund(ana.user_id, 500)
    with told() as records:
        ana.send(bo, 100, key="a")
        ana.send(bo, 200, key="b")
    before = inbox(ana), inbox(bo)

    test_clock.move(minutes=5)
    assert on_movements(event(records), None) == NO_FAILURES
    assert on_movements(event(records[1:]), None) == NO_FAILURES
    assert (inbox(ana), inbox(bo)) == before


def test_the_list_has_the_order_of_the_statement_however_records_come(
    ana: Person, bo: Person
) -> None:
    fund(ana.user_id, 5_000)
    with ledger_stream() as records:
        for number in range(1, 8):
            ana.send(bo, number, key=str(number))
    random.Random(7).shuffle(records)
    for record in records:
        on_movements(event([record]), None)

    for person in (ana, bo):
        told_of = [one["amount"] for one in inbox(person)["items"]]
        entries = person.call("GET", "/v1/wallet/entries").json["items"]
        assert told_of[:7] == [one["amount"] for one in entries][:7] == [7, 6, 5, 4, 3, 2, 1]


def test_one_poisoned_record_fails_alone(ana: Person, bo: Person) -> None:
    fund(ana.user_id, 5_000)
    with ledger_stream() as records:
        ana.send(bo, 100, key="a")
        ana.send(bo, 200, key="b")
    healthy = deepcopy(records)
    poisoned = next(
        one for one in records if one["dynamodb"]["Keys"]["pk"]["S"].endswith(ana.user_id)
        and "ENTRY#" in one["dynamodb"]["Keys"]["sk"]["S"]
    )  # fmt: skip
    del poisoned["dynamodb"]["NewImage"]["amount"]

    failed = on_movements(event(records), None)

    number = poisoned["dynamodb"]["SequenceNumber"]
    assert failed == {"batchItemFailures": [{"itemIdentifier": number}]}
    assert len(heard(bo)) == 2
    # What comes after it in its own account waits, so that it is heard of in its order.
    assert heard(ana) == []
    assert on_movements(event(healthy), None) == NO_FAILURES
    assert (len(heard(ana)), len(heard(bo))) == (2, 2)


def test_a_batch_of_which_nothing_can_be_told_fails_as_a_whole(ana: Person) -> None:
    with ledger_stream() as records:
        fund(ana.user_id, 500)
    (entry,) = (one for one in records if "ENTRY#" in one["dynamodb"]["Keys"]["sk"]["S"])
    del entry["dynamodb"]["NewImage"]["amount"]

    with pytest.raises(NothingTold):
        on_movements(event([entry]), None)
    assert unread(ana) == 0
