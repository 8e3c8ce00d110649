"""The ledger: double entry in integer minor units. Nothing else writes a balance.

Four verbs: `post` moves money now, `hold` reserves it, `settle` and `release` end a hold. `reverse`
is a post that points back. See `docs/ledger.md`.
"""

from shared.ledger.holding import expire, fee_transfer_id, hold, release, settle
from shared.ledger.posting import Movement, Posting, post, refuse, replay, reverse, transfer_id
from shared.ledger.sides import (
    FromMerchant,
    FromSystem,
    FromUser,
    Limit,
    Part,
    ToMerchant,
    ToSystem,
    ToUser,
)

__all__ = [
    "FromMerchant",
    "FromSystem",
    "FromUser",
    "Limit",
    "Movement",
    "Part",
    "Posting",
    "ToMerchant",
    "ToSystem",
    "ToUser",
    "expire",
    "fee_transfer_id",
    "hold",
    "post",
    "refuse",
    "release",
    "replay",
    "reverse",
    "settle",
    "transfer_id",
]
