"""What the queues of mail start: one for what comes in, one for what becomes of what went out."""

import json
from collections.abc import Callable
from typing import Any

from chalice.app import Blueprint, Rate

from functions.support.mail.feedback import hear
from functions.support.mail.intake import take_in
from functions.support.mail.releasing import release_waiting
from shared.observability import flush

events = Blueprint(__name__)
# What SES says once, when the operator connects it with the topic.
_GREETINGS = ("Successfully validated SNS topic",)
_GREETING_TYPE = "AmazonSnsSubscriptionSucceeded"


@events.lambda_function(name="take_in_mail")
def on_mail(event: Any, context: Any) -> None:
    """One mail at a time: one that fails comes again, and at last goes to the dead letters."""
    _each(event, take_in)


@events.lambda_function(name="hear_of_mail")
def on_feedback(event: Any, context: Any) -> None:
    """In the same way, what SES tells of mails that went out."""
    _each(event, hear)


@events.schedule(Rate(1, unit=Rate.MINUTES), name="release_mails")
def on_releases_schedule(event: Any) -> dict[str, int]:
    return {"released": release_waiting()}


def _each(event: Any, handle: Callable[[Any], None]) -> None:
    try:
        for record in event["Records"]:
            text = json.loads(record["body"])["Message"]
            if text.startswith(_GREETINGS):
                continue
            told = json.loads(text)
            if told.get("notificationType") != _GREETING_TYPE:
                handle(told)
    finally:
        flush()
