"""Tests of the tests: with a condition taken out of the ledger, they fail."""

import pytest

from tests.concurrency import test_at_once
from tests.concurrency.clients import run_clients
from tests.controls import without_funds, without_idempotency
from tests.ledger_accounts import ANN, BOB, fund, open_users

pytestmark = pytest.mark.usefixtures("isolated")


def test_same_key_is_noticed_to_have_two_effects_without_the_idempotency_condition() -> None:
    open_users(ANN, BOB)
    fund(ANN, 1_000)
    with without_idempotency(), pytest.raises(AssertionError):
        test_at_once.test_same_key_with_a_replay_that_could_happen_again_has_one_effect()


def test_clients_notice_money_spent_twice_without_the_idempotency_condition() -> None:
    with without_idempotency():
        told = run_clients(seed=1, operations_each=8)
    with pytest.raises(AssertionError):
        told.check()


def test_clients_notice_money_that_was_not_there_without_the_funds_condition() -> None:
    with without_funds(), pytest.raises(AssertionError, match=r"below zero|available is"):
        run_clients(seed=1, operations_each=8).check()
