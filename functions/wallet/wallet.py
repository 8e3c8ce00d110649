"""What a user has, and how much of it may still be moved today."""

from functions.identity.origin import Seen
from functions.wallet.limits import (
    on_device,
    payment_day_limit,
    top_up_day_limit,
    transfer_day_limit,
    withdrawal_day_limit,
)
from functions.wallet.models import LimitsView, LimitView, WalletView
from shared import clock
from shared.errors import NotFound
from shared.ledger import Limit
from shared.ledger.records import Account
from shared.settings import settings


def wallet(account: Account | None, seen: Seen) -> WalletView:
    """An account as its owner sees it, with the limits of the device that asks. Raises NotFound."""
    if account is None:
        raise NotFound
    return WalletView(
        available=account.available,
        held=account.held,
        currency="CNY",
        status=account.status,  # type: ignore[arg-type]  # written from the ledger's three words
        limits=LimitsView(
            transfer=_view(
                account, on_device(transfer_day_limit(), seen), settings().transfer_limit_minor
            ),
            top_up=_view(account, top_up_day_limit(), settings().top_up_limit_minor),
            withdrawal=_view(
                account, on_device(withdrawal_day_limit(), seen), settings().withdrawal_limit_minor
            ),
            payment=_view(
                account, on_device(payment_day_limit(), seen), settings().payment_limit_minor
            ),
        ),
    )


def _view(account: Account, limit: Limit, per_transaction: int) -> LimitView:
    used = limit.used_by(account)
    return LimitView(
        per_transaction=min(per_transaction, limit.maximum),
        per_day=limit.maximum,
        used=used,
        remaining=max(0, limit.maximum - used),
        resets_at=clock.text_of(clock.next_local_midnight_seconds() * 1000),
    )
