"""What Amazon Connect invokes."""

from typing import Any

from chalice.app import Blueprint

from functions.support.hotline.line import answer
from shared.observability import flush

events = Blueprint(__name__)


@events.lambda_function(name="answer_hotline")
def on_hotline_step(event: dict[str, Any], context: Any) -> dict[str, str]:
    try:
        return answer(event)
    finally:
        flush()
