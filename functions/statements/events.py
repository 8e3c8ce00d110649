"""What the queue of wanted statement files starts."""

import json
from typing import Any

from chalice.app import Blueprint

from functions.statements.making import give_up, make
from shared.observability import flush
from shared.settings import settings

events = Blueprint(__name__)


@events.lambda_function(name="make_statement_files")
def on_wishes(event: Any, context: Any) -> None:
    """One message at a time: one that fails comes again, and at last goes to the dead letters."""
    for message in event["Records"]:
        wish = json.loads(message["body"])
        try:
            make(**wish)
        except Exception:
            received = int(message["attributes"]["ApproximateReceiveCount"])
            if received >= settings().statement_file_tries:
                give_up(**wish)
            raise
        finally:
            flush()
