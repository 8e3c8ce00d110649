import pytest
from urllib3.exceptions import ProtocolError

from tests.sandbox.receiver import wait_until
from tests.sandbox.running import ORDINARY, TIMES_OUT_EXECUTED, UNAVAILABLE_TWICE, RunningBank
from tests.sandbox.signed_client import bind, get, order_wish, post, refund_wish, signed

CLOSED = "6222021234500040005"


def charged(bank: RunningBank, number: str = ORDINARY) -> object:
    """The reference of a charge of 1250."""
    wish = order_wish(bind(bank, number))
    assert post(bank, "/v1/charges", wish).status == 201
    return wish["reference"]


def status_of(bank: RunningBank, wish: dict[str, object]) -> str:
    return str(get(bank, f"/v1/refunds/{wish['reference']}").content["status"])


def test_refund_is_accepted_and_found_succeeded_later(bank: RunningBank) -> None:
    wish = refund_wish(charged(bank))
    answer = post(bank, "/v1/refunds", wish)
    assert (answer.status, answer.content["status"], answer.content["amount"]) == (
        201,
        "accepted",
        1250,
    )
    wait_until(lambda: status_of(bank, wish) == "succeeded")
    assert post(bank, "/v1/refunds", wish).content == answer.content | {"status": "succeeded"}
    assert len(bank.orders_of("refunds", wish["reference"])) == 1


def test_refunds_of_a_charge_never_exceed_it(bank: RunningBank) -> None:
    reference = charged(bank)
    part, rest = refund_wish(reference, amount=1000), refund_wish(reference, amount=250)
    assert post(bank, "/v1/refunds", part).status == 201
    too_much = post(bank, "/v1/refunds", refund_wish(reference, amount=251))
    assert too_much.outcome == (422, "REFUND_EXCEEDS_CHARGE")
    assert post(bank, "/v1/refunds", rest).status == 201
    assert post(bank, "/v1/refunds", part).status == 201


def test_refund_to_a_closed_account_fails_and_leaves_the_charge_to_refund(
    bank: RunningBank,
) -> None:
    reference = charged(bank, CLOSED)
    for _ in range(2):
        answer = post(bank, "/v1/refunds", refund_wish(reference))
        assert answer.status == 201
        assert (answer.content["status"], answer.content["reason"]) == ("failed", "ACCOUNT_CLOSED")


def test_refund_goes_also_to_a_card_that_is_unbound(bank: RunningBank) -> None:
    card_token = bind(bank, ORDINARY)
    charge = order_wish(card_token)
    assert post(bank, "/v1/charges", charge).status == 201
    assert signed("DELETE", f"/v1/card-tokens/{card_token}").send(bank).status == 204
    wish = refund_wish(charge["reference"])
    assert post(bank, "/v1/refunds", wish).status == 201
    wait_until(lambda: status_of(bank, wish) == "succeeded")


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        ("6222021234500030006", (422, "CHARGE_NOT_SUCCEEDED")),
        ("6222021234500160001", (422, "CHARGE_NOT_SUCCEEDED")),
    ],
    ids=["declined", "pending"],
)
def test_charge_that_took_nothing_gives_nothing_back(
    bank: RunningBank, number: str, outcome: tuple[int, str]
) -> None:
    wish = refund_wish(charged(bank, number))
    assert post(bank, "/v1/refunds", wish).outcome == outcome
    assert get(bank, f"/v1/refunds/{wish['reference']}").outcome == (404, "REFUND_NOT_FOUND")


def test_refund_of_an_unknown_charge_is_not_found(bank: RunningBank) -> None:
    answer = post(bank, "/v1/refunds", refund_wish("never-seen"))
    assert answer.outcome == (404, "CHARGE_NOT_FOUND")


def test_same_reference_for_another_refund_is_refused(bank: RunningBank) -> None:
    wish = refund_wish(charged(bank), amount=100)
    assert post(bank, "/v1/refunds", wish).status == 201
    for change in ({"amount": 101}, {"charge_reference": charged(bank)}):
        assert post(bank, "/v1/refunds", {**wish, **change}).outcome == (409, "REFERENCE_REUSED")


def test_silent_and_busy_cards_treat_refunds_like_charges(bank: RunningBank) -> None:
    silent = order_wish(bind(bank, TIMES_OUT_EXECUTED))
    with pytest.raises(ProtocolError):
        post(bank, "/v1/charges", silent)
    wish = refund_wish(silent["reference"])
    with pytest.raises(ProtocolError):
        post(bank, "/v1/refunds", wish)
    assert len(bank.orders_of("refunds", wish["reference"])) == 1
    busy = order_wish(bind(bank, UNAVAILABLE_TWICE))
    for path, each in (("/v1/charges", busy), ("/v1/refunds", refund_wish(busy["reference"]))):
        assert [post(bank, path, each).status for _ in range(3)] == [503, 503, 201]
