"""Collect codes: money is asked for by a QR code, and paid by a transfer of what the code says."""

import re

import pytest

from shared.ledger.accounts import set_status
from shared.ledger.books import check_books
from shared.secrets import keyed_hash
from tests.clock import TestClock
from tests.edge import Answer
from tests.people import Person, fund, register, scan, transfer_body
from tests.qr_reader import read_png, read_svg
from tests.shops import open_shop

pytestmark = pytest.mark.usefixtures("cloud", "test_clock")
DINNER = {"amount": 1_250, "currency": "CNY", "note": "晚饭 🍜 A&B"}


@pytest.fixture
def ana() -> Person:
    return register("+8613800000001", funds=10_000)


@pytest.fixture
def bo() -> Person:
    return register("+8613800000002")


def code_of(person: Person, **wish: object) -> str:
    made = person.call("POST", "/v1/collect-codes", wish)
    assert made.status == 201, made.text
    return str(made.json["qr"])


def pay_code(person: Person, qr: str, amount: int, *, key: str, **more: object) -> Answer:
    return person.call("POST", "/v1/transfers", transfer_body({"qr": qr}, amount) | more, key=key)


def test_code_with_an_amount_shows_what_is_asked_and_is_paid_by_a_transfer(
    ana: Person, bo: Person
) -> None:
    qr = code_of(bo, **DINNER)

    seen = scan(ana, qr).json
    assert seen["kind"] == "person"
    assert seen["person"] == {
        "user_id": bo.user_id, "name": "+86138****0002", "amount": 1_250, "currency": "CNY",
        "note": "晚饭 🍜 A&B", "expires_at": "2026-03-02T04:00:00.000Z",
    }  # fmt: skip
    paid = pay_code(ana, qr, 1_250, key="k")

    assert paid.status == 201, paid.text
    assert (paid.json["status"], paid.json["note"]) == ("succeeded", "晚饭 🍜 A&B")
    assert (ana.available, bo.available) == (8_750, 1_250)
    entry = bo.call("GET", "/v1/wallet/entries").json["items"][0]
    assert (entry["kind"], entry["direction"]) == ("transfer", "in")
    assert check_books().sound


def test_code_says_what_the_page_specifies(bo: Person) -> None:
    base, begin = "https://pay.u-wallet.example/q/", f"1/p/{bo.user_id}"
    asked = f"{begin}?a=1250&c=CNY&e=1772424000&n=%E6%99%9A%E9%A5%AD%20%F0%9F%8D%9C%20A%26B"

    assert code_of(bo) == base + begin
    assert code_of(bo, **DINNER) == f"{base}{asked}&s={keyed_hash('qr', asked)[:32]}"
    assert code_of(bo, expires_in=60).startswith(f"{base}{begin}?e=1772337660&s=")


def test_code_without_an_amount_is_paid_by_any_and_never_expires(
    ana: Person, bo: Person, test_clock: TestClock
) -> None:
    qr = code_of(bo)
    test_clock.move(hours=24 * 400)
    ana = ana.signed_in_again()

    seen = scan(ana, qr).json["person"]
    assert (seen["amount"], seen["note"], seen["expires_at"]) == (None, None, None)
    assert pay_code(ana, qr, 777, key="k", note="tea").json["note"] == "tea"
    assert ana.available == 9_223


def test_code_is_paid_by_each_of_several_people(ana: Person, bo: Person) -> None:
    qr = code_of(bo, **DINNER)
    cy = register("+8613800000003", funds=5_000)

    assert [pay_code(one, qr, 1_250, key="k").status for one in (ana, cy)] == [201, 201]
    assert bo.signed_in_again().available == 2_500


def test_replay_gives_the_first_answer_also_when_the_code_has_expired_since(
    ana: Person, bo: Person, test_clock: TestClock
) -> None:
    qr = code_of(bo, **DINNER, expires_in=60)
    first = pay_code(ana, qr, 1_250, key="k")
    test_clock.move(seconds=60)

    again = pay_code(ana, qr, 1_250, key="k")

    assert (again.status, again.json) == (201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert ana.available == 8_750


def test_another_amount_than_the_code_asks_for_is_refused(ana: Person, bo: Person) -> None:
    qr = code_of(bo, **DINNER)

    refused = pay_code(ana, qr, 1_249, key="k")

    assert (refused.status, refused.code, refused.json["field"]) == (
        422,
        "OTHER_AMOUNT_ASKED",
        "amount",
    )
    assert pay_code(ana, qr, 1_249, key="k").headers["Idempotency-Replayed"] == "true"
    assert ana.available == 10_000


def test_stale_code_is_refused(ana: Person, bo: Person, test_clock: TestClock) -> None:
    qr = code_of(bo, **DINNER, expires_in=60)
    test_clock.move(seconds=60)

    assert scan(ana, qr).code == "QR_EXPIRED"
    assert pay_code(ana, qr, 1_250, key="k").code == "QR_EXPIRED"
    assert ana.available == 10_000


CHANGES = [
    ("a=1250", "a=9250"),
    (r"e=\d+", "e=9999999999"),
    (r"n=[^&]+", "n=refund"),
    ("c=CNY&", "c=CNY&a=9250&"),
    ("$", "&a=9250"),
    ("&s=", "&a=9250&s="),
    ("&s=.*", ""),
    (".$", "g"),
    (".$", ""),
    ("/p/", "/m/"),
    (r"/p/\w+", "/p/u_somebody_else"),
    (r"\?", "?&"),
]


def test_code_that_was_changed_is_refused_and_moves_nothing(ana: Person, bo: Person) -> None:
    qr = code_of(bo, **DINNER)
    for what, by in CHANGES:
        forged = re.sub(what, by, qr, count=1)

        assert scan(ana, forged).code == "QR_FORGED", forged
        assert pay_code(ana, forged, 9_250, key="k").code == "QR_FORGED", forged
        assert pay_code(ana, forged, 1_250, key="k").code == "QR_FORGED", forged
    assert (ana.available, bo.available) == (10_000, 0)


def test_signature_of_one_code_is_not_good_for_another(ana: Person, bo: Person) -> None:
    asked, other = code_of(bo, **DINNER), code_of(ana, **DINNER)
    swapped = asked.partition("&s=")[0] + "&s=" + other.partition("&s=")[2]

    assert pay_code(ana, swapped, 1_250, key="k").code == "QR_FORGED"
    assert (ana.available, bo.available) == (10_000, 0)


def test_codes_of_merchants_and_orders_are_not_paid_by_transfers(ana: Person) -> None:
    shop = open_shop()
    order = shop.place(1_000).json["qr"]
    printed = shop.call("GET", "/v1/merchant/qr").json["qr"]

    refused = [pay_code(ana, qr, 1_000, key="k").code for qr in (order, printed)]

    assert refused == ["NOT_A_COLLECT_CODE"] * 2
    assert pay_code(ana, "https://qr.alipay.com/fkx1", 1_000, key="k").code == "QR_UNKNOWN"
    assert ana.available == 10_000


def test_nobody_pays_their_own_code(ana: Person) -> None:
    assert pay_code(ana, code_of(ana, **DINNER), 1_250, key="k").code == "SELF_TRANSFER"
    assert ana.available == 10_000


def test_code_of_somebody_who_has_left_pays_nobody(ana: Person, bo: Person) -> None:
    qr = code_of(bo)
    set_status(bo.user_id, "closed")

    assert scan(ana, qr).code == "PAYEE_NOT_FOUND"
    assert pay_code(ana, qr, 500, key="k").code == "PAYEE_NOT_FOUND"
    assert ana.available == 10_000


def test_transfer_by_code_keeps_to_the_rules_of_transfers(ana: Person, bo: Person) -> None:
    qr = code_of(bo)
    fund(ana.user_id, 2_000_000)

    assert pay_code(ana, qr, 1_000_000, key="k1").code == "STEP_UP_REQUIRED"
    assert pay_code(ana, qr, 500, key="k2", pay_password="000001").code == "WRONG_PAY_PASSWORD"
    later = pay_code(ana, qr, 500, key="k3", arrive="next_day").json
    assert (later["status"], bo.available) == ("scheduled", 0)


IMPOSSIBLE: list[tuple[dict[str, object], str]] = [
    ({"amount": 100}, "currency"),
    ({"currency": "CNY"}, "amount"),
    ({"amount": 0, "currency": "CNY"}, "amount"),
    ({"note": "x" * 41}, "note"),
    ({"expires_in": 59}, "expires_in"),
    ({"expires_in": 604_801}, "expires_in"),
    ({"image": "gif"}, "image"),
    ({"user_id": "u_1"}, "user_id"),
]


def test_what_cannot_be_asked_for_is_refused(ana: Person) -> None:
    for wish, field in IMPOSSIBLE:
        refused = ana.call("POST", "/v1/collect-codes", wish)

        assert (refused.status, refused.json["field"]) == (400, field), wish


@pytest.mark.parametrize("payee", [{}, {"qr": "x", "phone": "+8613800000002"}])
def test_payee_is_named_in_one_way(ana: Person, payee: dict[str, str]) -> None:
    refused = ana.call("POST", "/v1/transfers", transfer_body(payee, 100), key="k")

    assert (refused.status, refused.json["field"]) == (400, "payee")


def test_longest_code_can_be_drawn_and_read(bo: Person) -> None:
    wish = {"amount": 10**12, "currency": "CNY", "note": "🍜" * 40}
    made = [
        bo.call("POST", "/v1/collect-codes", wish | {"image": one}).json for one in ("svg", "png")
    ]

    assert read_svg(made[0]["svg"]) == made[0]["qr"] == made[1]["qr"] == read_png(made[1]["png"])
