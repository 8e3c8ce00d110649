import time
from pathlib import Path

import pytest

from tests.sandbox.receiver import Receiver, receiver, wait_until
from tests.sandbox.running import HTTP, ORDINARY, RunningBank, running_bank
from tests.sandbox.signed_client import bind, get, order_wish, post

PENDING_THEN_TAKEN = "6222021234500160001"
PENDING_THEN_DECLINED = "6222021234500170000"
TOLD_THREE_TIMES = "6222021234500110006"
REVERSED = "6222021234500120005"


def paid_out(bank: RunningBank, number: str = ORDINARY) -> object:
    """The reference of a payout on its way."""
    wish = order_wish(bind(bank, number))
    answer = post(bank, "/v1/payouts", wish)
    assert (answer.status, answer.content["status"]) == (201, "accepted")
    return wish["reference"]


def test_notification_is_signed_and_tells_the_payout_as_a_query_does(
    bank: RunningBank, wallet: Receiver
) -> None:
    reference = paid_out(bank)
    (delivery,) = wallet.wait_for(reference)
    assert delivery.path == "/payouts"
    assert delivery.is_signed()
    assert abs(time.time() - int(delivery.headers["bank-timestamp"])) < 5
    assert delivery.order == get(bank, f"/v1/payouts/{reference}").content


@pytest.mark.parametrize(
    ("number", "end"),
    [
        (PENDING_THEN_TAKEN, ("succeeded", None)),
        (PENDING_THEN_DECLINED, ("declined", "INSUFFICIENT_FUNDS")),
    ],
)
def test_pending_charge_ends_by_notification(
    bank: RunningBank, wallet: Receiver, number: str, end: tuple[str, str | None]
) -> None:
    wish = order_wish(bind(bank, number))
    assert post(bank, "/v1/charges", wish).content["status"] == "pending"
    (delivery,) = wallet.wait_for(wish["reference"])
    assert delivery.path == "/charges"
    assert delivery.is_signed()
    assert (delivery.order["status"], delivery.order["reason"]) == end
    assert get(bank, f"/v1/charges/{wish['reference']}").content == delivery.order


def test_card_of_three_callbacks_tells_of_a_charge_three_times_and_takes_it_once(
    bank: RunningBank, wallet: Receiver
) -> None:
    before = bank.operator("GET", "/charges")["charged"]
    wish = order_wish(bind(bank, TOLD_THREE_TIMES))
    assert post(bank, "/v1/charges", wish).content["status"] == "succeeded"
    deliveries = wallet.wait_for(wish["reference"], 3)
    assert len({delivery.event_id for delivery in deliveries}) == 1
    assert bank.operator("GET", "/charges")["charged"] == before + 1250


def test_refused_notification_is_repeated_with_its_event_id_until_it_is_taken(
    bank: RunningBank, wallet: Receiver
) -> None:
    wallet.refusals = 2
    reference = paid_out(bank)
    deliveries = wallet.wait_for(reference, 3)
    assert len({delivery.event_id for delivery in deliveries}) == 1
    assert all(delivery.is_signed() for delivery in deliveries)
    (told,) = [one for one in notifications(bank) if one["event_id"] == deliveries[0].event_id]
    wait_until(lambda: still_to_send(bank, reference) == 0)
    assert told["topic"] == "payouts"


def test_notification_outlives_the_bank_and_a_change_of_address(tmp_path: Path) -> None:
    with receiver() as wallet:
        with running_bank(tmp_path) as bank:
            bank.send_notifications_to("http://127.0.0.1:1")
            reference = paid_out(bank)
            wait_until(lambda: any(one["tries"] for one in notifications(bank)))
            bank.crash()
        with running_bank(tmp_path) as bank:
            assert still_to_send(bank, reference) == 1
            bank.send_notifications_to(wallet.url)
            (delivery,) = wallet.wait_for(reference)
            assert delivery.is_signed()


def test_nothing_is_sent_before_an_address_is_known(tmp_path: Path) -> None:
    with running_bank(tmp_path) as bank:
        reference = paid_out(bank)
        wait_until(lambda: still_to_send(bank, reference) == 1)
        assert [one["tries"] for one in notifications(bank)] == [0]


def test_forged_notification_is_wrongly_signed_and_the_true_one_follows(
    bank: RunningBank, wallet: Receiver
) -> None:
    bank.plan_notification_fault("forged")
    forged, true = wallet.wait_for(paid_out(bank), 2)
    assert [forged.is_signed(), true.is_signed()] == [False, True]
    assert forged.event_id == true.event_id


def test_duplicate_comes_three_times_though_it_was_taken(
    bank: RunningBank, wallet: Receiver
) -> None:
    bank.plan_notification_fault("duplicate")
    reference = paid_out(bank)
    assert len({delivery.event_id for delivery in wallet.wait_for(reference, 3)}) == 1
    wait_until(lambda: still_to_send(bank, reference) == 0)
    assert len(wallet.of(reference)) == 3


def test_late_notification_comes_after_a_query_could_tell(
    bank: RunningBank, wallet: Receiver
) -> None:
    bank.plan_notification_fault("late")
    reference = paid_out(bank)
    wait_until(lambda: get(bank, f"/v1/payouts/{reference}").content["status"] == "paid")
    assert wallet.of(reference) == []
    assert len(wallet.wait_for(reference)) == 1


def test_early_notification_comes_before_the_answer(bank: RunningBank, wallet: Receiver) -> None:
    bank.plan_notification_fault("early")
    reference = paid_out(bank)
    assert wallet.statuses_of(reference) == ["paid"]


def test_early_notification_that_is_refused_does_not_keep_the_answer(
    bank: RunningBank, wallet: Receiver
) -> None:
    wallet.refusals = 1
    bank.plan_notification_fault("early")
    reference = paid_out(bank)
    assert len(wallet.of(reference)) == 1
    assert len(wallet.wait_for(reference, 2)) == 2


def test_reordered_notification_is_overtaken_by_the_next(
    bank: RunningBank, wallet: Receiver
) -> None:
    bank.plan_notification_fault("reordered")
    reference = paid_out(bank, REVERSED)
    overtaking, overtaken = wallet.wait_for(reference, 2)
    assert wallet.statuses_of(reference) == ["reversed", "paid"]
    # It follows at once, not when its own time is up.
    assert overtaken.came_at - overtaking.came_at < 4


def test_withheld_notification_never_comes_and_a_query_tells(
    bank: RunningBank, wallet: Receiver
) -> None:
    bank.plan_notification_fault("withheld")
    reference, next_reference = paid_out(bank), paid_out(bank)
    wallet.wait_for(next_reference)
    assert get(bank, f"/v1/payouts/{reference}").content["status"] == "paid"
    assert still_to_send(bank, reference) == 0
    assert wallet.of(reference) == []


def test_planned_faults_of_notifications_can_be_forgotten(
    bank: RunningBank, wallet: Receiver
) -> None:
    bank.plan_notification_fault("withheld", times=5)
    bank.operator("DELETE", "/notification-faults")
    assert len(wallet.wait_for(paid_out(bank))) == 1


@pytest.mark.parametrize(
    ("method", "path", "wish"),
    [
        ("POST", "notification-faults", b'{"fault": "silent"}'),
        ("POST", "notification-faults", b'{"fault": "late", "times": 101}'),
        ("PUT", "notify-url", b'{"url": "file:///etc/hosts"}'),
        ("PUT", "notify-url", b'{"url": "http://127.0.0.1:1/"}'),
        ("PUT", "notify-url", b"{}"),
    ],
)
def test_wish_that_makes_no_sense_is_refused(
    bank: RunningBank, method: str, path: str, wish: bytes
) -> None:
    assert HTTP.request(method, f"{bank.url}/_sandbox/{path}", body=wish).status == 400


def notifications(bank: RunningBank) -> list[dict[str, object]]:
    items: list[dict[str, object]] = bank.operator("GET", "/notifications")["items"]
    return items


def still_to_send(bank: RunningBank, reference: object) -> int | None:
    """None when the order has nothing to tell yet."""
    (order,) = bank.orders_of("payouts", reference)
    copies = [one for one in notifications(bank) if one["order_id"] == order["payout_id"]]
    return sum(int(str(one["copies"])) for one in copies) if copies else None
