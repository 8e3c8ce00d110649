"""Measures every line of the budget, shows it, and writes `build/bench.json`.

Ends with 1 when a line is outside its budget.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import msgspec
from rich.console import Console
from rich.table import Table

from infra.bench.requests import LONG_STATEMENT, SHORT_STATEMENT, Requests
from infra.bench.start import Start, measured_start, unpacked
from infra.bench.stub import running_stub
from infra.package import BUILD, PROJECT

ROUNDS = 25


class Line(NamedTuple):
    """A line of the budget: what it may be at most, now and next, and how it is measured."""

    key: str
    at_most: float
    method: str
    next_at_most: float | None = None


BUDGET = (
    Line(
        "transfer_round_trips", 2,
        "calls that the stub counts, keys fetched before; most of payee by phone, by id, long note",
    ),
    Line(
        "transfer_wcu", 10,
        "2 for each started KB of each item of the captured write, as it is then; most of those",
    ),
    Line(
        "replay_calls_ratio", 1.0,
        "the same request again, the stub holding what the first one left; most of those",
    ),
    Line(
        "payment_round_trips", 2,
        "as those of a transfer; an order with a fee and an address; least: one read, one write",
    ),
    Line(
        "payment_wcu", 16,
        "least: a transfer's 10, and 2 each for the fee, the order and the event",
    ),
    Line(
        "charge_round_trips", 4,
        "a small one at a till; least: code and merchant, nonce, payer and session, write",
    ),
    Line(
        "charge_wcu", 20,
        "least: a payment's 16, and 2 each for the code that is used up and the signature's nonce",
    ),
    Line(
        "transfer_cpu_ratio", 1.5,
        f"CPU of whole requests / of a bare boto3 client's same write, {ROUNDS} rounds in turn",
        next_at_most=1.0,
    ),
    Line(
        "import_ratio", 2.0,
        f"CPU in new interpreters that see only the unpacked zip, medians of {ROUNDS} rounds",
        next_at_most=1.5,
    ),
    Line("pyc_ratio", 1.05, "that of `import app` / the same with what .pyc the zip lacks added"),
    Line("zip_mb", 12, "size of build/deployment.zip in 10^6 bytes"),
    Line(
        "statement_ratio", 1.2,
        f"{LONG_STATEMENT:,} / {SHORT_STATEMENT} entries, medians in turn; a stub that bisects: "
        "MiniStack sorts all",
    ),
)  # fmt: skip


def main() -> int:
    archive = BUILD / "deployment.zip"
    with unpacked(archive) as code:
        requests = _measured_requests(code)
        start = measured_start(code, rounds=ROUNDS)
    values = _values(requests, start, archive.stat().st_size)
    details = {"requests": msgspec.to_builtins(requests), "start": start._asdict()}
    written = json.dumps({**values, "details": details}, ensure_ascii=False, indent=2)
    (BUILD / "bench.json").write_text(written + "\n")
    _show(values)
    return int(any(values[line.key] > line.at_most for line in BUDGET))


def _measured_requests(code: Path) -> Requests:
    """In a process whose app and libraries are those of the package; only the bench is ours."""
    seed = subprocess.run(
        [sys.executable, "-m", "infra.bench.seed"], cwd=PROJECT, check=True, stdout=subprocess.PIPE
    )
    with running_stub() as url:
        measured = subprocess.run(
            [sys.executable, *"-S -B -P -m infra.bench.requests".split(), url, str(ROUNDS)],
            input=seed.stdout.splitlines()[-1],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{code}:{PROJECT}"},
            check=True,
            stdout=subprocess.PIPE,
        )
    return msgspec.json.decode(measured.stdout, type=Requests)


def _values(requests: Requests, start: Start, zip_bytes: int) -> dict[str, float]:
    transfers = requests.transfers.values()
    return {
        "transfer_round_trips": max(each.first.total for each in transfers),
        "transfer_wcu": max(each.write_units for each in transfers),
        "payment_round_trips": requests.payment.first.total,
        "payment_wcu": requests.payment.write_units,
        "charge_round_trips": requests.charge.first.total,
        "charge_wcu": requests.charge.write_units,
        "replay_calls_ratio": max(
            each.replay.total / each.first.total
            for each in (*transfers, requests.payment, requests.charge)
        ),
        "transfer_cpu_ratio": round(requests.cpu.ratio, 3),
        "import_ratio": round(start.app_ms / start.botocore_session_ms, 3),
        "pyc_ratio": round(start.app_ms / start.app_all_pyc_ms, 3),
        "zip_mb": round(zip_bytes / 1e6, 3),
        "statement_ratio": round(requests.statement.ratio, 3),
    }


def _show(values: dict[str, float]) -> None:
    table = Table("", "value", "at most", "", "how it is measured", title="Budget")
    for line in BUDGET:
        inside = values[line.key] <= line.at_most
        limit = f"{line.at_most:g}"
        if line.next_at_most is not None:
            limit += f" (next {line.next_at_most:g})"
        verdict = "[green]inside" if inside else "[red]outside"
        table.add_row(line.key, f"{values[line.key]:g}", limit, verdict, line.method)
    Console(width=None if sys.stdout.isatty() else 150).print(table)


if __name__ == "__main__":
    sys.exit(main())
