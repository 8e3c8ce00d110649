"""Clients that move money between few accounts, all at once, and what they were told."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from botocore.endpoint import Endpoint
from botocore.exceptions import ReadTimeoutError

from shared.dynamodb import LostAnswer, connection
from shared.errors import Problem, ServiceUnavailable
from shared.ledger import FromUser, ToUser, hold, post, release, settle
from shared.ledger.records import Account, Transfer, account_key
from shared.settings import settings
from shared.table import read
from tests.ledger_accounts import FAR_AWAY, fund, open_users, wish
from tests.soundness import Unsound, check_sound

ACCOUNTS = tuple(f"u_{number}" for number in range(8))
FUNDS_EACH = 1_000
CLIENTS = 32
_KINDS = {"post": 55, "hold": 20, "settle": 15, "release": 10}
_SHARE_OF_LOST_ANSWERS = 0.1
_OPEN_HOLDS = 20
_PATIENCE = 10

Verb = Callable[[str, str, str, int], Transfer]
T = TypeVar("T")


@dataclass
class Told:
    """What the clients were told of their transfers, and what a reader saw meanwhile.

    outcomes: how often each answer was given. abandoned: transfers whose client has given up.
    sums: how often the accounts were seen to hold which sum.
    """

    accepted: dict[str, int] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    abandoned: set[str] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)
    released: set[str] = field(default_factory=set)
    outcomes: Counter[str] = field(default_factory=Counter)
    sums: Counter[int] = field(default_factory=Counter)
    seconds: float = 0

    @property
    def share_told_to_try_again(self) -> float:
        """Without those whose answers the test itself had lost."""
        return self.outcomes["ServiceUnavailable"] / self.outcomes.total()

    def __str__(self) -> str:
        answers = self.outcomes.total()
        return (
            f"{answers} answers in {self.seconds:.1f} s, {answers / self.seconds:.0f} a second; "
            f"{self.share_told_to_try_again:.2%} told to try again; {dict(self.outcomes)}; "
            f"looked {self.sums.total()} times"
        )

    def check(self) -> None:
        """Raises AssertionError unless the ledger is sound and holds just what was told."""
        assert self.sums.keys() == {FUNDS_EACH * len(ACCOUNTS)}, self.sums
        stored = check_sound().transfers
        for name, amount in self.accepted.items():
            assert name in stored, f"{name} was accepted and is not there"
            assert stored[name].amount == amount
        for name in self.refused:
            assert name not in stored, f"{name} was refused and is there"
        for name in self.settled:
            assert stored[name].status == "settled", f"{name} was settled"
        for name in self.released:
            assert stored[name].status == "released", f"{name} was released"
        unasked = stored.keys() - self.accepted.keys() - self.abandoned
        assert all(name.startswith("t_fund_") for name in unasked), unasked


def run_clients(*, seed: int, operations_each: int) -> Told:
    """All clients at once, while a reader looks at the accounts; what they were told."""
    open_users(*ACCOUNTS)
    for account_id in ACCOUNTS:
        fund(account_id, FUNDS_EACH)
    told, done = Told(), threading.Event()
    holds: list[str] = []
    clients = [Client(seed, number, told, holds) for number in range(CLIENTS)]
    started = time.monotonic()
    with answers_that_get_lost(), ThreadPoolExecutor(CLIENTS + 1) as threads:
        reading = threads.submit(_look, told, done)
        working = [threads.submit(client.work, operations_each) for client in clients]
        try:
            for one in working:
                one.result()
        finally:
            done.set()
        told.seconds = time.monotonic() - started
        reading.result()
    return told


def at_once(acts: list[Callable[[], T]]) -> list[T | Problem]:
    """Starts all at the same moment; what each was told, asking again when told to try again."""
    start = threading.Barrier(len(acts))

    def told(act: Callable[[], T]) -> T | Problem:
        start.wait()
        for _ in range(_PATIENCE):
            try:
                return act()
            except ServiceUnavailable:
                continue
            except Problem as problem:
                return problem
        raise AssertionError("nobody answers")

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(told, acts))


class Client:
    """One of many, with chances of its own. `holds` is what any of them may end."""

    def __init__(self, seed: int, number: int, told: Told, holds: list[str]) -> None:
        self._chance = random.Random(f"{seed}/{number}")
        self._number = number
        self._told = told
        self._holds = holds

    def work(self, operations: int) -> None:
        for count in range(operations):
            (kind,) = self._chance.choices(list(_KINDS), list(_KINDS.values()))
            if kind in ("post", "hold"):
                self._move(_hold if kind == "hold" else _post, f"t_{self._number}_{count}")
            elif recent := self._holds[-_OPEN_HOLDS:]:
                self._end(kind, self._chance.choice(recent))

    def _move(self, verb: Verb, name: str) -> None:
        payer, payee = self._chance.sample(ACCOUNTS, 2)
        amount = self._chance.randint(1, FUNDS_EACH // 4)
        told = self._ask(lambda: verb(name, payer, payee, amount))
        if told is None:
            self._told.abandoned.add(name)
        elif isinstance(told, Problem):
            self._told.refused.add(name)
        else:
            self._told.accepted[name] = amount
            if told.status == "held":
                self._holds.append(name)

    def _end(self, kind: str, name: str) -> None:
        """Perhaps of a hold that another client ends the other way at this very moment."""
        told = self._ask(
            lambda: settle(name) if kind == "settle" else release(name, why="cancelled")
        )
        if isinstance(told, Transfer):
            (self._told.settled if told.status == "settled" else self._told.released).add(name)

    def _ask(self, act: Callable[[], Transfer]) -> Transfer | Problem | None:
        """Asks until there is an answer, or gives up (None) after one that got lost for good."""
        if self._chance.random() < _SHARE_OF_LOST_ANSWERS:
            _link.answers_to_lose = self._chance.choice([1, 3, 4])
        for _ in range(_PATIENCE):
            try:
                told = act()
            except ServiceUnavailable as unavailable:
                self._told.outcomes[type(unavailable).__name__] += 1
                if isinstance(unavailable, LostAnswer) and self._chance.random() < 0.5:
                    return None
            except Problem as problem:
                self._told.outcomes[type(problem).__name__] += 1
                return problem
            else:
                self._told.outcomes[str(told.status)] += 1
                return told
            finally:
                _link.answers_to_lose = 0
        raise AssertionError("nobody answers")


class _Link(threading.local):
    """How many of the next answers to writes of this thread get lost."""

    answers_to_lose = 0


_link = _Link()


@contextmanager
def answers_that_get_lost() -> Iterator[None]:
    really_ask = Endpoint._do_get_response

    def ask(self: Any, request: Any, operation_model: Any, context: Any) -> Any:
        answer = really_ask(self, request, operation_model, context)
        if not _link.answers_to_lose or operation_model.name != "TransactWriteItems":
            return answer
        _link.answers_to_lose -= 1
        return None, ReadTimeoutError(endpoint_url="https://silent.example")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Endpoint, "_do_get_response", ask)
        yield


def sides(payer: str, payee: str) -> tuple[FromUser, ToUser]:
    """Both, as they are now, in one read."""
    keys = account_key(payer), account_key(payee)
    found = read(keys)
    debit, credit = (found.one(Account, key) for key in keys)
    assert debit is not None
    assert credit is not None
    return FromUser(debit), ToUser(credit)


def _post(name: str, payer: str, payee: str, amount: int) -> Transfer:
    debit, credit = sides(payer, payee)
    return post(wish(name, amount), debit=debit, credit=credit).transfer


def _hold(name: str, payer: str, payee: str, amount: int) -> Transfer:
    debit, credit = sides(payer, payee)
    return hold(wish(name, amount), debit=debit, credit=credit, expires_at=FAR_AWAY).transfer


def _look(told: Told, done: threading.Event) -> None:
    """Reads all accounts at one moment, again and again."""
    gets = [
        {"Get": {"TableName": settings().ledger_table, "Key": {"pk": {"S": pk}, "sk": {"S": sk}}}}
        for _, pk, sk in map(account_key, ACCOUNTS)
    ]
    while not done.is_set():
        answer = connection().dispatch("TransactGetItems", {"TransactItems": gets})
        seen = [Account.from_raw_data(one["Item"]) for one in answer["Responses"]]
        if any(account.available < 0 or account.held < 0 for account in seen):
            raise Unsound("an account was seen below zero")
        told.sums[sum(account.balance for account in seen)] += 1
