from dataclasses import replace

import pytest

from shared.errors import Texts
from shared.ledger import (
    FromMerchant,
    FromUser,
    Limit,
    Part,
    ToMerchant,
    hold,
    post,
    release,
    reverse,
    settle,
)
from shared.ledger.accounts import FEES, FUND, change_proof, merchant_status_change
from shared.ledger.errors import AccountClosed, CreditRefused, InsufficientFunds, LimitExceeded
from shared.ledger.records import Account
from shared.money import Money
from shared.table import write
from tests.conftest import ledger_items
from tests.ledger_accounts import (
    ANN,
    BOB,
    FAR_AWAY,
    SHOP,
    account,
    balances,
    debit,
    id_in_shard,
    move,
    open_shop,
    shards,
    to,
    transfer,
    wish,
)
from tests.soundness import check_sound, contents

pytestmark = pytest.mark.usefixtures("two_people")


class NotNow(Exception):
    """The owner's proof does not allow it."""


def limit(day: str = "2026-03-01", *, maximum: int = 500, hour: str = "2026-03-01T12") -> Limit:
    what = Texts("每日", "per day")
    return Limit(name="transfer", period=day, maximum=maximum, what=what, hour=hour)


def payments(day: str = "2026-03-01", **parts: int) -> Limit:
    """A limit of 500 in all, and of what is given in each part."""
    what = Texts("每日", "per day")
    named = tuple(Part(name=name, maximum=maximum, what=what) for name, maximum in parts.items())
    return Limit(name="payment", period=day, maximum=500, what=what, parts=named)


def pay(transfer_id: str, amount: int, allowance: Limit, *, payer: Account | None = None) -> None:
    debit = FromUser(payer or account(ANN), limit=allowance)
    post(wish(transfer_id, amount), debit=debit, credit=to(BOB))


def reserve_within(transfer_id: str, amount: int, allowance: Limit) -> None:
    debit = FromUser(account(ANN), limit=allowance)
    hold(wish(transfer_id, amount), debit=debit, credit=to(BOB), expires_at=FAR_AWAY)


def used() -> tuple[str | None, int]:
    found = account(ANN)
    return found.transfer_period, int(found.transfer_used)


def test_limit_of_a_day_is_reached_exactly() -> None:
    pay("t_1", 300, limit())
    pay("t_2", 200, limit())

    with pytest.raises(LimitExceeded) as refused:
        pay("t_3", 1, limit())

    assert refused.value.values["limit_display"] == "5.00 CNY"
    assert used() == ("2026-03-01", 500)


def test_part_of_a_limit_has_a_maximum_of_its_own_and_counts_in_the_whole() -> None:
    pay("t_1", 200, payments(static=250))

    for refused in (payments(static=250), payments(static=250, weak=100)):
        with pytest.raises(LimitExceeded) as told:
            pay("t_2", 51, refused)
        assert told.value.values["limit_display"] == "2.50 CNY"
    pay("t_3", 250, payments(weak=300))
    with pytest.raises(LimitExceeded):
        pay("t_4", 51, payments(code=500))

    found = account(ANN)
    assert (found.payment_used, found.payment_of_static, found.payment_of_weak) == (450, 200, 250)


def test_part_of_a_limit_is_a_condition_of_the_write() -> None:
    before = account(ANN)
    pay("t_1", 200, payments(static=250))

    with pytest.raises(LimitExceeded):
        pay("t_2", 51, payments(static=250), payer=before)
    pay("t_3", 50, payments(static=250), payer=before)

    assert balances(ANN) == (750, 0)


def test_new_day_begins_with_nothing_used_of_any_part() -> None:
    pay("t_1", 200, payments(static=250))
    pay("t_2", 100, payments(weak=250))
    pay("t_3", 150, payments("2026-03-02", weak=250))

    stored = account(ANN).raw()
    assert "payment_of_static" not in stored
    assert stored["payment_of_weak"] == {"N": "150"}
    pay("t_4", 250, payments("2026-03-02", static=250))
    with pytest.raises(LimitExceeded):
        pay("t_5", 1, payments("2026-03-02", static=250))


def test_one_amount_above_the_limit_is_refused_on_a_new_day_too() -> None:
    pay("t_1", 300, limit())

    with pytest.raises(LimitExceeded):
        pay("t_2", 501, limit("2026-03-02"))

    assert balances(ANN) == (700, 0)


def test_limit_is_a_condition_of_the_write() -> None:
    before = account(ANN)
    pay("t_1", 300, limit())
    then = account(ANN)
    pay("t_2", 200, limit())

    for seen in (before, then):
        with pytest.raises(LimitExceeded):
            pay("t_3", 1, limit(), payer=seen)

    assert balances(ANN) == (500, 0)


def test_new_day_begins_with_nothing_used() -> None:
    pay("t_1", 500, limit())
    pay("t_2", 400, limit("2026-03-02"))

    with pytest.raises(LimitExceeded):
        pay("t_3", 101, limit("2026-03-02"))

    assert used() == ("2026-03-02", 400)


def test_request_from_before_midnight_counts_in_the_day_that_has_begun() -> None:
    pay("t_1", 400, limit("2026-03-02"))

    with pytest.raises(LimitExceeded):
        pay("t_2", 101, limit("2026-03-01"))
    pay("t_3", 100, limit("2026-03-01"))

    assert used() == ("2026-03-02", 500)


def test_new_day_is_begun_once_by_two_who_saw_the_old() -> None:
    pay("t_1", 500, limit())
    seen = account(ANN)
    pay("t_2", 200, limit("2026-03-02"), payer=seen)

    with pytest.raises(LimitExceeded):
        pay("t_3", 301, limit("2026-03-02"), payer=seen)

    assert used() == ("2026-03-02", 200)


def test_replay_uses_nothing_of_the_limit() -> None:
    pay("t_1", 500, limit())
    pay("t_1", 500, limit())

    assert used() == ("2026-03-01", 500)


def test_refused_amount_uses_nothing_of_the_limit() -> None:
    with pytest.raises(InsufficientFunds):
        pay("t_1", 1_001, limit(maximum=5_000))

    assert used() == (None, 0)


def test_tally_counts_how_often_and_how_much_in_day_and_hour() -> None:
    for number, amount in enumerate((100, 300, 50)):
        pay(f"t_{number}", amount, limit())

    assert limit().tally(account(ANN)) == (3, 450, 3, 450, 300)


def test_tally_of_another_hour_and_day_begins_anew_but_for_the_largest() -> None:
    pay("t_1", 300, limit(hour="2026-03-01T11"))
    pay("t_2", 100, limit(hour="2026-03-01T12"))

    assert limit(hour="2026-03-01T12").tally(account(ANN)) == (2, 400, 1, 100, 300)
    assert limit(hour="2026-03-01T13").tally(account(ANN)) == (2, 400, 0, 0, 300)
    tomorrow = limit("2026-03-02", hour="2026-03-02T12")
    assert tomorrow.tally(account(ANN)) == (0, 0, 0, 0, 300)


def test_request_from_before_the_hour_counts_in_the_hour_that_has_begun() -> None:
    pay("t_1", 300, limit(hour="2026-03-01T12"))
    pay("t_2", 100, limit(hour="2026-03-01T11"))

    assert limit(hour="2026-03-01T12").tally(account(ANN)) == (2, 400, 2, 400, 300)


def test_who_allowed_it_has_seen_all_that_was_counted_before() -> None:
    stale, seen = account(ANN), []
    reserve_within("t_1", 100, limit())
    reserve_within("t_2", 100, limit())

    def allow(found: Account) -> None:
        seen.append(limit().tally(found).day_count)

    debit = FromUser(stale, limit=limit(), authorize=allow)
    hold(wish("t_3", 100), debit=debit, credit=to(BOB), expires_at=FAR_AWAY)

    assert seen == [0, 2]
    assert limit().tally(account(ANN)).day_count == 3


def test_hold_uses_the_limit_and_its_release_gives_it_back() -> None:
    reserve_within("t_1", 300, limit())
    with pytest.raises(LimitExceeded):
        reserve_within("t_2", 201, limit())

    release("t_1", why="cancelled")

    assert used() == ("2026-03-01", 0)
    reserve_within("t_3", 500, limit())


def test_settle_keeps_what_it_moved_in_the_limit_and_gives_the_rest_back() -> None:
    reserve_within("t_1", 300, limit())

    settle("t_1", amount=100)

    assert used() == ("2026-03-01", 100)


def test_release_on_a_later_day_gives_nothing_back_to_that_day() -> None:
    reserve_within("t_1", 300, limit())
    pay("t_2", 200, limit("2026-03-02"))

    release("t_1", why="cancelled")

    assert used() == ("2026-03-02", 200)


def test_release_that_saw_the_old_day_gives_nothing_back_to_the_new(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reserve_within("t_1", 300, limit())
    seen = account(ANN)
    pay("t_2", 200, limit("2026-03-02"))
    monkeypatch.setattr("shared.ledger.holding._accounts", lambda *_, **__: (seen, seen))

    release("t_1", why="cancelled")

    assert used() == ("2026-03-02", 200)


def test_owner_is_asked_again_when_the_failures_have_changed() -> None:
    """Of many parallel guesses only the first to land is judged by what it saw."""
    asked: list[int] = []

    def may_spend(seen: Account) -> None:
        asked.append(int(seen.proof_failures))
        if seen.proof_failures:
            raise NotNow

    seen = account(ANN)
    assert change_proof(account(ANN), [Account.proof_failures.set(1)])

    with pytest.raises(NotNow):
        post(wish("t_1", 1), debit=FromUser(seen, authorize=may_spend), credit=to(BOB))

    assert asked == [0, 1]
    assert balances(ANN) == (1_000, 0)


def test_proof_that_succeeds_forgets_the_failures() -> None:
    change_proof(account(ANN), [Account.proof_failures.set(3)])

    post(wish("t_1", 1), debit=FromUser(account(ANN), authorize=lambda _: None), credit=to(BOB))

    assert account(ANN).proof_failures == 0


def test_failure_counts_only_against_what_was_seen() -> None:
    seen = account(ANN)

    assert change_proof(seen, [Account.proof_failures.set(1)])
    assert not change_proof(seen, [Account.proof_failures.set(1)])


def test_credits_of_a_merchant_spread_over_its_shards() -> None:
    open_shop(SHOP, parts=[])

    for number in range(16):
        move(f"t_{number}", 10, debit=debit(ANN), credit=ToMerchant(SHOP))

    parts = shards(SHOP)
    assert sum(parts) == 160
    assert sum(1 for part in parts if part) > 3
    assert sum(1 for part in shards(FUND) if part) == 1, "one transfer went to one shard"


def test_debit_of_a_merchant_takes_from_one_shard_where_it_suffices() -> None:
    open_shop(SHOP, parts=[100, 100, 100])

    move(id_in_shard(1, start="t_"), 100, debit=FromMerchant(SHOP), credit=to(BOB))

    assert shards(SHOP)[:3] == [100, 0, 100]


def test_debit_of_a_merchant_takes_from_several_shards_at_once() -> None:
    open_shop(SHOP, parts=[100, 0, 100, 50])

    move(id_in_shard(2, start="t_"), 220, debit=FromMerchant(SHOP), credit=to(BOB))

    assert shards(SHOP)[:4] == [30, 0, 0, 0]
    assert balances(BOB) == (220, 0)


def test_debit_of_all_that_a_merchant_has_is_possible_and_no_more() -> None:
    open_shop(SHOP, parts=[10] * 8)

    with pytest.raises(InsufficientFunds) as refused:
        move("t_1", 81, debit=FromMerchant(SHOP), credit=to(BOB))
    move("t_2", 80, debit=FromMerchant(SHOP), credit=to(BOB))

    assert refused.value.values["missing"] == 1
    assert shards(SHOP) == [0] * 8


def test_replay_of_a_debit_that_emptied_a_merchant_gives_the_first_answer() -> None:
    open_shop(SHOP, parts=[100, 100])
    move("t_1", 200, debit=FromMerchant(SHOP), credit=to(BOB))

    assert move("t_1", 200, debit=FromMerchant(SHOP), credit=to(BOB)).replayed


def test_merchant_that_is_not_there_takes_no_part() -> None:
    with pytest.raises(CreditRefused):
        move("t_1", 1, debit=debit(ANN), credit=ToMerchant("m_nobody"))
    with pytest.raises(AccountClosed):
        move("t_2", 1, debit=FromMerchant("m_nobody"), credit=to(BOB))


def test_house_account_comes_up_as_it_is_used_and_spreads() -> None:
    open_shop(SHOP, parts=[5] * 8)

    assert len([part for part in shards(FUND) if part]) > 3
    assert not [entry for pk, entry in contents(ledger_items()).entries.items() if "system" in pk]


def test_labels_of_the_parties_are_kept_with_the_transfer_and_its_entries() -> None:
    move("t_1", 300, debit=debit(ANN), credit=to(BOB))

    assert transfer("t_1").debit_label == "label of u_ann"
    assert transfer("t_1").credit_label == "label of u_bob"
    (entry,) = contents(ledger_items()).entries["ACCOUNT#u_bob"]
    assert (entry.counterparty, entry.counterparty_label) == (ANN, "label of u_ann")


def test_fee_of_a_merchant_goes_to_the_house_and_comes_back_in_proportion() -> None:
    open_shop(SHOP, parts=[])
    paid = replace(wish("t_1", 500), merchant_fee=3)

    post(paid, debit=debit(ANN), credit=ToMerchant(SHOP))
    assert (sum(shards(SHOP)), sum(shards(FEES))) == (497, 3)
    check_sound()

    reverse(
        "t_1",
        amount=Money(amount=200),
        idempotency_key="k",
        debit=FromMerchant(SHOP),
        credit=to(ANN),
        merchant_fee=1,
    )
    assert (sum(shards(SHOP)), sum(shards(FEES))) == (298, 2)
    check_sound()


@pytest.mark.parametrize("fee", [-1, 501])
def test_fee_of_a_merchant_is_a_part_of_the_amount(fee: int) -> None:
    with pytest.raises(ValueError, match="part of the amount"):
        replace(wish("t_1", 500), merchant_fee=fee)


def test_merchant_who_only_pays_takes_nothing_in_until_he_may_again() -> None:
    open_shop(SHOP, parts=[100])
    write(*merchant_status_change(SHOP, receives=False))

    with pytest.raises(CreditRefused):
        move("t_1", 50, debit=debit(ANN), credit=ToMerchant(SHOP))
    move("t_2", 60, debit=FromMerchant(SHOP), credit=to(BOB))
    assert sum(shards(SHOP)) == 40

    write(*merchant_status_change(SHOP, receives=True))
    move("t_3", 50, debit=debit(ANN), credit=ToMerchant(SHOP))
    assert sum(shards(SHOP)) == 90
