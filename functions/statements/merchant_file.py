"""Asking for the statement of a merchant's day as a file.

A day that has been over for an hour never changes, so its file is the same whenever it is made.
"""

from functions.statements.models import MerchantFileRequest, MerchantFileView
from functions.statements.records import WAITING, StatementFile, statement_file_key
from functions.statements.wish import made_part, wanted
from shared import clock
from shared.errors import NotFound, Texts
from shared.identifiers import derived_id
from shared.settings import settings
from shared.web.problems import InvalidField

_OVER_SECONDS = 3_600


def ask_for_day(
    merchant_id: str, request: MerchantFileRequest, *, language: str
) -> MerchantFileView:
    """Has a file made in the background, unless it is there already.

    Raises InvalidField, TooManyRequests, ServiceUnavailable.
    """
    day = request.day
    from_ms, to_ms = _bounds_ms(day)
    file_id = derived_id("sf", merchant_id, day, language)
    file = wanted(
        merchant_id,
        file_id,
        lambda: StatementFile(
            *statement_file_key(merchant_id, file_id)[1:],
            file_id=file_id,
            merchant_id=merchant_id,
            day=day,
            status=WAITING,
            format="csv",
            language=language,
            from_ms=from_ms,
            to_ms=to_ms,
            lines=0,
            ttl=clock.seconds() + settings().statement_sums_kept_seconds,
        ),
    )
    return merchant_file_view(file)


def merchant_file_view(file: StatementFile | None) -> MerchantFileView:
    """Raises NotFound."""
    if file is None or file.day is None:
        raise NotFound
    return MerchantFileView(**made_part(file), day=file.day)


def _bounds_ms(day: str) -> tuple[int, int]:
    try:
        begins, ends = clock.bounds_of_day(day)
    except ValueError as error:
        raise InvalidField(field="day", reason=Texts("不是日期", "is no day")) from error
    if clock.seconds() < ends + _OVER_SECONDS:
        reason = Texts("须已结束一小时以上", "must have been over for an hour")
        raise InvalidField(field="day", reason=reason)
    return begins * 1_000, ends * 1_000
