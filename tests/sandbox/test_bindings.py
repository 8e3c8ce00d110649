import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.phone_network import PhoneNetwork, phone_network
from tests.sandbox.running import (
    BINDING_FAILS,
    CREDIT,
    HTTP,
    ORDINARY,
    PHONE,
    RunningBank,
    running_bank,
)
from tests.sandbox.signed_client import (
    Answer,
    bind,
    binding_wish,
    order_wish,
    post,
    signed,
    start_binding,
)


@pytest.fixture
def network() -> Iterator[PhoneNetwork]:
    with phone_network() as running:
        yield running


@pytest.fixture
def texting_bank(tmp_path: Path, network: PhoneNetwork) -> Iterator[RunningBank]:
    """A bank that sends its codes by text message."""
    with running_bank(tmp_path, "--sms-endpoint", network.url) as running:
        yield running


def confirm(bank: RunningBank, binding_id: str, code: str) -> Answer:
    return post(bank, f"/v1/card-bindings/{binding_id}/confirm", {"code": code})


def wrong_code(bank: RunningBank, binding_id: str) -> str:
    return f"{(int(bank.code_of(binding_id)) + 1) % 1_000_000:06d}"


def test_code_comes_by_text_message_and_binds_the_card(
    texting_bank: RunningBank, network: PhoneNetwork
) -> None:
    started = post(texting_bank, "/v1/card-bindings", binding_wish(ORDINARY))
    assert started.status == 201
    assert 0 < started.content["expires_in"] <= 300
    ((phone, text),) = network.messages
    (code,) = set(re.findall(r"\b\d{6}\b", text))
    bound = confirm(texting_bank, started.content["binding_id"], code)
    assert bound.status == 200
    assert phone == PHONE
    assert ORDINARY not in text
    card_token = bound.content.pop("card_token")
    assert ORDINARY not in card_token
    assert (bound.content["last4"], bound.content["kind"]) == ("0008", "debit")


def test_code_that_was_texted_can_be_read_nowhere_else(texting_bank: RunningBank) -> None:
    binding_id = start_binding(texting_bank, ORDINARY)
    answer = HTTP.request("GET", f"{texting_bank.url}/_sandbox/codes/{binding_id}")
    assert answer.status == 404


def test_same_reference_gives_the_same_binding_and_one_message(
    texting_bank: RunningBank, network: PhoneNetwork
) -> None:
    wish = binding_wish(ORDINARY)
    first, second = (post(texting_bank, "/v1/card-bindings", wish) for _ in range(2))
    assert first.status == second.status == 201
    assert first.content["binding_id"] == second.content["binding_id"]
    assert len(network.messages) == 1


def test_message_that_could_not_be_sent_is_sent_when_asked_again(
    texting_bank: RunningBank, network: PhoneNetwork
) -> None:
    wish = binding_wish(ORDINARY)
    network.is_down = True
    refused = post(texting_bank, "/v1/card-bindings", wish)
    network.is_down = False
    assert refused.outcome == (503, "BANK_UNAVAILABLE")
    assert post(texting_bank, "/v1/card-bindings", wish).status == 201
    assert len(network.messages) == 1


@pytest.mark.parametrize(
    "change", [{"number": CREDIT}, {"holder_name": "李"}, {"phone": "+8613900139000"}]
)
def test_same_reference_for_another_card_is_refused(
    bank: RunningBank, change: dict[str, str]
) -> None:
    wish = binding_wish(ORDINARY)
    assert post(bank, "/v1/card-bindings", wish).status == 201
    answer = post(bank, "/v1/card-bindings", {**wish, **change})
    assert answer.outcome == (409, "REFERENCE_REUSED")


@pytest.mark.parametrize(
    "number",
    [
        "6222021234500010009",  # fails the check of Luhn
        "4111111111111111",  # valid, but of another network
        "622202123450005",  # 15 digits
        "62220212345000100016",  # 20 digits
        "622202123450001000x",
        "",
        "６２２２０２１２３４５０００１０００８",
    ],
)
def test_wrong_card_number_is_refused(bank: RunningBank, number: str) -> None:
    answer = post(bank, "/v1/card-bindings", binding_wish(number))
    assert answer.outcome == (422, "WRONG_CARD_NUMBER")


@pytest.mark.parametrize(
    "change",
    [
        {"reference": ""},
        {"reference": "a/b"},
        {"reference": "x" * 65},
        {"reference": 7},
        {"number": 6222021234500010008},
        {"number": "6" * 33},
        {"holder_name": ""},
        {"phone": "13800138000"},
        {"phone": None},
        {"cvv": "123"},
    ],
)
def test_malformed_binding_is_refused(bank: RunningBank, change: dict[str, object]) -> None:
    answer = post(bank, "/v1/card-bindings", {**binding_wish(ORDINARY), **change})
    assert answer.outcome == (400, "MALFORMED_REQUEST")


def test_number_outside_the_table_behaves_like_the_first(bank: RunningBank) -> None:
    card_token = bind(bank, "6200000000000005")
    assert post(bank, "/v1/charges", order_wish(card_token)).content["status"] == "succeeded"


def test_credit_card_says_so(bank: RunningBank) -> None:
    binding_id = start_binding(bank, CREDIT)
    assert confirm(bank, binding_id, bank.code_of(binding_id)).content["kind"] == "credit"


def test_right_code_again_gives_the_same_token(bank: RunningBank) -> None:
    binding_id = start_binding(bank, ORDINARY)
    code = bank.code_of(binding_id)
    assert confirm(bank, binding_id, code).content == confirm(bank, binding_id, code).content


def test_fifth_wrong_code_ends_the_binding(bank: RunningBank) -> None:
    binding_id = start_binding(bank, ORDINARY)
    wrong = wrong_code(bank, binding_id)
    codes = [confirm(bank, binding_id, wrong).outcome for _ in range(5)]
    assert codes == [(422, "WRONG_CODE")] * 4 + [(422, "VERIFICATION_FAILED")]
    right = confirm(bank, binding_id, bank.code_of(binding_id))
    assert right.outcome == (422, "VERIFICATION_FAILED")


@pytest.mark.parametrize("code", ["", "12345", "1234567", "１２３４５６", "abcdef"])
def test_code_that_is_none_is_wrong(bank: RunningBank, code: str) -> None:
    binding_id = start_binding(bank, ORDINARY)
    assert confirm(bank, binding_id, code).outcome == (422, "WRONG_CODE")


def test_code_of_another_binding_is_wrong(bank: RunningBank) -> None:
    mine, other = start_binding(bank, ORDINARY), start_binding(bank, ORDINARY)
    if bank.code_of(mine) == bank.code_of(other):  # One time in a million.
        other = start_binding(bank, ORDINARY)
    assert confirm(bank, mine, bank.code_of(other)).outcome == (422, "WRONG_CODE")


def test_code_expires(tmp_path: Path) -> None:
    with running_bank(tmp_path, "--code-seconds", "0") as bank:
        binding_id = start_binding(bank, ORDINARY)
        answer = confirm(bank, binding_id, bank.code_of(binding_id))
    assert answer.outcome == (422, "CODE_EXPIRED")


def test_card_that_fails_verification_is_never_bound(bank: RunningBank) -> None:
    binding_id = start_binding(bank, BINDING_FAILS)
    answer = confirm(bank, binding_id, bank.code_of(binding_id))
    assert answer.outcome == (422, "VERIFICATION_FAILED")


def test_unknown_binding_is_not_found(bank: RunningBank) -> None:
    assert confirm(bank, "bind_unknown", "123456").outcome == (404, "BINDING_NOT_FOUND")


def test_unbound_card_takes_no_charge_and_unbinding_again_is_no_error(bank: RunningBank) -> None:
    card_token = bind(bank, ORDINARY)
    unbound = [signed("DELETE", f"/v1/card-tokens/{card_token}").send(bank) for _ in range(2)]
    assert [answer.status for answer in unbound] == [204, 204]
    answer = post(bank, "/v1/charges", order_wish(card_token))
    assert answer.outcome == (422, "CARD_NOT_BOUND")


def test_binding_survives_a_crash_between_code_and_confirmation(tmp_path: Path) -> None:
    with running_bank(tmp_path) as bank:
        binding_id = start_binding(bank, ORDINARY)
        code = bank.code_of(binding_id)
        bank.crash()
    with running_bank(tmp_path) as bank:
        assert confirm(bank, binding_id, code).status == 200


def test_log_holds_no_number_code_phone_or_token(
    texting_bank: RunningBank, network: PhoneNetwork
) -> None:
    binding_id = start_binding(texting_bank, ORDINARY)
    (code,) = set(re.findall(r"\b\d{6}\b", network.messages[0][1]))
    card_token = confirm(texting_bank, binding_id, code).content["card_token"]
    post(texting_bank, "/v1/charges", order_wish(card_token))
    signed("DELETE", f"/v1/card-tokens/{card_token}").send(texting_bank)
    log = texting_bank.log.read_text()
    assert "/v1/card-tokens/{card_token}" in log
    assert not [secret for secret in (ORDINARY, code, PHONE, card_token) if secret in log]
