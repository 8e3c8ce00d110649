"""Settlements on request: held in the shards, carried by the machine of withdrawals, told of."""

import json
from typing import Any

import pytest

from functions.agents.records import AuditRecord, audit_month
from functions.support.records import Case, case_key
from functions.withdrawals.history import visible
from functions.withdrawals.records import find_withdrawal
from functions.withdrawals.resolution import resolve_due
from shared.errors import NotFound
from shared.ledger.accounts import SUSPENSE
from shared.ledger.books import check_books
from shared.ledger.records import CLOSED, FROZEN, Account, account_key
from shared.settings import settings
from shared.table import change, read
from tests.clock import TestClock
from tests.conftest import ledger_items
from tests.functions.withdrawals.settlements.settling import (
    FUNDS,
    SETTLEMENTS,
    begin,
    bind_card,
    earn,
    events,
    funds,
    new_shop,
    settle,
)
from tests.functions.withdrawals.step_functions import SUCCEEDED, StepFunctions
from tests.ledger_accounts import shards
from tests.people import Person, register
from tests.sandbox.running import TIMES_OUT_EXECUTED, RunningBank
from tests.shops import Shop, open_shop, operator, pay
from tests.soundness import check_sound

ACCOUNT_CLOSED = "6222021234500040005"


def set_shards(shop: Shop, status: str) -> None:
    for shard in range(settings().merchant_account_shards):
        account = Account(*account_key(shop.merchant_id, shard)[1:])
        change(account, [Account.status.set(status)], Account.account_id.exists())


class TestAsking:
    def test_all_that_there_is_is_held_at_once_and_on_its_way(
        self, shop: Shop, machine: StepFunctions
    ) -> None:
        answer = settle(shop, "s-1")

        assert answer.status == 202, answer.text
        made = answer.json
        assert (made["status"], made["amount"], made["asked_by"]) == ("pending", FUNDS, "merchant")
        assert made["card"] == {"bank": "沙盒银行 Sandbox Bank", "last4": "0002"}
        assert funds(shop) == (0, FUNDS)
        assert machine.executions.keys() == {made["settlement_id"]}
        check_sound(ledger_items())
        assert check_books().sound

    def test_a_part_leaves_the_rest(self, shop: Shop) -> None:
        assert settle(shop, amount=123_456).json["amount"] == 123_456
        assert funds(shop) == (FUNDS - 123_456, 123_456)

    def test_the_same_number_is_the_same_settlement(
        self, shop: Shop, machine: StepFunctions
    ) -> None:
        first = settle(shop, "s-1", amount=500)
        machine.run()
        again = settle(shop, "s-1", amount=500)

        assert (again.status, again.json) == (202, first.json)
        assert again.headers["Idempotency-Replayed"] == "true"
        assert funds(shop) == (FUNDS - 500, 500)

    def test_the_same_number_with_another_body_is_refused(self, shop: Shop) -> None:
        settle(shop, "s-1", amount=500)

        for other in ({"amount": 501}, {}):
            refused = settle(shop, "s-1", **other)
            assert (refused.status, refused.code) == (422, "IDEMPOTENCY_KEY_REUSED")
        assert funds(shop) == (FUNDS - 500, 500)

    def test_what_is_kept_for_refunds_stays(self, bank: RunningBank, shop: Shop) -> None:
        operator("change", merchant_id=shop.merchant_id, settlement_reserve=300_000)

        refused = settle(shop, amount=FUNDS - 299_999)
        assert (refused.status, refused.code) == (422, "INSUFFICIENT_FUNDS")
        assert settle(shop).json["amount"] == FUNDS - 300_000
        assert funds(shop) == (300_000, FUNDS - 300_000)

    def test_too_little_is_refused_and_the_number_may_be_used_again(self, shop: Shop) -> None:
        settle(shop)
        operator("change", merchant_id=shop.merchant_id, settlement_minimum=10_000)
        earn(shop, 9_999)

        refused = settle(shop, "s-2")
        assert (refused.status, refused.code) == (422, "SETTLEMENT_TOO_SMALL")
        assert ("99.99" in refused.json["detail"], "100.00" in refused.json["detail"]) == (
            True,
        ) * 2
        earn(shop, 1)
        assert settle(shop, "s-2").json["amount"] == 10_000

    def test_more_than_there_is_is_refused(self, shop: Shop) -> None:
        refused = settle(shop, amount=FUNDS + 1)

        assert (refused.status, refused.code) == (422, "INSUFFICIENT_FUNDS")
        assert funds(shop) == (FUNDS, 0)

    def test_without_a_card_nothing_goes_anywhere(self, shop: Shop) -> None:
        other = open_shop()
        earn(other, 500)

        refused = settle(other)
        assert (refused.status, refused.code) == (422, "NO_SETTLEMENT_CARD")
        account = other.call("GET", "/v1/merchant/account").json
        assert (account["available"], account["settlement_card"]) == (500, None)
        assert account["next_settlement_at"] is None

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"merchant_settlement_id": ""},
            {"merchant_settlement_id": "s", "amount": 0},
            {"merchant_settlement_id": "s", "amount": 1.5},
            {"merchant_settlement_id": "s", "currency": "USD"},
            {"merchant_settlement_id": "s", "card_token": "ct_mine"},
        ],
    )
    def test_what_is_malformed_is_refused(self, shop: Shop, body: dict[str, Any]) -> None:
        assert shop.call("POST", SETTLEMENTS, body).status == 400
        assert funds(shop) == (FUNDS, 0)

    def test_it_is_shown_to_its_merchant_alone(self, shop: Shop) -> None:
        made = settle(shop).json
        other, person = open_shop(), register("+8613800000001", pay_password=False)

        assert [one["settlement_id"] for one in shop.call("GET", SETTLEMENTS).json["items"]] == [
            made["settlement_id"]
        ]
        assert other.call("GET", SETTLEMENTS).json == {"items": [], "next_cursor": None}
        theirs = other.call("GET", f"{SETTLEMENTS}/{made['settlement_id']}")
        nobodys = other.call("GET", f"{SETTLEMENTS}/ms_nobodys")
        assert (theirs.status, theirs.text) == (404, nobodys.text)
        as_user = person.call("GET", f"/v1/withdrawals/{made['settlement_id']}")
        assert as_user.status == 404
        with pytest.raises(NotFound):
            visible(find_withdrawal(made["settlement_id"]), person.user_id)

    def test_pages_follow_each_other(self, shop: Shop, test_clock: TestClock) -> None:
        made = []
        for _ in range(3):
            test_clock.move(seconds=1)
            made.append(settle(shop, amount=500).json["settlement_id"])

        first = shop.call("GET", f"{SETTLEMENTS}?limit=2").json
        rest = shop.call("GET", f"{SETTLEMENTS}?cursor={first['next_cursor']}&limit=2").json
        shown = [one["settlement_id"] for one in [*first["items"], *rest["items"]]]
        assert (shown, rest["next_cursor"]) == (made[::-1], None)

    def test_the_account_says_what_is_where(self, shop: Shop) -> None:
        operator(
            "change", merchant_id=shop.merchant_id, settlement_at="04:15", settlement_reserve=7
        )
        settle(shop, amount=500)

        assert shop.call("GET", "/v1/merchant/account").json == {
            "available": FUNDS - 500,
            "held": 500,
            "reserve": 7,
            "minimum": 100,
            "currency": "CNY",
            "settlement_card": {"bank": "沙盒银行 Sandbox Bank", "last4": "0002"},
            "next_settlement_at": "2026-03-01T20:15:00.000Z",
        }


class TestCarrying:
    def test_paid_it_has_left_and_the_merchant_hears_of_it(
        self, shop: Shop, bank: RunningBank, machine: StepFunctions
    ) -> None:
        carried = begin(machine, bank, shop, amount=600_000)
        machine.run()
        assert carried.shown["status"] == "submitted"
        assert carried.hear("paid").status == 204
        machine.run()

        assert carried.execution.status == SUCCEEDED
        assert [one["amount"] for one in carried.paid_out] == [600_000]
        assert funds(shop) == (FUNDS - 600_000, 0)
        (event,) = events(shop)
        assert (event["type"], event["settlement"]["status"]) == ("settlement.paid", "paid")
        assert event["settlement"]["amount"] == 600_000
        listed = shop.call("GET", "/v1/merchant/events").json
        assert listed["items"] == []  # not delivered yet
        check_sound(ledger_items())

    @pytest.mark.parametrize("at_once", [True, False])
    def test_rejected_it_is_back_and_the_merchant_hears_why(
        self, bank: RunningBank, machine: StepFunctions, shop: Shop, at_once: bool
    ) -> None:
        if at_once:
            bind_card(shop, bank, ACCOUNT_CLOSED)
        carried = begin(machine, bank, shop, amount=600_000)
        machine.run()
        if not at_once:
            assert carried.hear("rejected", "ACCOUNT_CLOSED").status == 204
            machine.run()

        assert funds(shop) == (FUNDS, 0)
        (event,) = events(shop)
        told = event["settlement"]
        assert (event["type"], told["status"]) == ("settlement.failed", "failed")
        assert told["reason"] == carried.shown["diagnosis"]["code"] == "ACCOUNT_CLOSED"
        check_sound(ledger_items())

    def test_it_comes_back_days_later(
        self, shop: Shop, bank: RunningBank, machine: StepFunctions, test_clock: TestClock
    ) -> None:
        carried = begin(machine, bank, shop)
        machine.run()
        carried.hear("paid")
        machine.run()
        test_clock.move(hours=60)
        assert carried.hear("reversed", "ACCOUNT_CLOSED").status == 204
        test_clock.move(minutes=10)
        assert resolve_due() == 1

        assert (funds(shop), carried.shown["status"]) == ((FUNDS, 0), "reversed")
        assert carried.heard == ["settlement.paid", "settlement.reversed"]
        check_sound(ledger_items())

    def test_it_comes_back_to_one_who_is_disabled_and_to_the_house_where_nobody_is(
        self, shop: Shop, bank: RunningBank, machine: StepFunctions, test_clock: TestClock
    ) -> None:
        first, second = (begin(machine, bank, shop, amount=1_000) for _ in range(2))
        machine.run()
        for carried in (first, second):
            carried.hear("paid")
        machine.run()
        operator("disable", merchant_id=shop.merchant_id)
        first.hear("reversed")
        test_clock.move(minutes=10)
        resolve_due()
        set_shards(shop, CLOSED)
        second.hear("reversed")
        test_clock.move(minutes=10)
        resolve_due()

        assert funds(shop) == (FUNDS - 1_000, 0)
        assert sum(shards(SUSPENSE)) == 1_000
        check_sound(ledger_items())

    def test_what_is_unknown_stays_held_until_the_bank_says(
        self, bank: RunningBank, machine: StepFunctions, shop: Shop
    ) -> None:
        bind_card(shop, bank, TIMES_OUT_EXECUTED)
        carried = begin(machine, bank, shop)
        while carried.execution.at != "WaitToAsk":
            machine.step(carried.execution)
        assert (carried.shown["status"], funds(shop)) == ("unknown", (0, FUNDS))

        machine.run()
        assert (carried.shown["status"], funds(shop)) == ("paid", (0, 0))
        assert len(carried.paid_out) == 1

    def test_the_sweeper_does_it_where_no_machine_does(
        self, shop: Shop, bank: RunningBank, machine: StepFunctions, test_clock: TestClock
    ) -> None:
        machine.throttled = True
        carried_id = settle(shop).json["settlement_id"]
        assert machine.executions == {}
        machine.throttled = False
        test_clock.move(minutes=10)

        assert resolve_due() == 1
        assert machine.executions.keys() == {carried_id}

    def test_late_it_becomes_a_case_of_support(
        self, shop: Shop, bank: RunningBank, machine: StepFunctions, test_clock: TestClock
    ) -> None:
        carried = begin(machine, bank, shop)
        machine.run()
        test_clock.move(hours=24 * 4)
        resolve_due()

        key = case_key("withdrawal_overdue", carried.settlement_id)
        case = read([key]).one(Case, key)
        assert case is not None
        assert (case.merchant_id, case.user_id or "") == (shop.merchant_id, "")
        assert carried.shown["status"] == "submitted"

    def test_frozen_before_it_goes_it_stays(
        self, shop: Shop, bank: RunningBank, machine: StepFunctions
    ) -> None:
        carried = begin(machine, bank, shop)
        set_shards(shop, FROZEN)
        machine.run()

        assert (funds(shop), carried.shown["reason"]) == ((FUNDS, 0), "WALLET_FROZEN")
        assert carried.paid_out == []

    def test_without_an_address_nobody_is_told_and_it_ends_all_the_same(
        self, bank: RunningBank, machine: StepFunctions, shop: Shop
    ) -> None:
        quiet = new_shop(bank, notify_url=None)
        carried = begin(machine, bank, quiet)
        machine.run()
        carried.hear("paid")
        machine.run()

        assert (carried.execution.status, events(quiet)) == (SUCCEEDED, [])


class TestRefundsMeanwhile:
    @pytest.fixture
    def ana(self, shop: Shop) -> Person:
        return register("+8613800000001", funds=10_000)

    def test_a_refund_finds_too_little_and_is_told_what_is_on_its_way(
        self, shop: Shop, bank: RunningBank, machine: StepFunctions, ana: Person
    ) -> None:
        order_id = shop.order(5_000)
        pay(ana, order_id, key="k")
        carried = begin(machine, bank, shop)

        refused = shop.refund(order_id, 5_000, number="r-1")
        assert (refused.status, refused.code) == (422, "INSUFFICIENT_FUNDS")
        held = FUNDS + 4_970
        assert refused.json["diagnosis"] == {"missing": 4_970, "available": 0, "held": held}
        assert "10,049.70" in refused.json["detail"] or "10049.70" in refused.json["detail"]

        machine.run()
        carried.hear("rejected", "ACCOUNT_CLOSED")
        machine.run()
        assert shop.refund(order_id, 5_000, number="r-1").status == 201
        assert ana.available == 10_000
        check_sound(ledger_items())

    def test_the_reserve_is_what_refunds_live_on(
        self, shop: Shop, bank: RunningBank, machine: StepFunctions, ana: Person
    ) -> None:
        operator("change", merchant_id=shop.merchant_id, settlement_reserve=5_000)
        order_id = shop.order(5_000)
        pay(ana, order_id, key="k")
        begin(machine, bank, shop)

        assert shop.refund(order_id, 5_000, number="r-1").status == 201
        assert funds(shop)[0] == 5_000 - 4_970
        check_sound(ledger_items())


class TestCard:
    def test_an_operator_binds_it_by_the_banks_code_and_nobody_sees_its_token(
        self, shop: Shop, bank: RunningBank, machine: StepFunctions
    ) -> None:
        done = bind_card(shop, bank)

        assert done == {
            "merchant_id": shop.merchant_id,
            "bank": "沙盒银行 Sandbox Bank",
            "last4": "0008",
        }
        begin(machine, bank, shop)
        shown = [shop.call("GET", path).json for path in ("/v1/merchant/account", SETTLEMENTS)]
        trail = [str(item.attribute_values) for item in AuditRecord.query(audit_month("2026-03"))]
        listed = operator("list")
        assert "card_token" not in json.dumps([*shown, trail, listed])

    def test_wrong_codes_numbers_and_kinds_are_refused(self, shop: Shop, bank: RunningBank) -> None:
        before = shop.call("GET", "/v1/merchant/account").json["settlement_card"]
        begun = operator(
            "bind_card", merchant_id=shop.merchant_id, number="6222021234500010008",
            holder_name="咖啡", phone="+8613800138000",
        )  # fmt: skip
        wrong = {"merchant_id": shop.merchant_id, "binding_id": begun["binding_id"]}

        assert operator("confirm_card", **wrong, code="000000") == "SETTLEMENT_CARD_REFUSED"
        asked = {"merchant_id": shop.merchant_id, "holder_name": "x", "phone": "+8613800138000"}
        assert operator("bind_card", **asked, number="6222021234500010009") == "WRONG_CARD_NUMBER"
        assert operator("bind_card", **{**asked, "merchant_id": "m_x"}, number="1") == "NOT_FOUND"
        after = shop.call("GET", "/v1/merchant/account").json["settlement_card"]
        assert after == before

    def test_what_is_on_its_way_still_goes_to_the_card_of_before(
        self, shop: Shop, bank: RunningBank, machine: StepFunctions
    ) -> None:
        carried = begin(machine, bank, shop)
        bind_card(shop, bank)

        assert carried.shown["card"]["last4"] == "0002"
