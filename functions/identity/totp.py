"""Codes by time (TOTP, RFC 6238) with SHA-1, six digits, steps of 30 seconds and one step of drift
either way. A step is used once: whoever uses one keeps its number and takes later ones only (§5.2).
"""

import hmac

from shared import clock

STEP_SECONDS = 30
_DRIFT_STEPS = (0, -1, 1)
_ISSUER = "U Wallet"


def new_secret() -> str:
    """160 bits of chance in base32 (RFC 4226 §4 R6)."""
    import pyotp  # Only those who use a code pay for this import.

    return pyotp.random_base32()


def otpauth_uri(secret: str, name: str) -> str:
    """What an authenticator reads as a QR code. name: of the account, which the app shows."""
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=_ISSUER)


def matching_step(secret: str, code: str, *, after: int) -> int | None:
    """The step of time that a code is of; None unless there is one later than `after`."""
    import pyotp

    by_count = pyotp.HOTP(secret)
    present = clock.seconds() // STEP_SECONDS
    for drift in _DRIFT_STEPS:
        step = present + drift
        matches = hmac.compare_digest(by_count.at(step).encode(), code.encode())
        if matches and step > after:
            return step
    return None
