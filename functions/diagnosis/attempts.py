"""Refused requests to move money: kept for 90 days, so that their user and support can see them.

What is done costs nothing for it: only a refusal writes, once for each request and reason, so many
times a day for each user. A wrong pay password is written down in the write that counts it, for
which no more time is taken, and whose number is bounded by the lock.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import msgspec

from functions.diagnosis.models import FailedAttemptsView, FailedAttemptView, Kind
from functions.diagnosis.records import (
    MADE_PREFIX,
    AttemptPlace,
    FailedAttempt,
    attempt_place_key,
    failed_attempt_key,
)
from shared import clock
from shared.diagnosis import Diagnosis, explain, facts_of, of_refusal
from shared.errors import IdempotencyKeyInUse, IdempotencyKeyReused, Problem
from shared.identifiers import derived_id, new_id
from shared.observability import count
from shared.rate_limit import TooManyRequests, Window, take
from shared.settings import settings
from shared.table import Cancelled, Key, Write, put, read
from shared.web.listing import newest_first
from shared.web.operation import Call
from shared.web.pages import PageQuery

__all__ = [
    "Asked",
    "FailedAttempt",
    "Refusals",
    "attempts_of",
    "diagnosis_of",
    "failed_attempts",
    "listed",
    "view",
]

_DAY_SECONDS = 86_400
# How many refusals of one request are looked at: of one key, with a password that was mistyped.
_OF_ONE_LIMIT = 20
_NOT_KEPT = (IdempotencyKeyInUse, IdempotencyKeyReused)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a request asked for. object_id, transfer_id, amount, about: as in a `FailedAttempt`."""

    object_id: str
    transfer_id: str
    amount: int | None
    about: Mapping[str, str] = field(default_factory=dict)


class Refusals:
    """The refusals of one kind of request. asked: what a request asks for, from what it has read;
    of its problem it learns how far the request got.
    """

    def __init__(self, kind: Kind, asked: Callable[[Call[Any], Problem], Asked]) -> None:
        self._kind, self._asked = kind, asked

    def explain(self, call: Call[Any], problem: Problem) -> Mapping[str, Any] | None:
        """What the field `diagnosis` of a refusal says, after it was written down.

        Raises ServiceUnavailable when it could not be.
        """
        if problem.status in (400, 401) or isinstance(problem, _NOT_KEPT):
            return problem.diagnosis
        diagnosis = msgspec.to_builtins(explain(problem, language=call.language))
        explained = {**(problem.diagnosis or {}), **diagnosis}
        if not call.idempotency_key or call.body is None:
            return explained
        asked = self._asked(call, problem)
        if not problem.noted and _is_decided(problem):
            _keep(self._attempt(call, asked, problem))
        return {**explained, "about": {"kind": self._kind, "id": asked.object_id}}

    def noting(self, call: Call[Any]) -> Callable[[Problem], list[Write]]:
        """What writes a wrong pay password down, together with what counts it."""

        def note(problem: Problem) -> list[Write]:
            # Each guess is one of its own, also under the same key.
            attempt = self._attempt(call, self._asked(call, problem), problem, new_id("fa"))
            return [put(attempt), put(_place(attempt))]

        return note

    def _attempt(
        self, call: Call[Any], asked: Asked, problem: Problem, attempt_id: str = ""
    ) -> FailedAttempt:
        created_at = clock.now_text()
        attempt_id = attempt_id or derived_id("fa", call.user_id, asked.object_id, problem.code)
        return FailedAttempt(
            *failed_attempt_key(call.user_id, created_at, attempt_id)[1:],
            attempt_id=attempt_id,
            user_id=call.user_id,
            kind=self._kind,
            object_id=asked.object_id,
            transfer_id=asked.transfer_id,
            amount=asked.amount,
            refusal=type(problem).__name__,
            code=problem.code,
            facts=facts_of(problem),
            about=dict(asked.about),
            created_at=created_at,
            ttl=clock.seconds() + settings().refusal_kept_seconds,
        )


def failed_attempts(user_id: str, limit: int) -> list[FailedAttempt]:
    """What a user was refused of late, the newest first, strongly consistent."""
    lines = FailedAttempt.query(
        failed_attempt_key(user_id, "", "").pk,
        FailedAttempt.sk.startswith(MADE_PREFIX),
        consistent_read=True,
        scan_index_forward=False,
        page_size=limit,
    )
    return list(islice(_kept(lines), limit))


def attempts_of(user_id: str, object_id: str) -> list[FailedAttempt]:
    """The refusals of one request of a user, the newest first; of others' requests there are none.

    object_id: of the payment, the transfer, ... that it would have become.
    """
    prefix = attempt_place_key(user_id, object_id, "")
    places = AttemptPlace.query(
        prefix.pk,
        AttemptPlace.sk.startswith(prefix.sk),
        consistent_read=True,
        limit=_OF_ONE_LIMIT,
    )
    keys = [Key(FailedAttempt, place.pk, place.made) for place in places]
    if not keys:
        return []
    found = read(keys)
    attempts = [attempt for key in keys if (attempt := found.one(FailedAttempt, key))]
    return sorted(_kept(attempts), key=lambda attempt: attempt.sk, reverse=True)


def view(attempt: FailedAttempt, *, language: str) -> FailedAttemptView:
    """A refused request as its user sees it. language: `zh` or `en`."""
    return FailedAttemptView(
        attempt_id=attempt.attempt_id,
        kind=attempt.kind,  # type: ignore[arg-type]  # written from our four words
        id=attempt.object_id,
        amount=attempt.amount,
        currency="CNY",
        created_at=attempt.created_at,
        diagnosis=diagnosis_of(attempt, language=language),
    )


def diagnosis_of(attempt: FailedAttempt, *, language: str) -> Diagnosis:
    """What a refusal meant, as it was then."""
    return of_refusal(attempt.refusal, attempt.facts, language=language)


def listed(user_id: str, query: PageQuery, *, language: str) -> FailedAttemptsView:
    """A page of what a user was refused, the newest first. Raises InvalidCursor."""
    lines, next_cursor = newest_first(
        FailedAttempt,
        failed_attempt_key(user_id, "", "").pk,
        prefix=MADE_PREFIX,
        query=query,
        of=f"failed attempts {user_id}",
    )
    items = [view(attempt, language=language) for attempt in _kept(lines)]
    return FailedAttemptsView(items=items, next_cursor=next_cursor)


def _is_decided(problem: Problem) -> bool:
    """Whether it is the answer to what was asked. A system that is busy has not looked at it."""
    return problem.status < 500 or "provider" in problem.values


def _keep(attempt: FailedAttempt) -> None:
    """Writes a refusal down: once, and up to a number in a day.

    It looks first, for a write that fails costs as much as one that is done; and who sends refused
    requests by the thousand shall cost us no writes.
    """
    window = Window(
        name="failed_attempts",
        subject=attempt.user_id,
        maximum=settings().failed_attempts_per_day,
        seconds=_DAY_SECONDS,
    )
    place = _place(attempt)
    place_key = Key(AttemptPlace, place.pk, place.sk)
    found = read([window.key, place_key])
    if found.get(place_key) is not None:
        # The same request was refused for the same reason before.
        return
    placing = put(place)
    try:
        window.check(found)
        take([window], together_with=[placing, put(attempt)])
    except TooManyRequests:
        count("FailedAttemptsNotKept", kind=attempt.kind)
    except Cancelled as cancelled:
        # Where it is the place, the same request was faster.
        if not cancelled.failed(placing):
            raise


def _place(attempt: FailedAttempt) -> AttemptPlace:
    key = attempt_place_key(attempt.user_id, attempt.object_id, attempt.attempt_id)
    return AttemptPlace(key.pk, key.sk, made=attempt.sk, ttl=attempt.ttl)


def _kept(attempts: Iterable[FailedAttempt]) -> Iterable[FailedAttempt]:
    """Those whose time is not over; DynamoDB may not have swept the others away yet."""
    now = clock.seconds()
    return (attempt for attempt in attempts if attempt.ttl is None or attempt.ttl > now)
