"""A shop with money and a card, and its settlements on their way, as tests look at them."""

import itertools
import json
from dataclasses import dataclass
from typing import Any

from functions.payments.records import Event
from shared.ledger import FromSystem, Movement, ToMerchant, post
from shared.ledger.accounts import FUND, merchant_funds
from shared.money import Money
from tests.edge import Answer
from tests.functions.withdrawals.notifying import notify, payout
from tests.functions.withdrawals.step_functions import Execution, StepFunctions
from tests.sandbox.running import ORDINARY, RunningBank
from tests.shops import Shop, open_shop, operator

SETTLEMENTS = "/v1/merchant/settlements"
FUNDS = 1_000_000
PHONE = "+8613800138000"
_numbers = itertools.count(1)


def bind_card(shop: Shop, bank: RunningBank, number: str = ORDINARY) -> Any:
    """As an operator binds it; what the operator is told at the end."""
    begun = operator(
        "bind_card", merchant_id=shop.merchant_id, number=number, holder_name="咖啡", phone=PHONE
    )
    binding_id = begun["binding_id"]
    return operator(
        "confirm_card",
        merchant_id=shop.merchant_id,
        binding_id=binding_id,
        code=bank.code_of(binding_id),
    )


def earn(shop: Shop, *amounts: int) -> None:
    """Money for a shop, in transfers that spread over its shards."""
    for amount in amounts:
        earned = Movement(
            transfer_id=f"t_earned{next(_numbers)}", kind="payment", amount=Money(amount=amount)
        )
        post(earned, debit=FromSystem(FUND), credit=ToMerchant(shop.merchant_id))


def new_shop(bank: RunningBank, number: str = ORDINARY, **terms: Any) -> Shop:
    """With a card, and FUNDS in several shards."""
    shop = open_shop(**terms)
    bind_card(shop, bank, number)
    earn(shop, *[FUNDS // 4] * 4)
    return shop


def settle(shop: Shop, number: str = "", **body: object) -> Answer:
    asked = {"merchant_settlement_id": number or f"s-{next(_numbers)}"}
    return shop.call("POST", SETTLEMENTS, asked | body)


def funds(shop: Shop) -> tuple[int, int]:
    """Available and held."""
    available, held = merchant_funds(shop.merchant_id)
    return available, held


def events(shop: Shop) -> list[Any]:
    """What the shop is to hear, as it would be sent, oldest first."""
    scanned = (event for event in Event.scan() if event.pk.startswith("EVENT#ev_"))
    found = [event for event in scanned if event.sk == "EVENT"]
    told = [json.loads(event.body) for event in found if event.merchant_id == shop.merchant_id]
    return sorted(told, key=lambda one: str(one["created_at"]))


@dataclass
class Settling:
    """One settlement on its way."""

    machine: StepFunctions
    bank: RunningBank
    shop: Shop
    settlement_id: str
    amount: int

    @property
    def execution(self) -> Execution:
        return self.machine.executions[self.settlement_id]

    @property
    def shown(self) -> Any:
        answer = self.shop.call("GET", f"{SETTLEMENTS}/{self.settlement_id}")
        assert answer.status == 200, answer.text
        return answer.json

    @property
    def paid_out(self) -> list[Any]:
        """What the bank has of it."""
        return self.bank.orders_of("payouts", self.settlement_id)

    @property
    def heard(self) -> list[str]:
        return [
            event["type"]
            for event in events(self.shop)
            if event.get("settlement", {}).get("settlement_id") == self.settlement_id
        ]

    def hear(self, status: str, reason: str | None = None, **more: Any) -> Answer:
        """The bank notifies the wallet of it."""
        return notify(payout(self.settlement_id, self.amount, status, reason), **more)


def begin(machine: StepFunctions, bank: RunningBank, shop: Shop, **body: object) -> Settling:
    answer = settle(shop, **body)  # type: ignore[arg-type]
    assert answer.status == 202, answer.text
    made = answer.json
    return Settling(machine, bank, shop, made["settlement_id"], made["amount"])
