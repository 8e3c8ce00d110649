"""Routes of calls that we make: for users who ask for one, and for the agents who make them."""

from functions.agents.actor import AGENT, SUPERVISOR, acting
from functions.agents.agent_check import agent_check
from functions.agents.approvals import OwnAccount
from functions.identity.directory import user_of
from functions.identity.session_check import session_check
from functions.support.hotline import callbacks
from functions.support.hotline.callbacks import CallbackNotYours
from functions.support.hotline.models import (
    CallbackBooked,
    CallbackOutcome,
    CallbacksView,
    CallbackTaken,
    CallbackView,
    CallbackWish,
)
from shared.errors import IdempotencyKeyReused, NotFound
from shared.rate_limit import TooManyRequests
from shared.web import Api, Call, Reply
from shared.web.problems import InvalidField

api = Api(__name__, session_check)
agent_api = Api(f"{__name__}.agents", agent_check)
_LOOKING = frozenset({AGENT, SUPERVISOR})
_ACTING = frozenset({AGENT})


@api.operation(
    "POST",
    "/v1/support/callbacks",
    body=CallbackWish,
    answers={202: CallbackBooked},
    problems=(IdempotencyKeyReused, InvalidField, TooManyRequests),
    takes_key=True,
)
def create_callback(call: Call[CallbackWish]) -> Reply:
    """Has the hotline call back, in its hours; once for each `Idempotency-Key`."""
    user = user_of(call.user_id)
    if user is None:
        raise NotFound
    booked = callbacks.wish_of(user, call.body, key=call.idempotency_key, language=call.language)
    return Reply(202, booked)


@agent_api.operation("GET", "/v1/agent/callbacks", answers={200: CallbacksView}, roles=_LOOKING)
def get_callbacks(call: Call[None]) -> Reply:
    """Lists the calls that should be made now, whoever has waited longest first."""
    return Reply(200, callbacks.due(by=acting(call)))


@agent_api.operation(
    "POST",
    "/v1/agent/callbacks/{callback_id}/take",
    answers={200: CallbackTaken},
    problems=(CallbackNotYours, NotFound, OwnAccount),
    roles=_ACTING,
)
def take_callback(call: Call[None]) -> Reply:
    """Takes a call and shows the number to dial, which is noted."""
    return Reply(200, callbacks.take_up(call.path["callback_id"], by=acting(call)))


@agent_api.operation(
    "POST",
    "/v1/agent/callbacks/{callback_id}/outcome",
    body=CallbackOutcome,
    answers={200: CallbackView},
    problems=(CallbackNotYours, NotFound, OwnAccount),
    roles=_ACTING,
)
def end_callback(call: Call[CallbackOutcome]) -> Reply:
    """Says how a call went; one that nobody answered comes again later, a few times."""
    return Reply(200, callbacks.end(call.path["callback_id"], call.body, by=acting(call)))
