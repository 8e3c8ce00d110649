"""Statement files in tests: asked for through the edge, made as the queue has them made."""

import csv
import io
from typing import Any
from urllib.parse import unquote, urlsplit

from functions.statements.events import on_wishes
from shared.aws import client
from shared.settings import settings
from tests.people import Person

FROM = "2026-03-01T00:00:00Z"
FILES = "/v1/wallet/statement-files"


def ask(person: Person, *, language: str = "en", **body: Any) -> Any:
    headers = {"Accept-Language": language}
    answer = person.call("POST", FILES, {"from": FROM} | body, headers=headers)
    assert answer.status == 202, answer.text
    return answer.json


def waiting_messages() -> list[dict[str, Any]]:
    """Takes what waits in the queue, in the form in which Lambda hands it on."""
    sqs, queue = client("sqs"), settings().statement_queue
    taken = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    for message in taken:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return [
        {"body": message["Body"], "attributes": {"ApproximateReceiveCount": "1"}}
        for message in taken
    ]


def run_queue() -> int:
    """Makes all files that are waited for; how many messages there were."""
    messages = waiting_messages()
    for message in messages:
        on_wishes({"Records": [message]}, None)
    return len(messages)


def look(person: Person, file_id: str) -> Any:
    answer = person.call("GET", f"{FILES}/{file_id}")
    assert answer.status == 200, answer.text
    return answer.json


def content(shown: dict[str, Any]) -> bytes:
    """The file that a link leads to."""
    place = unquote(urlsplit(shown["url"]).path).lstrip("/").removeprefix("test-statements/")
    raw: bytes = client("s3").get_object(Bucket="test-statements", Key=place)["Body"].read()
    return raw


def made(person: Person, **body: Any) -> tuple[dict[str, Any], bytes]:
    """A file that was asked for and made: how it is shown, and what is in it."""
    wanted = ask(person, **body)
    assert run_queue() == 1
    shown = look(person, wanted["statement_file_id"])
    return shown, content(shown)


def rows(raw: bytes) -> list[list[str]]:
    """As a spreadsheet reads it."""
    return list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
