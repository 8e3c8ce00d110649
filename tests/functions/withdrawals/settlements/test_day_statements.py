"""A merchant's day as a file: each movement, and sums that agree with the ledger to the cent."""

import hashlib
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from functions.statements.events import on_wishes
from functions.statements.merchant_day import BooksDisagree, DayTooLong, opening_balance
from functions.withdrawals.resolution import resolve_due
from shared import clock
from shared.ledger.records import Transfer
from shared.settings import settings
from shared.table import change
from tests.agents import at_work
from tests.clock import TestClock
from tests.conftest import ledger_items
from tests.functions.statements.files import content, rows, run_queue, waiting_messages
from tests.functions.withdrawals.settlements.settling import begin, bind_card
from tests.functions.withdrawals.step_functions import StepFunctions
from tests.people import Person, register
from tests.sandbox.running import RunningBank
from tests.shops import Shop, open_shop, operator, pay
from tests.soundness import check_sound

FILES = "/v1/merchant/statement-files"
SLOW = "6222021234500070002"
FIRST, SECOND = "2026-03-01", "2026-03-02"

pytestmark = pytest.mark.usefixtures("statement_places")


@pytest.fixture
def cafe(cloud: None, test_clock: TestClock, bank: RunningBank, machine: StepFunctions) -> Shop:
    shop = open_shop("Kafei")
    bind_card(shop, bank, SLOW)
    operator("change", merchant_id=shop.merchant_id, settlement_at="off")
    return shop


@pytest.fixture
def ana(cafe: Shop) -> Person:
    return register("+8613800000001", funds=100_000)


def ask(shop: Shop, day: str) -> Any:
    answer = shop.call("POST", FILES, {"day": day})
    assert answer.status == 202, answer.text
    return answer.json


def made(shop: Shop, day: str) -> tuple[dict[str, Any], list[list[str]]]:
    """How the file of a day is shown, and its lines."""
    wanted = ask(shop, day)
    assert run_queue() == 1
    shown = shop.call("GET", f"{FILES}/{wanted['statement_file_id']}").json
    raw = content(shown)
    assert hashlib.sha256(raw).hexdigest() == shown["sha256"]
    return shown, rows(raw)


def fen(text: str) -> int:
    return int(Decimal(text) * 100)


def balances(lines: list[list[str]]) -> tuple[int, int]:
    """Opening and closing."""
    return fen(lines[1][1]), fen(lines[-1][1])


def movements(lines: list[list[str]]) -> list[list[str]]:
    end = next(number for number, line in enumerate(lines) if line[0] == "合计")
    return lines[3:end]


def check_sums(lines: list[list[str]]) -> None:
    """What a merchant's own program checks a file by."""
    moved = movements(lines)
    totals = {line[0]: line[1:] for line in lines[4 + len(moved) : -1]}
    for kind, (count, *told) in totals.items():
        own = [line for line in moved if kind in (line[1], "全部")]
        figures = [sum(fen(line[column]) for line in own) for column in (5, 6, 7)]
        assert (int(count), figures) == (len(own), [fen(text) for text in told]), kind
    assert all(fen(line[5]) + fen(line[6]) == fen(line[7]) for line in moved)
    opening, closing = balances(lines)
    assert opening + fen(totals["全部"][3]) == closing


def ledger_says(shop: Shop, day: str) -> int:
    """What the entries of all shards of a merchant come to on a day, straight from the table."""
    begins, ends = (moment * 1_000 for moment in clock.bounds_of_day(day))
    return sum(
        int(item["amount"]["N"]) * (1 if item["direction"]["S"] == "in" else -1)
        for item in ledger_items()
        if item["pk"]["S"].startswith(f"ACCOUNT#{shop.merchant_id}#")
        and item["sk"]["S"].startswith("ENTRY#")
        and begins <= int(item["sk"]["S"].split("#")[1]) < ends
    )


def test_days_follow_each_other_and_agree_with_the_ledger_to_the_cent(
    cafe: Shop, ana: Person, bank: RunningBank, machine: StepFunctions, test_clock: TestClock
) -> None:
    orders = []
    for number, amount in enumerate((5_000, 84, 12_345, 1)):
        test_clock.move(seconds=1)
        orders.append(cafe.order(amount, number=f"no-{number}"))
        assert pay(ana, orders[-1], key=f"k{number}").status == 201
    test_clock.move(minutes=1)
    cafe.refund(orders[2], 345, number="r-1", reason="=1+1")
    cafe.refund(orders[2], 12_000, number="r-2")  # takes all that is in several shards
    test_clock.move(minutes=1)
    carried = begin(machine, bank, cafe, number="s-1", amount=3_000)
    machine.run()
    test_clock.move(hours=24)
    carried.hear("paid")
    machine.run()
    test_clock.move(minutes=10)
    carried.hear("reversed", "ACCOUNT_CLOSED")
    test_clock.move(minutes=10)
    resolve_due()
    test_clock.move(hours=24)

    # The second first: its opening is counted from the beginning, the first's is not then.
    _, second = made(cafe, SECOND)
    shown, first = made(cafe, FIRST)

    assert first[0] == ["U钱包商户日结单", shown["statement_file_id"],
                        cafe.merchant_id, FIRST]  # fmt: skip
    assert [line[1:3] + line[5:8] for line in movements(first)] == [
        ["收款", "no-0", "50.00", "-0.30", "49.70"],
        ["收款", "no-1", "0.84", "-0.01", "0.83"],
        ["收款", "no-2", "123.45", "-0.74", "122.71"],
        ["收款", "no-3", "0.01", "0.00", "0.01"],
        *sorted(
            [
                ["退款", "r-1", "-3.45", "0.02", "-3.43"],
                ["退款", "r-2", "-120.00", "0.72", "-119.28"],
            ],
            key=lambda line: [one[2] for one in movements(first)].index(line[1]),
        ),
    ]
    assert [line[9] for line in movements(first) if line[2] == "r-1"] == ["'=1+1"]
    assert [line[1:3] + line[5:8] for line in movements(second)] == [
        ["结算", "s-1", "-30.00", "0.00", "-30.00"],
        ["结算退回", "s-1", "30.00", "0.00", "30.00"],
    ]
    for day, lines in ((FIRST, first), (SECOND, second)):
        check_sums(lines)
        opening, closing = balances(lines)
        assert closing - opening == ledger_says(cafe, day)
    assert balances(first)[0] == 0
    assert balances(first)[1] == balances(second)[0]
    assert balances(second)[1] == cafe.balance
    assert opening_balance(cafe.merchant_id, clock.milliseconds()) == cafe.balance
    check_sound(ledger_items())


def test_a_day_without_movements_is_a_file_too_and_is_the_same_each_time(
    cafe: Shop, test_clock: TestClock
) -> None:
    test_clock.move(hours=48)
    ask(cafe, FIRST)
    (message,) = waiting_messages()
    for _ in range(2):
        on_wishes({"Records": [message]}, None)
    shown = ask(cafe, FIRST)

    assert (shown["status"], shown["day"], run_queue()) == ("ready", FIRST, 0)
    lines = rows(content(shown))
    assert (movements(lines), balances(lines)) == ([], (0, 0))
    verify = {"sha256": shown["sha256"]}
    told = at_work("li@bank.example", "agent").call(
        "POST", "/v1/agent/statement-files/verify", verify
    )
    assert (told.json["genuine"], told.json["merchant_id"]) == (True, cafe.merchant_id)


def test_a_day_that_is_not_over_or_is_none_is_refused(cafe: Shop, test_clock: TestClock) -> None:
    test_clock.seconds = float(clock.seconds_of("2026-03-01T16:59:59Z"))  # 00:59:59 in Shanghai
    for day in (FIRST, SECOND, "2026-02-30", "2026-13-01", "today", "", "2026-03-01\n"):
        refused = cafe.call("POST", FILES, {"day": day})
        assert (refused.status, refused.code) == (400, "INVALID_FIELD"), day
    test_clock.move(seconds=1)
    assert ask(cafe, FIRST)["status"] == "waiting"


def test_nobody_sees_the_file_of_another(cafe: Shop, ana: Person, test_clock: TestClock) -> None:
    test_clock.move(hours=48)
    file_id = ask(cafe, FIRST)["statement_file_id"]

    other = open_shop()
    theirs, nobodys = (other.call("GET", f"{FILES}/{one}") for one in (file_id, "sf_x"))
    assert (theirs.status, theirs.text) == (404, nobodys.text)
    as_user = ana.signed_in_again().call("GET", f"/v1/wallet/statement-files/{file_id}")
    assert as_user.status == 404


def test_books_that_disagree_make_no_file(cafe: Shop, ana: Person, test_clock: TestClock) -> None:
    payment = pay(ana, cafe.order(5_000), key="k").json["payment_id"]
    transfer = Transfer(f"TRANSFER#{payment}", "TRANSFER")
    assert change(transfer, [Transfer.merchant_fee.set(29)], Transfer.pk.exists())
    test_clock.move(hours=48)
    file_id = ask(cafe, FIRST)["statement_file_id"]
    (message,) = waiting_messages()
    message["attributes"]["ApproximateReceiveCount"] = "3"

    with pytest.raises(BooksDisagree):
        on_wishes({"Records": [message]}, None)
    assert cafe.call("GET", f"{FILES}/{file_id}").json["status"] == "failed"


def test_a_day_has_as_many_movements_as_a_file_may_have(
    cafe: Shop, ana: Person, test_clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        pay(ana, cafe.order(1_000), key=f"k{number}")
    test_clock.move(hours=48)
    ask(cafe, FIRST)
    (message,) = waiting_messages()
    monkeypatch.setenv("STATEMENT_LINES_LIMIT", "1")
    settings.cache_clear()

    with pytest.raises(DayTooLong):
        on_wishes({"Records": [message]}, None)
    monkeypatch.setenv("STATEMENT_LINES_LIMIT", "2")
    settings.cache_clear()
    on_wishes({"Records": [message]}, None)


def test_a_movement_in_several_shards_is_of_one_moment(cafe: Shop, ana: Person) -> None:
    """So no midnight lies between its parts."""
    for number in range(4):
        pay(ana, cafe.order(1_000), key=f"k{number}")
    order_id = cafe.order(3_000)
    pay(ana, order_id, key="k")
    cafe.refund(order_id, 3_000, number="r-1")

    entries = [item for item in ledger_items() if item["pk"]["S"].startswith("ACCOUNT#m_")]
    moments = {
        (item["transfer_id"]["S"], item["created_at"]["S"])
        for item in entries
        if "transfer_id" in item
    }
    assert max(Counter(transfer_id for transfer_id, _ in moments).values()) == 1
