import json
import socket
import subprocess
import sys
import traceback
from datetime import datetime, timedelta, timezone

import pytest

from shared.bank import get_bank
from shared.bank.port import BankRefusal, BankUnavailable, BoundCard, OutcomeUnknown, Payout, Refund
from shared.bank.signed_http import SandboxBank
from shared.money import Money
from shared.settings import settings
from tests.sandbox.receiver import wait_until
from tests.sandbox.running import (
    BINDING_FAILS,
    CLIENT_ID,
    CREDIT,
    KEY,
    ORDINARY,
    PHONE,
    TIMES_OUT_EXECUTED,
    TIMES_OUT_LOST,
    UNAVAILABLE_TWICE,
    RunningBank,
)
from tests.sandbox.signed_client import new_reference
from tests.shared.bank.impostor import Impostor, running

AMOUNT = Money(amount=1250)


def start_binding(bank: SandboxBank, number: str) -> str:
    return bank.start_binding(
        reference=new_reference(), number=number, holder_name="王小明", phone=PHONE
    ).binding_id


def bound_card(bank: SandboxBank, sandbox: RunningBank, number: str) -> BoundCard:
    binding_id = start_binding(bank, number)
    return bank.confirm_binding(binding_id=binding_id, code=sandbox.code_of(binding_id))


def token(bank: SandboxBank, sandbox: RunningBank, number: str = ORDINARY) -> str:
    return bound_card(bank, sandbox, number).card_token


def client_of(url: str, *, key: bytes = KEY) -> SandboxBank:
    return SandboxBank(url=url, client_id=CLIENT_ID, key=key, read_timeout_seconds=1)


def test_binding_is_idempotent_and_expires(bank: SandboxBank) -> None:
    wish = {"reference": new_reference(), "number": ORDINARY, "holder_name": "王", "phone": PHONE}
    first, again = bank.start_binding(**wish), bank.start_binding(**wish)
    assert first.binding_id == again.binding_id
    assert 0 < first.expires_in_seconds <= 300


@pytest.mark.parametrize(("number", "kind"), [(ORDINARY, "debit"), (CREDIT, "credit")])
def test_bound_card_tells_bank_last_digits_and_kind(
    bank: SandboxBank, sandbox: RunningBank, number: str, kind: str
) -> None:
    card = bound_card(bank, sandbox, number)
    assert (card.last4, card.kind) == (number[-4:], kind)
    assert card.bank
    assert number not in card.card_token


def test_wrong_number_wrong_code_and_failed_verification_are_refusals(
    bank: SandboxBank, sandbox: RunningBank
) -> None:
    with pytest.raises(BankRefusal, match="WRONG_CARD_NUMBER"):
        start_binding(bank, "6222021234500010009")
    with pytest.raises(BankRefusal, match="WRONG_CODE"):
        bank.confirm_binding(binding_id=start_binding(bank, ORDINARY), code="wrong")
    with pytest.raises(BankRefusal, match="VERIFICATION_FAILED"):
        token(bank, sandbox, BINDING_FAILS)
    with pytest.raises(BankRefusal, match="BINDING_NOT_FOUND"):
        bank.confirm_binding(binding_id="bind_unknown", code="123456")


def test_unbound_card_is_refused_and_unbinding_again_is_no_error(
    bank: SandboxBank, sandbox: RunningBank
) -> None:
    card_token = token(bank, sandbox)
    bank.unbind(card_token)
    bank.unbind(card_token)
    with pytest.raises(BankRefusal, match="CARD_NOT_BOUND"):
        bank.charge(reference=new_reference(), card_token=card_token, amount=AMOUNT)


@pytest.mark.parametrize(
    ("number", "status", "reason"),
    [
        (ORDINARY, "succeeded", None),
        (CREDIT, "succeeded", None),
        ("6222021234500030006", "declined", "INSUFFICIENT_FUNDS"),
        ("6222021234500050004", "declined", "CARD_FROZEN"),
        ("6222021234500130004", "declined", "CARD_EXPIRED"),
    ],
)
def test_charge_is_answered_the_same_each_time_and_found(
    bank: SandboxBank, sandbox: RunningBank, number: str, status: str, reason: str | None
) -> None:
    reference, card_token = new_reference(), token(bank, sandbox, number)
    first, again = (
        bank.charge(reference=reference, card_token=card_token, amount=AMOUNT) for _ in range(2)
    )
    assert first == again == bank.find_charge(reference)
    assert (first.status, first.reason, first.amount) == (status, reason, AMOUNT)
    assert len(sandbox.charges_of(reference)) == 1


def test_two_refusals_to_serve_end_as_success_within_one_call(
    bank: SandboxBank, sandbox: RunningBank
) -> None:
    reference, card_token = new_reference(), token(bank, sandbox, UNAVAILABLE_TWICE)
    charge = bank.charge(reference=reference, card_token=card_token, amount=AMOUNT)
    assert charge.status == "succeeded"
    assert len(sandbox.charges_of(reference)) == 1


def test_bank_that_stays_unavailable_did_nothing(bank: SandboxBank, sandbox: RunningBank) -> None:
    reference, card_token = new_reference(), token(bank, sandbox)
    sandbox.plan_fault("unavailable", times=3)
    with pytest.raises(BankUnavailable):
        bank.charge(reference=reference, card_token=card_token, amount=AMOUNT)
    assert bank.find_charge(reference) is None
    assert bank.charge(reference=reference, card_token=card_token, amount=AMOUNT).reference


def test_time_out_of_an_executed_charge_is_unknown_until_it_is_found(
    bank: SandboxBank, sandbox: RunningBank
) -> None:
    reference, card_token = new_reference(), token(bank, sandbox, TIMES_OUT_EXECUTED)
    with pytest.raises(OutcomeUnknown):
        bank.charge(reference=reference, card_token=card_token, amount=AMOUNT)
    found = bank.find_charge(reference)
    assert found is not None
    assert (found.status, found.amount) == ("succeeded", AMOUNT)
    assert bank.charge(reference=reference, card_token=card_token, amount=AMOUNT) == found


def test_time_out_of_a_lost_charge_is_unknown_and_a_query_finds_nothing(
    bank: SandboxBank, sandbox: RunningBank
) -> None:
    reference, card_token = new_reference(), token(bank, sandbox, TIMES_OUT_LOST)
    with pytest.raises(OutcomeUnknown):
        bank.charge(reference=reference, card_token=card_token, amount=AMOUNT)
    assert bank.find_charge(reference) is None


@pytest.mark.parametrize(
    ("fault", "executed"), [("lost", 0), ("dropped", 1), ("silent", 1), ("forged", 1)]
)
def test_broken_answer_leaves_the_charge_unknown_and_is_not_asked_twice(
    bank: SandboxBank, sandbox: RunningBank, fault: str, executed: int
) -> None:
    reference, card_token = new_reference(), token(bank, sandbox)
    sandbox.plan_fault(fault)
    with pytest.raises(OutcomeUnknown):
        bank.charge(reference=reference, card_token=card_token, amount=AMOUNT)
    assert len(sandbox.charges_of(reference)) == executed
    assert (bank.find_charge(reference) is not None) == bool(executed)


def test_broken_answer_to_a_query_is_not_taken_for_never_seen(
    bank: SandboxBank, sandbox: RunningBank
) -> None:
    sandbox.plan_fault("forged")
    with pytest.raises(OutcomeUnknown):
        bank.find_charge(new_reference())


def test_other_amount_under_the_same_reference_is_unknown(
    bank: SandboxBank, sandbox: RunningBank
) -> None:
    reference, card_token = new_reference(), token(bank, sandbox)
    bank.charge(reference=reference, card_token=card_token, amount=AMOUNT)
    with pytest.raises(OutcomeUnknown):
        bank.charge(reference=reference, card_token=card_token, amount=Money(amount=1))
    found = bank.find_charge(reference)
    assert found is not None
    assert found.amount == AMOUNT


def test_nobody_at_the_address_means_that_nothing_was_done() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(BankUnavailable):
        client_of(f"http://127.0.0.1:{port}").find_charge("ref")


def test_wrong_key_leaves_every_outcome_unknown(sandbox: RunningBank) -> None:
    with pytest.raises(OutcomeUnknown):
        client_of(sandbox.url, key=bytes(32)).find_charge(new_reference())


def paid_out(bank: SandboxBank, sandbox: RunningBank, number: str = ORDINARY) -> Payout:
    reference, card_token = new_reference(), token(bank, sandbox, number)
    return bank.pay_out(reference=reference, card_token=card_token, amount=AMOUNT)


def ended(bank: SandboxBank, reference: str) -> Payout:
    """The payout when it is not on its way any more."""

    def is_ended() -> bool:
        payout = bank.find_payout(reference)
        return payout is not None and payout.status != "accepted"

    wait_until(is_ended)
    payout = bank.find_payout(reference)
    assert payout is not None
    return payout


@pytest.mark.parametrize(
    ("number", "answered", "status", "reason"),
    [
        (ORDINARY, "accepted", "paid", None),
        ("6222021234500040005", "rejected", "rejected", "ACCOUNT_CLOSED"),
        ("6222021234500060003", "accepted", "rejected", "WRONG_NAME"),
        (UNAVAILABLE_TWICE, "accepted", "paid", None),
    ],
)
def test_payout_is_found_as_it_stands_and_done_once(
    bank: SandboxBank,
    sandbox: RunningBank,
    number: str,
    answered: str,
    status: str,
    reason: str | None,
) -> None:
    reference, card_token = new_reference(), token(bank, sandbox, number)
    first = bank.pay_out(reference=reference, card_token=card_token, amount=AMOUNT)
    found = ended(bank, reference)
    assert first.status == answered
    assert (found.status, found.reason, found.amount) == (status, reason, AMOUNT)
    assert bank.pay_out(reference=reference, card_token=card_token, amount=AMOUNT) == found
    assert len(sandbox.orders_of("payouts", reference)) == 1


def test_credit_card_and_unbound_card_refuse_a_payout(
    bank: SandboxBank, sandbox: RunningBank
) -> None:
    with pytest.raises(BankRefusal, match="CARD_KIND_NOT_ALLOWED"):
        paid_out(bank, sandbox, CREDIT)
    with pytest.raises(BankRefusal, match="CARD_NOT_BOUND"):
        bank.pay_out(reference=new_reference(), card_token="card_unknown", amount=AMOUNT)


@pytest.mark.parametrize(
    ("number", "status"), [(TIMES_OUT_EXECUTED, "paid"), (TIMES_OUT_LOST, None)]
)
def test_time_out_of_a_payout_is_unknown_until_it_is_found_or_not(
    bank: SandboxBank, sandbox: RunningBank, number: str, status: str | None
) -> None:
    reference, card_token = new_reference(), token(bank, sandbox, number)
    with pytest.raises(OutcomeUnknown):
        bank.pay_out(reference=reference, card_token=card_token, amount=AMOUNT)
    found = bank.find_payout(reference)
    assert (found.status if found else None) == status


def test_other_amount_under_the_reference_of_a_payout_is_unknown(
    bank: SandboxBank, sandbox: RunningBank
) -> None:
    payout = paid_out(bank, sandbox)
    with pytest.raises(OutcomeUnknown):
        bank.pay_out(reference=payout.reference, card_token="card_other", amount=AMOUNT)


def charged(bank: SandboxBank, sandbox: RunningBank) -> str:
    charge = bank.charge(reference=new_reference(), card_token=token(bank, sandbox), amount=AMOUNT)
    return charge.reference


def refund(bank: SandboxBank, charge_reference: str, amount: int = 1250) -> Refund:
    return bank.refund_charge(
        reference=new_reference(),
        charge_reference=charge_reference,
        amount=Money(amount=amount),
    )


def test_refund_is_on_its_way_and_then_found(bank: SandboxBank, sandbox: RunningBank) -> None:
    sent = refund(bank, charged(bank, sandbox))

    def is_back() -> bool:
        found = bank.find_refund(sent.reference)
        return found is not None and found.status == "succeeded"

    assert (sent.status, sent.amount) == ("accepted", AMOUNT)
    wait_until(is_back)
    assert bank.find_refund(new_reference()) is None


def test_refund_beyond_its_charge_or_of_none_is_refused(
    bank: SandboxBank, sandbox: RunningBank
) -> None:
    with pytest.raises(BankRefusal, match="REFUND_EXCEEDS_CHARGE"):
        refund(bank, charged(bank, sandbox), amount=1251)
    with pytest.raises(BankRefusal, match="CHARGE_NOT_FOUND"):
        refund(bank, new_reference())


def day_of_the_bank() -> str:
    return datetime.now(timezone(timedelta(hours=8))).date().isoformat()


def test_settlement_file_comes_whole_and_ends_normally(
    bank: SandboxBank, sandbox: RunningBank
) -> None:
    reference = charged(bank, sandbox)
    lines = b"".join(bank.settlement_file(day_of_the_bank())).decode().splitlines()
    assert lines[0] == "bank_id,reference,kind,amount,currency,time"
    assert [line.split(",")[2:5] for line in lines if reference in line] == [
        ["charge", "1250", "CNY"]
    ]


def test_settlement_file_of_no_day_is_refused(bank: SandboxBank) -> None:
    with pytest.raises(BankRefusal, match="SETTLEMENT_FILE_NOT_FOUND"):
        next(bank.settlement_file("2026-02-30"))


@pytest.mark.parametrize(("fault", "pieces"), [("forged", 1), ("dropped", 0)])
def test_settlement_file_that_is_not_proven_ends_with_an_error(
    bank: SandboxBank, sandbox: RunningBank, fault: str, pieces: int
) -> None:
    sandbox.plan_fault(fault)
    came: list[bytes] = []
    with pytest.raises(OutcomeUnknown):
        came.extend(bank.settlement_file(day_of_the_bank()))
    # extend() keeps what came before the error.
    assert len(came) == pieces


def test_settlement_file_is_asked_for_again_by_the_caller_only(
    bank: SandboxBank, sandbox: RunningBank
) -> None:
    sandbox.plan_fault("unavailable")
    with pytest.raises(BankUnavailable):
        next(bank.settlement_file(day_of_the_bank()))
    assert next(bank.settlement_file(day_of_the_bank()))


def test_settlement_file_that_breaks_off_is_unknown() -> None:
    broken = Impostor(200, b"bank_id,reference", headers={"Content-Length": "1000"})
    with running(broken), pytest.raises(OutcomeUnknown):
        list(client_of(broken.url).settlement_file("2026-11-22"))


CHARGED = {
    "charge_id": "chg_1",
    "reference": "ref_1",
    "amount": 1250,
    "currency": "CNY",
    "status": "succeeded",
}


@pytest.mark.parametrize(
    "impostor",
    [
        Impostor(503, b"<html>bad gateway</html>", signed_for=None),
        Impostor(422, b'{"code":"CARD_NOT_BOUND"}', signed_for=None),
        Impostor(404, b'{"code":"CHARGE_NOT_FOUND"}', signed_for=None),
        Impostor(200, json.dumps(CHARGED).encode(), signed_for=None),
        Impostor(200, json.dumps(CHARGED).encode(), signed_for="nonce-of-an-earlier-request"),
        Impostor(302, b"", headers={"Location": "/elsewhere"}),
        Impostor(409, b'{"code":"REFERENCE_REUSED"}'),
        Impostor(500, b'{"code":"INTERNAL_ERROR"}'),
        Impostor(503, b"not json"),
        Impostor(200, b""),
        Impostor(200, b"{}"),
        Impostor(200, json.dumps({**CHARGED, "status": "maybe"}).encode()),
        Impostor(200, json.dumps({**CHARGED, "amount": 1250.5}).encode()),
        Impostor(200, json.dumps({**CHARGED, "amount": 1}).encode()),
        Impostor(200, json.dumps({**CHARGED, "currency": "USD"}).encode()),
        Impostor(200, json.dumps({**CHARGED, "reference": "ref_2"}).encode()),
        Impostor(200, json.dumps(CHARGED).encode().ljust(70_000)),
        Impostor(200, b"{}", headers={"Content-Length": "1000"}),
    ],
    ids=lambda impostor: f"{impostor.status} {impostor.signed_for} {impostor.body[:40]!r}",
)
def test_answer_that_is_not_the_banks_word_on_this_charge_is_unknown(impostor: Impostor) -> None:
    with running(impostor), pytest.raises(OutcomeUnknown):
        client_of(impostor.url).charge(reference="ref_1", card_token="card_1", amount=AMOUNT)
    assert impostor.calls == 1


@pytest.mark.parametrize(
    "told",
    [
        {"payout_id": "pay_1", "status": "paid", "reference": "ref_2"},
        {"payout_id": "pay_1", "status": "paid", "amount": 1},
        {"payout_id": "pay_1", "status": "succeeded"},
        {"charge_id": "chg_1", "status": "succeeded"},
    ],
)
def test_answer_that_is_not_the_banks_word_on_this_payout_is_unknown(
    told: dict[str, object],
) -> None:
    order = {"reference": "ref_1", "amount": 1250, "currency": "CNY", **told}
    impostor = Impostor(201, json.dumps(order).encode())
    with running(impostor), pytest.raises(OutcomeUnknown):
        client_of(impostor.url).pay_out(reference="ref_1", card_token="card_1", amount=AMOUNT)
    assert impostor.calls == 1


@pytest.mark.parametrize(
    "impostor",
    [
        Impostor(404, b'{"code":"CHARGE_NOT_FOUND"}', signed_for=None),
        Impostor(200, json.dumps({**CHARGED, "reference": "ref_2"}).encode()),
    ],
)
def test_query_trusts_only_a_signed_answer_about_its_own_charge(impostor: Impostor) -> None:
    with running(impostor), pytest.raises(OutcomeUnknown):
        client_of(impostor.url).find_charge("ref_1")


def test_pending_charge_is_told_as_pending() -> None:
    pending = Impostor(201, json.dumps({**CHARGED, "status": "pending"}).encode())
    with running(pending):
        charge = client_of(pending.url).charge(
            reference="ref_1", card_token="card_1", amount=AMOUNT
        )
    assert charge.status == "pending"


@pytest.mark.parametrize("fault", ["unavailable", "dropped", "forged"])
def test_failure_shows_no_card_number(bank: SandboxBank, sandbox: RunningBank, fault: str) -> None:
    sandbox.plan_fault(fault, times=3 if fault == "unavailable" else 1)
    with pytest.raises((BankUnavailable, OutcomeUnknown)) as failure:
        start_binding(bank, ORDINARY)
    assert ORDINARY not in "".join(traceback.format_exception(failure.value))


@pytest.mark.usefixtures("cloud")
def test_bank_of_the_process_is_the_one_of_settings_and_secret(
    sandbox: RunningBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANK_URL", sandbox.url)
    settings.cache_clear()
    get_bank.cache_clear()
    assert get_bank().find_charge(new_reference()) is None
    assert get_bank() is get_bank()
    settings.cache_clear()
    get_bank.cache_clear()


def test_import_costs_no_http_library() -> None:
    check = "import sys, shared.bank; sys.exit('urllib3' in sys.modules or 'boto3' in sys.modules)"
    subprocess.run([sys.executable, "-c", check], check=True)
