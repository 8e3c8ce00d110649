"""What a merchant pays the house for being paid."""

from functions.payments.records import Merchant
from shared.settings import settings

_WHOLE = 10_000  # basis points


def basis_points_of(merchant: Merchant) -> int:
    """Its own, where that was agreed on; else the configured ones."""
    own = merchant.fee_basis_points
    return settings().merchant_fee_basis_points if own is None else own


def fee_for(amount: int, basis_points: int) -> int:
    """The fee for so many minor units, rounded half up."""
    return (amount * basis_points + _WHOLE // 2) // _WHOLE
