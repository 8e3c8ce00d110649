import pytest

from tests.concurrency.clients import CLIENTS, run_clients

SEED = 20_260_301
OPERATIONS_EACH = 100

pytestmark = pytest.mark.usefixtures("isolated")


def test_no_interleaving_makes_or_loses_money() -> None:
    print(f"seed {SEED}, {CLIENTS} clients, {OPERATIONS_EACH} operations each")

    told = run_clients(seed=SEED, operations_each=OPERATIONS_EACH)

    print(told)
    told.check()
    assert told.share_told_to_try_again < 0.01
