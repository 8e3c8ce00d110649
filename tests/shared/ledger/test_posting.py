import pytest

from shared import clock
from shared.errors import IdempotencyKeyReused, NotFound, Problem, ServiceUnavailable
from shared.ledger import (
    FromSystem,
    FromUser,
    Movement,
    ToSystem,
    ToUser,
    post,
    refuse,
    replay,
    reverse,
    settle,
)
from shared.ledger.accounts import FEES, set_status
from shared.ledger.errors import (
    AccountClosed,
    AccountFrozen,
    CreditRefused,
    InsufficientFunds,
    ReversalExceedsOriginal,
)
from shared.ledger.posting import Posting
from shared.ledger.records import CLOSED, FROZEN, Account
from shared.money import Money
from shared.table import Cancelled, check
from tests.clock import TestClock
from tests.faults import Attempt, cancellation, intercepted
from tests.ledger_accounts import (
    ANN,
    BOB,
    account,
    balances,
    debit,
    fund,
    move,
    open_users,
    reserve,
    shards,
    to,
    transfer,
    wish,
)

pytestmark = pytest.mark.usefixtures("two_people")


def reverse_t_1(amount: int, *, key: str) -> Posting:
    return reverse(
        "t_1", amount=Money(amount=amount), idempotency_key=key, debit=debit(BOB), credit=to(ANN)
    )


def test_post_moves_the_amount() -> None:
    posting = move("t_1", 300, debit=debit(ANN), credit=to(BOB))

    assert not posting.replayed
    assert (balances(ANN), balances(BOB)) == ((700, 0), (300, 0))
    assert transfer("t_1").status == "posted"


def test_all_that_is_available_can_be_spent() -> None:
    move("t_1", 1_000, debit=debit(ANN), credit=to(BOB))

    assert (balances(ANN), balances(BOB)) == ((0, 0), (1_000, 0))


def test_one_minor_unit_too_much_is_refused_and_named() -> None:
    with pytest.raises(InsufficientFunds) as refused:
        move("t_1", 1_001, debit=debit(ANN), credit=to(BOB))

    missing = {"missing": 1, "missing_display": "0.01 CNY", "available": 1_000}
    assert refused.value.values == missing
    assert (balances(ANN), balances(BOB)) == ((1_000, 0), (0, 0))


def test_held_money_cannot_be_spent() -> None:
    reserve("t_held", 800)

    with pytest.raises(InsufficientFunds):
        move("t_1", 201, debit=debit(ANN), credit=to(BOB))


def test_accounts_read_long_ago_do_not_matter() -> None:
    payer, payee = account(ANN), account(BOB)
    for number in range(3):
        move(f"t_{number}", 200, debit=debit(ANN), credit=to(BOB))

    move("t_late", 400, debit=FromUser(payer), credit=ToUser(payee))

    assert (balances(ANN), balances(BOB)) == ((0, 0), (1_000, 0))


def test_funds_seen_long_ago_cannot_be_spent() -> None:
    payer = account(ANN)
    move("t_1", 900, debit=debit(ANN), credit=to(BOB))

    with pytest.raises(InsufficientFunds) as refused:
        move("t_2", 200, debit=FromUser(payer), credit=to(BOB))

    assert refused.value.values["missing"] == 100


@pytest.mark.parametrize("minutes", [0, 11, 23 * 60])
def test_replay_gives_the_first_answer_and_moves_nothing(
    minutes: int, test_clock: TestClock
) -> None:
    first = move("t_1", 700, debit=debit(ANN), credit=to(BOB))
    test_clock.move(minutes=minutes)

    again = move("t_1", 700, debit=debit(ANN), credit=to(BOB))

    assert again.replayed
    assert again.transfer.raw() == first.transfer.raw()
    assert (balances(ANN), balances(BOB)) == ((300, 0), (700, 0))


def test_replay_of_what_would_now_be_refused_gives_the_first_answer() -> None:
    move("t_1", 1_000, debit=debit(ANN), credit=to(BOB))
    set_status(ANN, CLOSED)
    payer = account(ANN)

    assert move("t_1", 1_000, debit=FromUser(payer), credit=to(BOB)).replayed


def test_same_key_for_another_request_is_refused() -> None:
    move("t_1", 300, debit=debit(ANN), credit=to(BOB))

    with pytest.raises(IdempotencyKeyReused):
        post(wish("t_1", 300, fingerprint="other"), debit=debit(ANN), credit=to(BOB))

    assert balances(ANN) == (700, 0)


def test_refusal_is_remembered_with_its_words() -> None:
    problem = InsufficientFunds(missing=1, missing_display="0.01 CNY")

    first = refuse(wish("t_1", 1_001), problem, debit=account(ANN), credit=account(BOB))
    with pytest.raises(InsufficientFunds) as again:
        move("t_1", 1_001, debit=debit(ANN), credit=to(BOB))

    assert first is problem
    assert again.value.replayed
    assert again.value.values == problem.values


def test_refused_request_stays_refused_when_it_could_succeed() -> None:
    problem = InsufficientFunds(missing=1, missing_display="0.01 CNY")
    refuse(wish("t_1", 100), problem, debit=account(ANN), credit=account(BOB))

    with pytest.raises(InsufficientFunds):
        move("t_1", 100, debit=debit(ANN), credit=to(BOB))

    assert balances(ANN) == (1_000, 0)


def test_of_two_refusals_the_first_counts() -> None:
    parties = {"debit": account(ANN), "credit": account(BOB)}
    refuse(wish("t_1", 100), InsufficientFunds(missing=1, missing_display="0.01 CNY"), **parties)

    assert isinstance(refuse(wish("t_1", 100), AccountFrozen(), **parties), InsufficientFunds)


def test_what_succeeded_is_never_told_as_refused() -> None:
    move("t_1", 1_000, debit=debit(ANN), credit=to(BOB))
    problem = InsufficientFunds(missing=1, missing_display="0.01 CNY")

    told = refuse(wish("t_1", 1_000), problem, debit=account(ANN), credit=account(BOB))

    assert isinstance(told, ServiceUnavailable)
    assert not replay(transfer("t_1"), "same").transfer.refusal


def test_duplicate_that_meets_the_first_at_work_is_not_told_of_its_effect() -> None:
    """The first has taken the money already, and DynamoDB still holds its transfer item."""
    move("t_1", 1_000, debit=debit(ANN), credit=to(BOB))
    met: list[Attempt] = []

    def in_the_middle(attempt: Attempt) -> object:
        met.append(attempt)
        if len(met) > 1:
            return attempt.make()
        return cancellation(
            ["TransactionConflict", "ConditionalCheckFailed", "None", "None", "None"]
        )

    payer, payee = account(ANN), account(BOB)
    with intercepted(in_the_middle):
        again = move("t_1", 1_000, debit=FromUser(payer), credit=ToUser(payee))

    assert again.replayed
    assert len(met) == 2


@pytest.mark.parametrize(
    ("payer_is", "payee_is", "problem"),
    [(FROZEN, None, AccountFrozen), (CLOSED, None, AccountClosed), (None, CLOSED, CreditRefused)],
)
def test_account_that_may_not_take_part_is_refused(
    payer_is: str | None, payee_is: str | None, problem: type[Problem]
) -> None:
    open_users("u_payer", "u_payee")
    if payer_is != CLOSED:
        fund("u_payer", 1)
    payer, payee = account("u_payer"), account("u_payee")
    for account_id, status in (("u_payer", payer_is), ("u_payee", payee_is)):
        if status:
            set_status(account_id, status)

    for sides in ((payer, payee), (account("u_payer"), account("u_payee"))):
        with pytest.raises(problem):
            move("t_1", 1, debit=FromUser(sides[0]), credit=ToUser(sides[1]))


def test_frozen_account_still_receives() -> None:
    set_status(BOB, FROZEN)

    move("t_1", 300, debit=debit(ANN), credit=to(BOB))

    assert balances(BOB) == (300, 0)


def test_house_account_goes_below_zero() -> None:
    move("t_1", 300, debit=FromSystem(FEES), credit=to(BOB))
    move("t_2", 100, debit=debit(BOB), credit=ToSystem(FEES))

    assert sum(shards(FEES)) == -200


def test_what_happens_together_happens_together_or_not_at_all() -> None:
    open_users("u_witness")
    frozen = check(account("u_witness"), Account.status == FROZEN)

    with pytest.raises(Cancelled) as cancelled:
        post(wish("t_1", 300), debit=debit(ANN), credit=to(BOB), together_with=[frozen])

    assert cancelled.value.failed(frozen)
    assert balances(ANN) == (1_000, 0)


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_and_less_cannot_be_moved(amount: int) -> None:
    with pytest.raises(ValueError, match="one minor unit"):
        wish("t_1", amount)


def test_account_does_not_pay_itself() -> None:
    with pytest.raises(ValueError, match="two accounts"):
        move("t_1", 1, debit=debit(ANN), credit=to(ANN))
    with pytest.raises(ValueError, match="two accounts"):
        move("t_1", 1, debit=FromSystem(FEES), credit=ToSystem(FEES))


def test_account_takes_no_part_in_another_currency() -> None:
    dollars = Movement(transfer_id="t_1", kind="transfer", amount=Money(amount=1, currency="USD"))

    with pytest.raises(ValueError, match="currency"):
        post(dollars, debit=debit(ANN), credit=ToSystem(FEES))
    with pytest.raises(ValueError, match="currency"):
        post(dollars, debit=FromSystem(FEES), credit=to(ANN))


def test_reversal_moves_back_and_points_to_the_original() -> None:
    move("t_1", 400, debit=debit(ANN), credit=to(BOB))

    back = reverse_t_1(150, key="a").transfer

    assert back.reverses == "t_1"
    assert transfer("t_1").reversed_amount == 150
    assert (balances(ANN), balances(BOB)) == ((750, 0), (250, 0))


def test_reversals_never_exceed_the_original() -> None:
    move("t_1", 400, debit=debit(ANN), credit=to(BOB))
    reverse_t_1(150, key="a")
    reverse_t_1(150, key="b")

    with pytest.raises(ReversalExceedsOriginal) as refused:
        reverse_t_1(101, key="c")
    reverse_t_1(100, key="d")
    with pytest.raises(ReversalExceedsOriginal):
        reverse_t_1(1, key="e")

    assert refused.value.values == {"left": 100, "left_display": "1.00 CNY"}
    assert (balances(ANN), balances(BOB)) == ((1_000, 0), (0, 0))


def test_reversal_of_a_part_settled_hold_is_bounded_by_what_moved() -> None:
    reserve("t_1", 400)
    settle("t_1", amount=250)

    with pytest.raises(ReversalExceedsOriginal):
        reverse_t_1(251, key="a")
    reverse_t_1(250, key="b")


def test_reversal_with_the_same_key_happens_once() -> None:
    move("t_1", 400, debit=debit(ANN), credit=to(BOB))
    reverse_t_1(400, key="a")

    assert reverse_t_1(400, key="a").replayed
    with pytest.raises(IdempotencyKeyReused):
        reverse_t_1(399, key="a")
    assert balances(ANN) == (1_000, 0)


def test_what_has_not_moved_cannot_be_reversed() -> None:
    with pytest.raises(NotFound):
        reverse_t_1(1, key="a")
    reserve("t_1", 400)
    with pytest.raises(NotFound):
        reverse_t_1(1, key="a")


def test_time_of_an_account_never_runs_backwards(test_clock: TestClock) -> None:
    """Another container's clock may be behind."""
    move("t_1", 100, debit=debit(ANN), credit=to(BOB))
    before = account(ANN).last_entry_at
    test_clock.move(seconds=-60)

    move("t_2", 100, debit=debit(ANN), credit=to(BOB))

    assert account(ANN).last_entry_at == before > clock.milliseconds()
