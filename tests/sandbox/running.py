"""The sandbox bank as a process of its own, and what its operator can see."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

# What the wallet of the tests has stored as its bank's secret.
CLIENT_ID = "u-wallet"
KEY = bytes.fromhex("ab" * 32)
PHONE = "+8613800138000"
HTTP = urllib3.PoolManager(retries=False, timeout=20)

ORDINARY = "6222021234500010008"
CREDIT = "6222021234500020007"
TIMES_OUT_EXECUTED = "6222021234500080001"
TIMES_OUT_LOST = "6222021234500090000"
REVERSED = "6222021234500120005"
UNAVAILABLE_TWICE = "6222021234500100007"
BINDING_FAILS = "6222021234500150002"


@dataclass(frozen=True)
class RunningBank:
    url: str
    process: subprocess.Popen[str]
    log: Path

    def operator(self, method: str, path: str, wish: object = None) -> Any:
        body = None if wish is None else json.dumps(wish).encode()
        answer = HTTP.request(method, f"{self.url}/_sandbox{path}", body=body)
        assert answer.status in (200, 204), answer.data
        return json.loads(answer.data) if answer.data else None

    def code_of(self, binding_id: str) -> str:
        return str(self.operator("GET", f"/codes/{binding_id}")["code"])

    def charges_of(self, reference: str) -> list[dict[str, Any]]:
        return self.orders_of("charges", reference)

    def orders_of(self, kinds: str, reference: object) -> list[dict[str, Any]]:
        """kinds: `charges`, `payouts` or `refunds`."""
        orders = self.operator("GET", f"/{kinds}")["items"]
        return [order for order in orders if order["reference"] == reference]

    def send_notifications_to(self, url: str) -> None:
        """url: what `/payouts` and `/charges` are added to."""
        self.operator("PUT", "/notify-url", {"url": url})

    def plan_notification_fault(self, fault: str, *, times: int = 1) -> None:
        self.operator("POST", "/notification-faults", {"fault": fault, "times": times})

    def plan_fault(self, fault: str, *, times: int = 1) -> None:
        self.operator("POST", "/faults", {"fault": fault, "times": times})

    def crash(self) -> None:
        self.process.kill()
        self.process.wait(timeout=10)


@contextmanager
def running_bank(state: Path, *options: str) -> Iterator[RunningBank]:
    """Starts the bank on a free port, with its books and its log in `state`."""
    command = [sys.executable, "-m", "infra.sandbox", "--port", "0", "--state", str(state)]
    command += ["--client-id", CLIENT_ID, "--key", KEY.hex(), *options]
    log = state / "log"
    state.mkdir(exist_ok=True)
    credentials = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    with (
        log.open("a") as errors,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, **credentials},
        ) as process,
    ):
        try:
            assert process.stdout is not None
            first_line = process.stdout.readline()
            assert first_line, log.read_text()
            yield RunningBank(url=json.loads(first_line)["url"], process=process, log=log)
        finally:
            process.terminate()
            process.wait(timeout=10)
