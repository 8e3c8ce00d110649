"""How long an answer takes tells nobody whether a phone is registered."""

import statistics
import time

from tests.clock import TestClock
from tests.functions.identity.asking import OTHER_PHONE, PHONE, sign_in
from tests.people import register

ROUNDS = 100


def test_known_and_unknown_phones_take_the_same_time_over_200_calls(
    test_clock: TestClock,
) -> None:
    """In turns, so that whatever else the machine does falls on both. That both hash alike, and
    make the same calls, is tested elsewhere: here a password costs little to hash, and so what is
    left shows.
    """
    register(PHONE, pay_password=False)
    taken: dict[str, list[float]] = {PHONE: [], OTHER_PHONE: []}
    for number in range(2 * ROUNDS):
        test_clock.move(hours=2)
        phone = (PHONE, OTHER_PHONE)[number % 2]
        start = time.perf_counter()
        answer = sign_in(phone, "not the password")
        taken[phone].append(time.perf_counter() - start)
        assert answer.status == 401

    known, unknown = (_quarter(times) for times in taken.values())
    assert abs(known - unknown) < 0.2 * known, (known, unknown)


def _quarter(times: list[float]) -> float:
    """The quicker quarter ends here: less of it than of the middle is the machine's noise."""
    return statistics.quantiles(times, n=4)[0]
