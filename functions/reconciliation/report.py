"""The report of a day in S3: a sheet of all findings, and a summary.

Written again, both are the same to the last byte.
"""

from collections import Counter

import msgspec

from functions.reconciliation.comparison import Comparison, Totals
from functions.reconciliation.findings import DIFFERENCES, ENDED, Finding, from_csv, to_csv
from functions.reconciliation.verdict import Verdicts
from shared.aws import client
from shared.settings import settings


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a day came to. new: of each kind of difference, how many count for the first time.

    open: of each standing, how many findings go on after this day. withheld: how many of these were
    not looked into, for there were too many.
    """

    day: str
    file_key: str
    totals: Totals
    new: dict[str, int]
    open: dict[str, int]
    withheld: int

    @property
    def counts(self) -> dict[str, int]:
        """In short: lines and matched ones, all new differences and their amount, all open."""
        return {
            "lines": self.totals.lines,
            "matched": self.totals.matched,
            **{what: self.new.get(what, 0) for what in DIFFERENCES},
            "difference": self.totals.difference,
            "open": sum(self.open.values()),
        }


def report_key(day: str) -> str:
    return f"reports/{day}/findings.csv"


def summary_key(day: str) -> str:
    return f"reports/{day}/summary.json"


def write_report(day: str, *, file_key: str, compared: Comparison, verdicts: Verdicts) -> Report:
    """Writes what the comparison has found, as it stands after it was looked into."""
    findings = verdicts.findings
    report = Report(
        day=day,
        file_key=file_key,
        totals=compared.totals,
        new=dict(sorted(Counter(one.what for one in compared.new).items())),
        open=dict(sorted(Counter(one.standing for one in _going_on(findings)).items())),
        withheld=verdicts.withheld,
    )
    _put(report_key(day), to_csv(findings), "text/csv; charset=utf-8")
    _put(summary_key(day), msgspec.json.encode(report), "application/json")
    return report


def left_by(day: str) -> list[Finding]:
    """What the report of a day leaves to the next."""
    stored = client("s3").get_object(Bucket=settings().settlement_bucket, Key=report_key(day))
    return _going_on(from_csv(stored["Body"].read()))


def address_of(key: str) -> str:
    """Where a report can be read for some minutes by whoever has this address."""
    address: str = client("s3").generate_presigned_url(
        "get_object",
        Params={"Bucket": settings().settlement_bucket, "Key": key},
        ExpiresIn=settings().report_address_seconds,
    )
    return address


def _going_on(findings: list[Finding]) -> list[Finding]:
    return [one for one in findings if one.standing not in ENDED]


def _put(key: str, content: bytes, content_type: str) -> None:
    client("s3").put_object(
        Bucket=settings().settlement_bucket, Key=key, Body=content, ContentType=content_type
    )
