"""Limits that many containers share: counted together or not at all."""

import pytest

from shared.rate_limit import Interval, TooManyRequests, Window, give_back, network_of, take
from tests.clock import TestClock

pytestmark = pytest.mark.usefixtures("cloud")


def window(subject: str = "somebody") -> Window:
    return Window(name="test", subject=subject, maximum=2, seconds=100)


def interval() -> Interval:
    return Interval(name="test", subject="somebody", seconds=30)


def test_a_window_takes_its_maximum_and_then_names_the_wait(test_clock: TestClock) -> None:
    test_clock.move(seconds=40)
    take([window()])
    take([window()])
    with pytest.raises(TooManyRequests) as refused:
        take([window()])

    assert refused.value.retry_after == 60
    test_clock.move(seconds=60)
    take([window()])


def test_subjects_are_counted_apart() -> None:
    take([window("one")])
    take([window("one")])
    take([window("other")])


def test_an_interval_takes_one_and_then_names_the_wait(test_clock: TestClock) -> None:
    take([interval()])
    test_clock.move(seconds=29)
    with pytest.raises(TooManyRequests) as refused:
        take([interval()])

    assert refused.value.retry_after == 1
    test_clock.move(seconds=1)
    take([interval()])


@pytest.mark.usefixtures("test_clock")
def test_what_one_limit_refuses_counts_against_none() -> None:
    take([interval(), window()])
    for _ in range(3):
        with pytest.raises(TooManyRequests):
            take([interval(), window()])

    take([window()])
    with pytest.raises(TooManyRequests):
        take([window()])


@pytest.mark.usefixtures("test_clock")
def test_the_longest_wait_is_named() -> None:
    take([interval(), window()])
    take([window()])
    with pytest.raises(TooManyRequests) as refused:
        take([interval(), window()])

    assert refused.value.retry_after == 100


@pytest.mark.usefixtures("test_clock")
def test_what_is_given_back_can_be_taken_again() -> None:
    for _ in range(5):
        take([interval(), window()])
        give_back([interval(), window()])


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("", "unknown"),
        ("not an address", "unknown"),
    ],
)
def test_a_customer_of_ipv6_is_a_network(address: str, network: str) -> None:
    assert network_of(address) == network
