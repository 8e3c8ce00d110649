"""The first frame: who is at the other end of a socket, by the access token of a session."""

from functions.agents.agent_check import agent_check
from functions.identity.session_check import session_check
from functions.identity.tokens import AGENTS, USERS, Family, Place, opened_by
from functions.support.chat.hours import hours_now
from functions.support.chat.models import Authenticate, Ready
from functions.support.chat.presence import tell_of_arrival
from functions.support.chat.records import Socket
from functions.support.chat.sockets import bind, end_surplus
from functions.support.chat.standing import current_conversation
from functions.support.chat.waiting import count_waiting
from functions.support.desk.access import SUPPORT
from shared import clock
from shared.settings import settings
from shared.table import read
from shared.web.operation import Call
from shared.web.problems import RoleRequired, Unauthenticated, language


def authenticate(frame: Authenticate, socket: Socket, call: Call[Authenticate]) -> Ready:
    """Makes a socket that of a user or an agent; also anew, with the next token of the same owner.

    Raises Unauthenticated, and RoleRequired for an agent who does not talk with people.
    """
    too_late = socket.connected_at + settings().chat_authenticate_seconds < clock.seconds()
    if not socket.owner_id and too_late:
        raise Unauthenticated
    if frame.language is not None:
        call.language = language(frame.language)
    place, rights_end_at = _proved(frame.access_token, call)
    bind(socket, place, language=call.language, rights_end_at=rights_end_at)
    if not socket.owner_id:
        end_surplus(place.owner_id, newest=socket.socket_id)
        tell_of_arrival(place.owner_id, socket.socket_id)
    return _ready(frame, place.owner_id, rights_end_at)


def _proved(token: str, call: Call[Authenticate]) -> tuple[Place, int]:
    """Whose token it is and when it ends, in seconds."""
    family = _family_of(token)
    check = agent_check if family is AGENTS else session_check
    call.found = read(check.keys(token))
    principal = check.principal(call.found, token)
    if family is AGENTS and not SUPPORT & principal.roles:
        raise RoleRequired
    place = opened_by(token, family)
    return place, check.access_ends_at(call.found, place)


def _family_of(token: str) -> Family:
    return AGENTS if token.startswith(f"{AGENTS.access}_") else USERS


def _ready(frame: Authenticate, owner_id: str, rights_end_at: int) -> Ready:
    ends_at = clock.text_of(rights_end_at * 1000)
    if owner_id.startswith("a_"):
        return Ready(
            owner="agent",
            owner_id=owner_id,
            rights_end_at=ends_at,
            hours=hours_now(),
            waiting=count_waiting(),
        )
    return Ready(
        owner="user",
        owner_id=owner_id,
        rights_end_at=ends_at,
        hours=hours_now(),
        conversation=current_conversation(owner_id),
    )
