"""What people are told when a bank says no."""

import pytest

from shared.diagnosis import cause_of, diagnose

OF_BANKS = (
    "ACCOUNT_CLOSED", "ACCOUNT_FROZEN", "WRONG_CARD_NUMBER", "WRONG_NAME", "CARD_EXPIRED",
    "LIMIT_EXCEEDED", "BANK_UNAVAILABLE", "CARD_KIND_NOT_ALLOWED",
)  # fmt: skip


@pytest.mark.parametrize("code", OF_BANKS)
def test_every_code_of_a_bank_has_a_cause_of_its_own_in_both_languages(code: str) -> None:
    unknown = diagnose("SOMETHING_NEW", language="en")
    for language in ("zh", "en"):
        told = diagnose(code, language=language)
        assert told.code == code
        assert told.cause.isascii() == told.next_step.isascii() == (language == "en")
        assert told.cause != diagnose("SOMETHING_NEW", language=language).cause
    assert unknown.code == "SOMETHING_NEW"


@pytest.mark.parametrize("code", ["SOMETHING_NEW", None, "", "x" * 100])
def test_what_nobody_knows_goes_to_support_and_is_not_tried_again(code: str | None) -> None:
    told = diagnose(code, language="zh")

    assert (told.code, told.who_can_mend) == (code or "UNKNOWN", "support")
    assert not told.safe_to_retry
    assert told.cause == cause_of(code).zh


def test_only_a_passing_cause_is_safe_to_try_again() -> None:
    safe = {code for code in OF_BANKS if diagnose(code, language="en").safe_to_retry}

    assert safe == {"LIMIT_EXCEEDED", "BANK_UNAVAILABLE"}
    assert diagnose("BANK_UNAVAILABLE", language="en").who_can_mend == "nobody"
