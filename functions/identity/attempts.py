"""How often an address may try to prove that it is somebody.

A lock protects one account from many guesses; it does not protect many accounts from one guess
each. So who is not signed in is counted by address, before anything is looked at or a password is
hashed, for known and unknown phones alike. A proof that was right is given back: many people may
come from one address, and nearly all of them are right.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from shared.errors import ServiceUnavailable
from shared.rate_limit import Window, give_back, network_of, take
from shared.settings import settings
from shared.table import Cancelled

_HOUR_SECONDS = 3_600


@contextmanager
def attempt(address: str) -> Iterator[None]:
    """Counts what is done inside as an attempt, unless it succeeds. Raises TooManyRequests."""
    attempts = Window(
        name="attempts_per_address",
        subject=network_of(address),
        maximum=settings().attempts_per_address_per_hour,
        seconds=_HOUR_SECONDS,
    )
    take([attempts])
    yield
    # It has succeeded, and one attempt too many in the count is no reason to say otherwise.
    with suppress(Cancelled, ServiceUnavailable):
        give_back([attempts])
