"""POST /v1/payment-codes: good once, for a minute, from a session that lasts, and not guessed."""

import re

import pytest

from functions.payments.codes import PREFIX
from shared.ledger.accounts import set_status
from shared.settings import settings
from tests.clock import TestClock
from tests.people import PASSWORD, Person, register
from tests.shops import Shop, open_shop, payment_code


def test_code_has_eighteen_digits_a_prefix_of_its_own_and_a_minute(ana: Person) -> None:
    answer = ana.call("POST", "/v1/payment-codes")

    assert answer.status == 201, answer.text
    assert answer.json["expires_in"] == 60
    assert re.fullmatch(rf"{PREFIX}[0-9]{{16}}", answer.json["code"])
    assert not 10 <= int(PREFIX) <= 15
    assert not 25 <= int(PREFIX) <= 30


def test_codes_have_nothing_in_common(ana: Person) -> None:
    codes = [payment_code(ana) for _ in range(10)]

    assert len({code[len(PREFIX) :][:6] for code in codes}) == 10


def test_code_is_good_once(shop: Shop, ana: Person) -> None:
    code = payment_code(ana)
    assert shop.charge(code, 1_000).status == 201

    again = [shop.charge(code, 1_000), open_shop("Cha").charge(code, 1_000)]

    assert [(one.status, one.code) for one in again] == [(422, "PAYMENT_CODE_REFUSED")] * 2
    assert ana.available == 9_000


def test_code_is_good_for_a_minute(shop: Shop, ana: Person, test_clock: TestClock) -> None:
    first, second = payment_code(ana), payment_code(ana)
    test_clock.move(seconds=59)
    assert shop.charge(first, 1_000).status == 201
    test_clock.move(seconds=1)

    assert shop.charge(second, 1_000).code == "PAYMENT_CODE_REFUSED"


def test_newer_code_leaves_the_earlier_one_its_time(shop: Shop, ana: Person) -> None:
    codes = [payment_code(ana), payment_code(ana)]

    assert [shop.charge(code, 1_000).status for code in codes] == [201, 201]


def test_code_ends_with_the_session_that_it_was_shown_from(shop: Shop, ana: Person) -> None:
    code = payment_code(ana)
    assert ana.call("DELETE", "/v1/sessions/current").status == 204

    assert shop.charge(code, 1_000).code == "PAYMENT_CODE_REFUSED"


def test_code_ends_with_a_change_of_the_password(shop: Shop, ana: Person) -> None:
    other = ana.signed_in_again()
    code = payment_code(other)
    body = {"current_password": PASSWORD, "new_password": "quite another phrase 7"}
    assert ana.call("PUT", "/v1/me/password", body).status == 204

    assert shop.charge(code, 1_000).code == "PAYMENT_CODE_REFUSED"


def test_wrong_old_and_used_codes_are_refused_in_the_same_words(
    shop: Shop, ana: Person, test_clock: TestClock
) -> None:
    used, old = payment_code(ana), payment_code(ana)
    shop.charge(used, 1_000)
    test_clock.move(seconds=60)
    forged = PREFIX + "0" * 16

    answers = [shop.charge(code, 1_000) for code in (used, old, forged, "134567890123456789")]

    assert {answer.status for answer in answers} == {422}
    assert len({(answer.code, answer.json["detail"]) for answer in answers}) == 1


@pytest.mark.parametrize("code", ["7700", "77" + "0" * 17, "77" + "a" * 16, 77 * 10**16, "７" * 18])
def test_what_is_no_code_is_malformed(shop: Shop, code: object) -> None:
    refused = shop.charge(code, 1_000)  # type: ignore[arg-type]

    assert (refused.status, refused.json["field"]) == (400, "payment_code")


def test_guesses_of_one_merchant_are_bounded_for_right_codes_too(
    shop: Shop, ana: Person, test_clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRONG_PAYMENT_CODES_PER_HOUR", "5")
    settings.cache_clear()
    guesses = [shop.charge(f"{PREFIX}{number:016d}", 1_000) for number in range(5)]
    right = payment_code(ana)

    over = shop.charge(right, 1_000)

    assert {guess.code for guess in guesses} == {"PAYMENT_CODE_REFUSED"}
    assert (over.status, over.code) == (429, "TOO_MANY_REQUESTS")
    assert int(over.headers["Retry-After"]) > 0
    # Others go on, and so does this one an hour later.
    assert open_shop("Cha").charge(right, 1_000).status == 201
    test_clock.move(hours=1)
    assert shop.charge(payment_code(ana.signed_in_again()), 1_000).status == 201
    monkeypatch.undo()
    settings.cache_clear()


def test_codes_of_others_and_old_ones_are_no_guesses(
    shop: Shop, ana: Person, test_clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRONG_PAYMENT_CODES_PER_HOUR", "1")
    settings.cache_clear()
    used = payment_code(ana)
    shop.charge(used, 1_000)
    for code in (used, used, "134567890123456789", "287654321098765432"):
        assert shop.charge(code, 1_000).code == "PAYMENT_CODE_REFUSED"

    assert shop.charge(payment_code(ana), 1_000).status == 201
    monkeypatch.undo()
    settings.cache_clear()


def test_codes_of_one_user_are_bounded(ana: Person, bo: Person, test_clock: TestClock) -> None:
    for _ in range(settings().payment_codes_per_minute):
        payment_code(ana)

    over = ana.call("POST", "/v1/payment-codes")

    assert (over.status, over.code) == (429, "TOO_MANY_REQUESTS")
    payment_code(bo)
    test_clock.move(seconds=60)
    payment_code(ana)


def test_who_cannot_pay_gets_no_code(ana: Person) -> None:
    new = register("+8613800000003", pay_password=False)
    set_status(ana.user_id, "frozen")

    assert new.call("POST", "/v1/payment-codes").code == "PAY_PASSWORD_NOT_SET"
    assert ana.call("POST", "/v1/payment-codes").code == "ACCOUNT_FROZEN"


def test_number_of_a_code_is_never_made_twice(
    ana: Person, bo: Person, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    chances = iter([5, 5, 6])
    monkeypatch.setattr("functions.payments.codes.secrets.randbelow", lambda _: next(chances))

    codes = payment_code(ana), payment_code(bo)

    assert codes == (f"{PREFIX}{5:016d}", f"{PREFIX}{6:016d}")
