"""Signing in with phone and password."""

import hashlib
from collections.abc import Sequence

import msgspec
from pynamodb.expressions.update import Action as Change

from functions.identity import challenge, passwords, two_factor
from functions.identity.challenge import ChallengeEnded
from functions.identity.contacts import phone_of
from functions.identity.devices import Recognition, recognise
from functions.identity.directory import owner_of
from functions.identity.models import (
    ChallengeAnswer,
    ChallengeStarted,
    Device,
    SignedIn,
    SignInRequest,
)
from functions.identity.notices import Notice, Telling, telling
from functions.identity.origin import Origin
from functions.identity.password_proof import WrongCredentials, forgiving, proves
from functions.identity.records import TwoFactor, User
from functions.identity.security_events import Happening, record
from functions.identity.sessions import end_surplus, new_session
from functions.identity.two_factor import WrongSecondFactor
from functions.identity.whereabouts import decided, signing_in
from functions.risk.guard import Action, Decision
from shared.errors import ServiceUnavailable
from shared.observability import count, logger
from shared.table import Cancelled, Write, change, update, write


def sign_in(
    request: SignInRequest, *, phone: str, origin: Origin, language: str
) -> SignedIn | ChallengeStarted:
    """A session for the owner of a phone (E.164), or the second step that is due before it.

    Raises WrongCredentials, AccountLocked, RiskBlocked, TooManyRequests, ServiceUnavailable.
    """
    user = owner_of(phone)
    proven = proves(
        request.password,
        phone=phone,
        user=user,
        origin=origin,
        failing=Happening.SIGN_IN_FAILED,
    )
    if not proven or user is None:
        raise WrongCredentials
    if passwords.is_outdated(user.password_hash):
        _upgrade(user, passwords.hash_of(request.password))
    standing = two_factor.enabled(user.user_id)
    device = recognise(user.user_id, origin)
    decision = decided(user, origin, new_device=device.is_new)
    if decision.asks_for(Action.STEP_UP) or _asks_for_factor(standing, device):
        # The tries stay counted until the second step is taken.
        return challenge.start(
            user,
            challenge.SIGN_IN,
            origin=origin,
            language=language,
            bound=_as_proven(user),
            standing=standing,
        )
    forgiven = forgiving(phone, origin)
    signed_in = start_session(user, origin, together_with=forgiven, decision=decision)
    count("SignIns")
    return signed_in


def take_second_step(challenge_id: str, answer: ChallengeAnswer, *, origin: Origin) -> SignedIn:
    """The session that a challenge was about, from the device that began it.

    Not when password or phone were changed since, or the account was disputed: then what was proven
    first counts no more. Raises ChallengeEnded, WrongCode, CodeExpired, TooManyRequests,
    ServiceUnavailable.
    """
    begun, user = challenge.opened(challenge_id, challenge.SIGN_IN)
    if begun.bound != _as_proven(user):
        raise ChallengeEnded
    device = None if begun.device is None else msgspec.convert(begun.device, Device)
    origin = origin._replace(device=device, device_proof=begun.device_proof)
    proof = challenge.proof(begun, user, answer, origin=origin)
    ending = challenge.ending(begun)
    try:
        signed_in = start_session(
            user, origin, together_with=[ending, *proof, *forgiving(phone_of(user), origin)]
        )
    except Cancelled as cancelled:
        if cancelled.failed(ending):
            raise ChallengeEnded from cancelled
        raise WrongSecondFactor from cancelled
    count("SignIns")
    return signed_in


def start_session(
    user: User,
    origin: Origin,
    *,
    together_with: Sequence[Write] = (),
    decision: Decision | None = None,
) -> SignedIn:
    """A session for somebody who has proven to be `user`.

    Not when the password or the phone was changed since `user` was read: that has ended all
    sessions, and the request may be sent again (ServiceUnavailable). Raises Cancelled when a
    condition of `together_with` fails.
    decision: that of the rules of risk, where it was a plain yes and is recorded nowhere else.
    """
    device = recognise(user.user_id, origin)
    session = new_session(user.user_id, origin, device_since=device.since)
    changes: list[Change] = [User.sign_ins.add(1), *signing_in(user, origin)]
    as_proven = (User.phone == user.phone) & (User.password_hash == user.password_hash)
    still_same = update(User(user.pk, user.sk), changes, as_proven)
    risk = None if decision is None else decision.to_record()
    events = [record(user.user_id, Happening.SIGNED_IN, origin=origin, risk=risk)]
    told = _telling_of_new_device(user, origin)
    if device.is_new:
        events += [record(user.user_id, Happening.NEW_DEVICE, origin=origin), told.writing]
    try:
        write(session.starting, still_same, *events, *device.remembering, *together_with)
    except Cancelled as cancelled:
        if any(cancelled.failed(part) for part in together_with):
            raise
        raise ServiceUnavailable from cancelled
    end_surplus(user.user_id, newest=session.record)
    logger.info("signed_in", extra={"user_id": user.user_id})
    if device.is_new:
        told.send()
    return SignedIn(user_id=user.user_id, tokens=session.tokens)


def _asks_for_factor(standing: TwoFactor | None, device: Recognition) -> bool:
    """Who has a second factor is spared it on known devices alone, and only if they chose so."""
    return standing is not None and (bool(standing.always) or not device.is_known)


def _as_proven(user: User) -> str:
    """What a sign-in challenge is bound to, so that a change makes it worthless."""
    proven = f"{user.phone} {user.password_hash} {user.disputed_at}"
    return hashlib.sha256(proven.encode()).hexdigest()


def _upgrade(user: User, password_hash: str) -> None:
    """Keeps the same password hashed anew. Raises ServiceUnavailable when it was just changed."""
    as_proven = User.password_hash == user.password_hash
    if not change(user, [User.password_hash.set(password_hash)], as_proven):
        raise ServiceUnavailable


def _telling_of_new_device(user: User, origin: Origin) -> Telling:
    device = origin.device
    return telling(
        user,
        Notice.NEW_DEVICE,
        device=(device.name if device else None) or "?",
        place=origin.country or origin.address or "?",
    )
