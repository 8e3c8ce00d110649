"""One withdrawal of a test on its way: its execution, what its owner sees, what its bank did."""

from dataclasses import dataclass
from typing import Any

from tests.edge import Answer
from tests.functions.withdrawals.asking import withdraw
from tests.functions.withdrawals.notifying import notify, payout
from tests.functions.withdrawals.step_functions import Execution, StepFunctions
from tests.people import Person, sms_sent_to
from tests.sandbox.running import RunningBank

AMOUNT, FEE = 150_000, 50


@dataclass
class Carried:
    machine: StepFunctions
    bank: RunningBank
    owner: Person
    withdrawal_id: str

    @property
    def execution(self) -> Execution:
        return self.machine.executions[self.withdrawal_id]

    @property
    def shown(self) -> Any:
        """As its owner sees it now, in a new session: time has passed."""
        self.owner = self.owner.back_again()
        path = f"/v1/withdrawals/{self.withdrawal_id}"
        return self.owner.call("GET", path, headers={"Accept-Language": "en"}).json

    @property
    def statuses(self) -> list[str]:
        return [step["status"] for step in self.shown["history"]]

    @property
    def paid_out(self) -> list[Any]:
        """What the bank has of it."""
        return self.bank.orders_of("payouts", self.withdrawal_id)

    @property
    def told(self) -> list[str]:
        """The text messages about withdrawals, oldest first."""
        return [text for text in sms_sent_to(self.owner.phone) if "提现" in text]

    def balances(self) -> tuple[int, int]:
        """Available and held."""
        self.owner = self.owner.back_again()
        wallet = self.owner.call("GET", "/v1/wallet").json
        return wallet["available"], wallet["held"]

    def hear(self, status: str, reason: str | None = None, **more: Any) -> Answer:
        """The bank notifies the wallet of it."""
        return notify(payout(self.withdrawal_id, AMOUNT, status, reason), **more)

    def step_to(self, state: str) -> None:
        """Until its execution is about to carry out `state`."""
        for _ in range(100):
            if self.execution.at == state:
                return
            assert self.execution.token is None, f"waits before {state}"
            self.machine.step(self.execution)
        raise AssertionError(f"never comes to {state}")


def begin(
    machine: StepFunctions, bank: RunningBank, owner: Person, card_id: str, *, key: str = "k"
) -> Carried:
    answer = withdraw(owner, card_id, AMOUNT, key=key)
    assert answer.status == 202, answer.text
    return Carried(machine, bank, owner, answer.json["withdrawal_id"])
