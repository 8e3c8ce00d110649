"""On which ways a user wants to hear of movements beside the list in the app."""

from typing import get_args

from functions.notifications.models import ChoiceRequest, ChoiceView
from functions.notifications.push_tokens import targets
from functions.notifications.records import EMAIL, PUSH, Choice, choice_key
from functions.wallet.models import EntryKind
from shared import push
from shared.table import read

_ALL = frozenset(get_args(EntryKind))


def choice_of(user_id: str, choice: Choice | None) -> ChoiceView:
    """What was chosen; at first everything by push and nothing by mail."""
    return ChoiceView(
        push=sorted(_kinds(choice, PUSH)),
        email=sorted(_kinds(choice, EMAIL)),
        push_devices=len(targets(user_id)),
    )


def stored_choice(user_id: str) -> Choice | None:
    """None until the user has chosen."""
    key = choice_key(user_id)
    return read([key]).one(Choice, key)


def choose(user_id: str, request: ChoiceRequest) -> None:
    """Replaces what was chosen before."""
    chosen = Choice(
        *choice_key(user_id)[1:],
        push=set(request.push) or None,
        email=set(request.email) or None,
    )
    chosen.save()


def ways_for(user_id: str, kind: str) -> set[str]:
    """On which ways a movement of this kind is told, as far as anybody can be reached so."""
    choice = stored_choice(user_id)
    ways = set()
    if kind in _kinds(choice, EMAIL):
        ways.add(EMAIL)
    if push.configured() and kind in _kinds(choice, PUSH) and targets(user_id):
        ways.add(PUSH)
    return ways


def _kinds(choice: Choice | None, way: str) -> frozenset[str]:
    if choice is None:
        return _ALL if way == PUSH else frozenset()
    return frozenset(getattr(choice, way) or ())
