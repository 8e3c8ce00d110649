"""The comparison with the bank on the running stack: by its function, and of what was just done."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import urllib3

from infra.package import PROJECT
from infra.stack import Stack
from tests.e2e.conftest import CARD, new_agent, somebody
from tests.e2e.test_withdrawals import begin
from tests.functions.scheduled import TICK

PATH = "/v1/agent/reconciliations"
REVERSED = "6222021234500120005"
# The code of the function, as it will run tomorrow.
TOMORROW = """
import json, time
from shared import clock
clock.set_source(lambda: time.time() + 86_400)
from functions.reconciliation.reconciliation import reconcile_next
record = reconcile_next("e2e")
print(json.dumps([record.day, record.status]))
"""


def by_function(stack: Stack) -> Any:
    """What the deployed function says to a tick of its schedule."""
    answer = stack.place.client("lambda").invoke(
        FunctionName=stack.outputs["ReconcileWithBank"], Payload=json.dumps(TICK).encode()
    )
    return json.loads(answer["Payload"].read())


def tomorrow(stack: Stack) -> tuple[str, str]:
    outputs, addresses = stack.outputs, stack.addresses
    done = subprocess.run(
        [sys.executable, "-c", TOMORROW],
        cwd=PROJECT,
        check=True,
        stdout=subprocess.PIPE,
        env={
            "PATH": os.environ["PATH"],
            "AWS_ENDPOINT_URL": addresses.aws_endpoint_url,
            "AWS_DEFAULT_REGION": addresses.aws_region,
            "AWS_ACCESS_KEY_ID": str(stack.place.access_key),
            "AWS_SECRET_ACCESS_KEY": str(stack.place.access_key),
            "LEDGER_TABLE": outputs["LedgerTable"],
            "RECORDS_TABLE": outputs["RecordsTable"],
            "KEYS_SECRET": outputs["KeysSecret"],
            "BANK_SECRET": outputs["BankSecret"],
            "SETTLEMENT_BUCKET": outputs["SettlementBucket"],
            "BANK_URL": addresses.sandbox_url,
        },
    )
    day, status = json.loads(done.stdout.splitlines()[-1])
    return day, status


@contextmanager
def mistaken(stack: Stack, mistake: dict[str, object]) -> Iterator[None]:
    """The bank's file has a mistake, until the block ends."""
    url = f"{stack.addresses.sandbox_url}/_sandbox/settlement-mistakes"
    assert urllib3.request("POST", url, json=mistake, retries=False, timeout=10).status == 204
    try:
        yield
    finally:
        urllib3.request("DELETE", url, retries=False, timeout=10)


def test_day_is_compared_and_shown_to_finance(stack: Stack) -> None:
    app = somebody(stack.addresses, funds=200_000)
    card = app.must(200, "GET", "/v1/cards")["items"][0]["card_id"]
    charged, wrong = (app.top_up(card, amount).json["top_up_id"] for amount in (1_250, 700))
    paid = begin(app, CARD, card, 500)
    returned = begin(app, REVERSED, app.bind_card(REVERSED)["card_id"], 600)
    right = (charged, paid.withdrawal_id, returned.withdrawal_id)
    for one in (paid, returned):
        one.ended()
    yesterday = by_function(stack)
    assert yesterday["status"] == "done", yesterday
    assert by_function(stack) == {"day": None, "status": None}
    changed = {"mistake": "changed", "kind": "charge", "reference": wrong, "amount": 701}
    with mistaken(stack, changed):
        day, status = tomorrow(stack)
    assert status == "done"

    console = new_agent(stack, "finance")
    days = console.must(200, "GET", PATH)["items"]
    assert [one["day"] for one in days] == [day, yesterday["day"]]
    assert days[0]["counts"]["matched"] >= 4  # the returned one is two of them
    shown = console.must(200, "GET", f"{PATH}/{day}")
    sheet = urllib3.request("GET", shown["report_url"], retries=False, timeout=10)
    assert sheet.status == 200, sheet.data
    lines = sheet.data.decode().splitlines()
    assert not [line for line in lines if any(reference in line for reference in right)]
    (found,) = (line.split(",") for line in lines if wrong in line)
    assert (found[1], found[5], found[6]) == ("changed", "700", "701")
