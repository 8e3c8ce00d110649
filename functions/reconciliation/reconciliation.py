"""The daily comparison of the bank's file with our books.

Days are done in their order, one at each run, and each begins with what the day before has left. A
run that dies leaves nothing that the next one would not write again in the same way: the report
follows from the file, from the books and from the report before it, and is proposed from once.
"""

from datetime import date, timedelta

from functions.agents.actor import system
from functions.reconciliation.comparison import TooManyDifferences, compare
from functions.reconciliation.records import (
    DONE,
    REFUSED,
    WAITING,
    Reconciliation,
    reconciliation_key,
)
from functions.reconciliation.report import Report, left_by, report_key, write_report
from functions.reconciliation.settlement_file import FileNotThere, FileRefused, fetch, lines_of
from functions.reconciliation.verdict import look_into
from functions.support.cases import RECONCILIATION_MISMATCH, open_case
from shared import clock
from shared.observability import count, flush, logger, measure_amount
from shared.settings import settings
from shared.table import put, write


def reconcile_next(request_id: str) -> Reconciliation | None:
    """Compares the next day whose file can be there, and gives its record as it stands then.

    None when no day is due.
    """
    record = _next()
    if _seconds_since(record.day) < settings().reconciliation_starts_seconds:
        return None
    try:
        if not record.file_key:
            record.file_key = fetch(record.day, number=record.fetches + 1)
            record.fetches += 1
            _keep(record, WAITING)
        report = _compared(record, request_id)
    except FileNotThere as missing:
        return _wait(record, str(missing))
    except FileRefused as refused:
        return _refuse(record, refused.why)
    except TooManyDifferences:
        return _refuse(record, "TOO_MANY_DIFFERENCES")
    # Before the record says that it is done: rather told twice than not at all.
    _tell(report)
    record.report_key, record.counts = report_key(record.day), report.counts
    record.done_at = clock.now_text()
    return _keep(record, DONE)


def _next() -> Reconciliation:
    """The first day that is not done; at the very first, yesterday."""
    key = reconciliation_key("")
    newest = Reconciliation.query(key.pk, consistent_read=True, scan_index_forward=False, limit=1)
    latest = next(iter(newest), None)
    if latest is None:
        return _new(_shifted(clock.local_day(), -1), follows=None)
    if latest.status == DONE:
        return _new(_shifted(latest.day, 1), follows=latest.day)
    return latest


def _new(day: str, *, follows: str | None) -> Reconciliation:
    key = reconciliation_key(day)
    return Reconciliation(key.pk, key.sk, day=day, status=WAITING, follows=follows)


def _compared(record: Reconciliation, request_id: str) -> Report:
    left = left_by(record.follows) if record.follows else []
    compared = compare(record.day, lines_of(record.file_key, record.day), left)
    verdicts = look_into(compared.findings, day=record.day, by=system(request_id))
    return write_report(record.day, file_key=record.file_key, compared=compared, verdicts=verdicts)


def _wait(record: Reconciliation, why: str) -> Reconciliation:
    """The bank is asked again at the next run; after some time people must know."""
    late = _seconds_since(record.day) >= settings().settlement_file_late_seconds
    logger.warning("settlement_file_missing", extra={"day": record.day, "why": why, "late": late})
    count("SettlementFilesLate", int(late))
    flush()
    record.why = why
    return _keep(record, WAITING)


def _refuse(record: Reconciliation, why: str) -> Reconciliation:
    """Nothing of it counts. It is fetched anew at the next run, for the bank may have mended it."""
    logger.error("settlement_file_refused", extra={"day": record.day, "why": why})
    count("SettlementFilesRefused")
    flush()
    record.why, record.file_key = why, None
    return _keep(record, REFUSED)


def _keep(record: Reconciliation, status: str) -> Reconciliation:
    """Writes the record, unless another run has finished the day meanwhile: then it raises."""
    record.status = status
    unfinished = Reconciliation.pk.does_not_exist() | (Reconciliation.status != DONE)
    write(put(record, unfinished))
    return record


def _tell(report: Report) -> None:
    differences = sum(report.new.values())
    logger.info("reconciled", extra={"day": report.day, **report.counts})
    count("ReconciliationMatched", report.totals.matched)
    if differences:
        facts = {"differences": differences, **report.new}
        open_case(RECONCILIATION_MISMATCH, about=report.day, facts=facts)
    for what, number in report.new.items():
        count("ReconciliationFound", number, what=what)
    count("ReconciliationDifferences", differences)
    measure_amount("ReconciliationDifferenceAmount", report.totals.difference)
    count("ReconciliationWithheld", report.withheld)
    flush()


def _seconds_since(day: str) -> int:
    """How long a day is over."""
    return clock.seconds() - clock.bounds_of_day(day)[1]


def _shifted(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
