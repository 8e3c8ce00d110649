"""Telling a genuine statement file from one that somebody has changed or made up."""

from functions.statements.models import VerificationView
from functions.statements.records import StatementSum
from shared import clock


def verified(known: StatementSum | None) -> VerificationView:
    """known: what is remembered of the sum of the file, if anything."""
    if known is None:
        return VerificationView(genuine=False)
    return VerificationView(
        genuine=True,
        statement_file_id=known.file_id,
        user_id=known.user_id,
        merchant_id=known.merchant_id,
        from_=clock.text_of(known.from_ms),
        to=clock.text_of(known.to_ms),
        made_at=known.made_at,
    )
