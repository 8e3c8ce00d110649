"""Accounts of the ledger for tests that go below the edge: opened, given money, looked at."""

from shared.ledger import FromSystem, FromUser, Movement, Posting, ToMerchant, ToUser, hold, post
from shared.ledger.accounts import FUND, find_account, opening, opening_merchant
from shared.ledger.posting import find
from shared.ledger.records import Account, Transfer, account_key
from shared.ledger.sides import Side, shard_of
from shared.money import Money
from shared.secrets import keyed_hash
from shared.settings import settings
from shared.table import change, read, write

ANN, BOB, SHOP = "u_ann", "u_bob", "m_shop"
FAR_AWAY = 4_000_000_000  # seconds since 1970: an expiry that no test reaches


def open_users(*account_ids: str) -> None:
    write(*(opening(account_id, label=f"label of {account_id}") for account_id in account_ids))


def fund(account_id: str, amount: int) -> None:
    """Money from the fund; the house then lacks as much."""
    move(f"t_fund_{account_id}", amount, debit=FromSystem(FUND), credit=to(account_id))


def set_pay_password(account_id: str, pay_password: str) -> None:
    """What `identity` keeps of it."""
    proof = keyed_hash("pay_password", f"{account_id}:{pay_password}")
    assert change(account(account_id), [Account.proof.set(proof)], Account.pk.exists())


def open_shop(account_id: str, *, parts: list[int]) -> None:
    """Opens a merchant's account whose shards hold `parts`, by transfers that meet the shards."""
    write(*opening_merchant(account_id, label=f"label of {account_id}"))
    for shard, amount in enumerate(parts):
        if amount:
            name = id_in_shard(shard, start=f"t_part{shard}_")
            move(name, amount, debit=FromSystem(FUND), credit=ToMerchant(account_id))


def id_in_shard(shard: int, *, start: str) -> str:
    """A transfer id that a merchant's account with all its shards puts into this one."""
    count = settings().merchant_account_shards
    return next(
        name for number in range(10_000) if shard_of(name := f"{start}{number}", count) == shard
    )


def account(account_id: str) -> Account:
    found = find_account(account_id)
    assert found is not None, account_id
    return found


def transfer(transfer_id: str) -> Transfer:
    found = find(transfer_id)
    assert found is not None, transfer_id
    return found


def balances(account_id: str) -> tuple[int, int]:
    """What a user has: available, held."""
    found = account(account_id)
    return int(found.available), int(found.held)


def shards(account_id: str) -> list[int]:
    """What is available in each shard of a merchant's or the house's account that is there."""
    count = max(settings().merchant_account_shards, settings().system_account_shards)
    keys = [account_key(account_id, shard) for shard in range(count)]
    found = read(keys)
    return [int(one.available) for key in keys if (one := found.one(Account, key))]


def debit(account_id: str) -> FromUser:
    return FromUser(account(account_id))


def to(account_id: str) -> ToUser:
    return ToUser(account(account_id))


def wish(transfer_id: str, amount: int, *, fingerprint: str | None = "same") -> Movement:
    """What a request asks for; another fingerprint is another request."""
    return Movement(
        transfer_id=transfer_id,
        kind="transfer",
        amount=Money(amount=amount),
        fingerprint=fingerprint,
    )


def move(transfer_id: str, amount: int, *, debit: Side, credit: Side) -> Posting:
    return post(wish(transfer_id, amount), debit=debit, credit=credit)


def reserve(transfer_id: str, amount: int, *, expires_at: int = FAR_AWAY) -> Posting:
    """Ann's money, held for Bob."""
    return hold(wish(transfer_id, amount), debit=debit(ANN), credit=to(BOB), expires_at=expires_at)
