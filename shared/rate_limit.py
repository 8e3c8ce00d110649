"""How often something may be done: counters that many containers share, each under a condition.

All limits of an action are taken in one write, together with what the action records, or none is.

| record    | pk                      | sk                          |
|-----------|-------------------------|-----------------------------|
| Allowance | `RATE#<name>#<subject>` | the start of its window, or |
|           |                         | `LATEST` of an interval     |
"""

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, cast

from shared import clock
from shared.errors import Problem, Texts
from shared.observability import count
from shared.table import (
    Cancelled,
    DomainRecord,
    Found,
    IntegerAttribute,
    Key,
    Write,
    delete,
    update,
    write,
)

_IPV6_PREFIX = 64


class TooManyRequests(Problem):
    status = 429
    code = "TOO_MANY_REQUESTS"
    title = Texts("请求过于频繁", "Too many requests")
    detail = Texts(
        "请求过于频繁，请在 {seconds} 秒后重试。",
        "Too many requests. Try again in {seconds} seconds.",
    )

    def __init__(self, *, retry_after: int) -> None:
        super().__init__(retry_after=retry_after, seconds=retry_after)


class Allowance(DomainRecord):
    """`used`: how often in one window. `free_at`: when an interval has passed, seconds."""

    used = IntegerAttribute(null=True)
    free_at = IntegerAttribute(null=True)


class RateLimit(Protocol):
    """What can be taken, given back, and waited for. name: what is counted."""

    @property
    def name(self) -> str: ...

    def taking(self) -> Write:
        """Counts one more, unless that is one too many."""

    def giving_back(self) -> Write:
        """Undoes one `taking`."""

    def wait_seconds(self, standing: Allowance | None) -> int:
        """How long until `taking` can succeed again, after it failed on `standing`."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """At most `maximum` for a subject in each window of `seconds`; windows start at fixed times.

    subject: what is counted for. Never a phone in clear: it becomes part of a key.
    """

    name: str
    subject: str
    maximum: int
    seconds: int
    now: int = field(default_factory=clock.seconds)

    @property
    def key(self) -> Key:
        """Where it is counted how often it was taken."""
        allowance = self._allowance()
        return Key(Allowance, allowance.pk, allowance.sk)

    def check(self, found: Found) -> None:
        """Raises TooManyRequests when none is left, as `key` was found."""
        standing = found.one(Allowance, self.key)
        if standing is not None and (standing.used or 0) >= self.maximum:
            count("LimitsReached", limit=self.name)
            raise TooManyRequests(retry_after=self.wait_seconds(standing))

    def taking(self) -> Write:
        return update(
            self._allowance(),
            [Allowance.used.add(1), Allowance.ttl.set(self._end())],
            Allowance.used.does_not_exist() | (Allowance.used < self.maximum),
        )

    def giving_back(self) -> Write:
        """When the window is over and forgotten, this leaves a record that is forgotten as well."""
        undoing = [Allowance.used.add(-1), Allowance.ttl.set(self._end())]
        return update(
            self._allowance(), undoing, Allowance.used.does_not_exist() | (Allowance.used > 0)
        )

    def wait_seconds(self, standing: Allowance | None) -> int:
        return self._end() - self.now

    def _allowance(self) -> Allowance:
        return Allowance(f"RATE#{self.name}#{self.subject}", str(self._end() - self.seconds))

    def _end(self) -> int:
        return (self.now // self.seconds + 1) * self.seconds


@dataclass(frozen=True, kw_only=True)
class Interval:
    """At most one for a subject in any `seconds`."""

    name: str
    subject: str
    seconds: int
    now: int = field(default_factory=clock.seconds)

    def taking(self) -> Write:
        free_at = self.now + self.seconds
        return update(
            self._allowance(),
            [Allowance.free_at.set(free_at), Allowance.ttl.set(free_at)],
            Allowance.free_at.does_not_exist() | (Allowance.free_at <= self.now),
        )

    def giving_back(self) -> Write:
        return delete(self._allowance())

    def wait_seconds(self, standing: Allowance | None) -> int:
        return (standing.free_at or 0) - self.now if standing else 1

    def _allowance(self) -> Allowance:
        return Allowance(f"RATE#{self.name}#{self.subject}", "LATEST")


def take(
    limits: Sequence[RateLimit],
    *,
    together_with: Sequence[Write] = (),
    by: Callable[..., object] = write,
) -> None:
    """Counts one more against every limit and does `together_with`, or nothing at all.

    by: what writes them, where that is a part of something larger.
    Raises TooManyRequests with the longest wait. When it was a condition of `together_with` that
    failed, Cancelled passes through.
    """
    parts = [limit.taking() for limit in limits]
    try:
        by(*parts, *together_with)
    except Cancelled as cancelled:
        waits = []
        for limit, part in zip(limits, parts, strict=True):
            if cancelled.failed(part):
                count("LimitsReached", limit=limit.name)
                waits.append(limit.wait_seconds(cast("Allowance | None", cancelled.standing(part))))
        if not waits:
            raise
        raise TooManyRequests(retry_after=max(1, *waits)) from cancelled


def give_back(limits: Sequence[RateLimit], *, together_with: Sequence[Write] = ()) -> None:
    """Undoes one `take`, for what was counted but could not be done."""
    write(*(limit.giving_back() for limit in limits), *together_with)


def network_of(address: str) -> str:
    """Who an address is counted as: an IPv4 address, or the /64 that one IPv6 customer owns."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, _IPV6_PREFIX), strict=False))
