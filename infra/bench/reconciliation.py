"""Measures the comparison of a long day: `python -m infra.bench.reconciliation`.

The code is that of the function, from the file in S3 to the report there. What it asks lies in a
process beside it that answers at once, so this is what the function itself costs: to the seconds
add those that the pages of the books and the file are on their way.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from infra.bench.long_day import DAY
from infra.package import PROJECT

LINES = 1_000_000
# What .chalice/config.json gives the function.
FUNCTION_SECONDS, FUNCTION_MB = 900, 2_048


class Cost(NamedTuple):
    """found: differences and what waits for the next day."""

    lines: int
    found: int
    seconds: float
    cpu_seconds: float
    peak_mb: float


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m infra.bench.reconciliation", description=__doc__
    )
    parser.add_argument("--lines", type=int, default=LINES)
    parser.add_argument("--of", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.of:
        sys.stdout.write(json.dumps(_cost()))
        return
    small, large = (measured(lines) for lines in (asked.lines // 10, asked.lines))
    table = Table(
        "lines", "found", "seconds", "CPU seconds", "peak MB", "of its time", "of its memory"
    )
    for cost in (small, large):
        table.add_row(
            f"{cost.lines:,}",
            str(cost.found),
            f"{cost.seconds:.1f}",
            f"{cost.cpu_seconds:.1f}",
            f"{cost.peak_mb:.0f}",
            f"{cost.seconds / FUNCTION_SECONDS:.3f}",
            f"{cost.peak_mb / FUNCTION_MB:.3f}",
        )
    Console(width=120).print(table)


def measured(lines: int) -> Cost:
    """What a day with so many lines costs."""
    with subprocess.Popen(
        [sys.executable, "-m", "infra.bench.long_day", str(lines)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    ) as day:
        url = day.stdout.readline().strip() if day.stdout else ""
        try:
            done = subprocess.run(
                [sys.executable, "-m", "infra.bench.reconciliation", "--of", url],
                cwd=PROJECT,
                env={
                    "PATH": os.environ["PATH"],
                    "AWS_ENDPOINT_URL": url,
                    "AWS_DEFAULT_REGION": "ap-southeast-1",
                    "AWS_ACCESS_KEY_ID": "bench",
                    "AWS_SECRET_ACCESS_KEY": "bench",
                },
                check=True,
                stdout=subprocess.PIPE,
            )
        finally:
            day.terminate()
    return Cost(*json.loads(done.stdout))


def _cost() -> Cost:
    """Of this process, which has done nothing else."""
    from functions.reconciliation.comparison import compare
    from functions.reconciliation.report import write_report
    from functions.reconciliation.settlement_file import lines_of
    from functions.reconciliation.verdict import Verdicts

    begun, begun_cpu = time.perf_counter(), time.process_time()
    compared = compare(DAY, lines_of("files/day.csv", DAY), [])
    verdicts = Verdicts(compared.findings, 0)
    report = write_report(DAY, file_key="files/day.csv", compared=compared, verdicts=verdicts)
    return Cost(
        lines=report.totals.lines,
        found=len(compared.findings),
        seconds=time.perf_counter() - begun,
        cpu_seconds=time.process_time() - begun_cpu,
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024,
    )


if __name__ == "__main__":
    main()
