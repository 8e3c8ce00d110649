"""The authenticator of a person, as far as tests need one, and the requests around it."""

from dataclasses import dataclass
from typing import Any

import pyotp

from shared import clock
from tests.edge import Answer, call
from tests.people import PASSWORD, Person

TWO_FACTOR = "/v1/me/two-factor"
TOTP = f"{TWO_FACTOR}/totp"


@dataclass
class Authenticator:
    """The app that shows codes. recovery_codes: what its owner wrote down."""

    secret: str
    recovery_codes: list[str]

    def code(self, *, steps: int = 0) -> str:
        """The code of now, or of some steps of 30 seconds later."""
        return pyotp.TOTP(self.secret).at(clock.seconds() + 30 * steps)


def begin(person: Person) -> Answer:
    return person.call("POST", TOTP, {"password": PASSWORD})


def confirm(person: Person, code: str) -> Answer:
    return person.call("POST", f"{TOTP}/confirm", {"code": code})


def turn_on(person: Person) -> Authenticator:
    """Two-factor with the code of the step before, so that those of now and later are unused."""
    begun = begin(person)
    assert begun.status == 201, begun.text
    made = Authenticator(begun.json["secret"], [])
    confirmed = confirm(person, made.code(steps=-1))
    assert confirmed.status == 200, confirmed.text
    made.recovery_codes = confirmed.json["recovery_codes"]
    return made


def totp(code: str) -> dict[str, str]:
    return {"method": "totp", "code": code}


def recovery(code: str) -> dict[str, str]:
    return {"method": "recovery", "code": code}


def full_proof(factor: dict[str, str] | None, **more: object) -> dict[str, Any]:
    return {"password": PASSWORD, "second_factor": factor} | more


def answer(challenge_id: str, given: dict[str, str], **more: Any) -> Answer:
    """The second step of a sign-in."""
    return call("POST", f"/v1/sessions/challenges/{challenge_id}", given, **more)
