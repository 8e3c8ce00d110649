"""Phone numbers: E.164, whatever way they are typed."""

from functools import lru_cache

from shared.errors import Texts
from shared.secrets import keyed_digest
from shared.web.problems import InvalidField

_HOME_REGION = "CN"
_LENGTH_LIMIT = 40


@lru_cache(maxsize=128)  # A request asks twice: for what to read, and for what was found.
def normalised(typed: str, *, field: str = "phone") -> str:
    """`138 1234 5678` and `+86-138-1234-5678` as `+8613812345678`. Raises InvalidField."""
    import phonenumbers  # 20 ms that a request without a phone does not pay.

    try:
        if len(typed) > _LENGTH_LIMIT:
            raise ValueError
        number = phonenumbers.parse(typed, _HOME_REGION)
        if not phonenumbers.is_valid_number(number) or number.extension:
            raise ValueError
    except (phonenumbers.NumberParseException, ValueError) as error:
        reason = Texts("不是有效的手机号", "is not a valid phone number")
        raise InvalidField(field=field, reason=reason) from error
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def country(phone: str) -> str:
    """The country of a phone (E.164), as `CN`; empty for a number of none."""
    import phonenumbers

    return phonenumbers.region_code_for_number(phonenumbers.parse(phone)) or ""


def masked(phone: str) -> str:
    """`+86138****5678`: enough to recognise one's friend by, not enough to call."""
    return f"{phone[:-8]}****{phone[-4:]}" if len(phone) >= 12 else f"{phone[:3]}****{phone[-3:]}"


def lookup_digest(phone: str) -> bytes:
    """What a phone is found by: 32 bytes, meaningless without the key."""
    return keyed_digest("phone", phone)
