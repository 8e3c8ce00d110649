"""What an Amazon Connect flow asks: one step of a call, answered by a flat map of texts.

A flow can branch on texts and on nothing else, so a refusal is an answer: `outcome` says which. An
error that nobody has thought of passes through; the flow then hands the caller to a person.
"""

from collections.abc import Callable, Mapping
from typing import Any

from functions.identity.code_limits import CountryNotServed
from functions.identity.verification_code import CodeExpired, WrongCode
from functions.support.hotline import call
from functions.support.hotline.call import Caller, Said
from functions.support.hotline.texts import QUESTIONS, saying
from shared.errors import Problem, ServiceUnavailable
from shared.observability import count, logger
from shared.rate_limit import TooManyRequests

STEPS: dict[str, Callable[[Caller], Said]] = {
    "greet": call.greet,
    "send_code": call.send,
    "verify": call.verify,
    "ticket": call.ticket,
    "withdrawal": call.withdrawal,
    "call_back": call.call_back,
}
_OUTCOMES: dict[type[Problem], str] = {
    WrongCode: "wrong_code",
    CodeExpired: "code_expired",
    TooManyRequests: "too_many",
    CountryNotServed: "not_served",
    ServiceUnavailable: "unavailable",
}


def answer(event: Mapping[str, Any]) -> Said:
    """One step. Raises KeyError for what no flow sends."""
    details = event["Details"]
    contact, parameters = details["ContactData"], details["Parameters"]
    step = STEPS[parameters["do"]]
    language = "en" if parameters.get("language") == "en" else "zh"
    try:
        begun = call.begun(contact["ContactId"], _address(contact))
        said = step(Caller(begun, parameters, language))
    except Problem as problem:
        said = _refused(problem)
    _put_into_words(said, parameters["do"], language)
    logger.info("hotline_step", extra={"step": parameters["do"], "outcome": said["outcome"]})
    count("HotlineSteps", step=parameters["do"], outcome=said["outcome"])
    return said


def _put_into_words(said: Said, step: str, language: str) -> None:
    """What the flow says of it; with the first step, what it asks later."""
    if step == "greet":
        said |= {name: text.in_language(language, {}) for name, text in QUESTIONS.items()}
    if "say" not in said:
        said["say"] = saying(step, said["outcome"]).in_language(language, said)


def _address(contact: Mapping[str, Any]) -> str:
    """Of a call whose number is withheld there is none."""
    return str((contact.get("CustomerEndpoint") or {}).get("Address") or "")


def _refused(problem: Problem) -> Said:
    for kind, outcome in _OUTCOMES.items():
        if isinstance(problem, kind):
            values = {name: str(value) for name, value in problem.values.items()}
            return {**values, "outcome": outcome}
    raise problem
