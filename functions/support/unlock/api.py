"""Routes of unlocking: for who is locked out, and for the agents who make sure of them."""

from functions.agents.actor import AGENT, SUPERVISOR, acting
from functions.agents.agent_check import agent_check
from functions.agents.approvals import OwnAccount
from functions.identity.attempts import attempt
from functions.identity.models import CodeSent
from functions.identity.origin import origin_of
from functions.identity.session_check import session_check
from functions.identity.verification_code import CodeExpired, WrongCode
from functions.support.unlock import request as asking
from functions.support.unlock import review
from functions.support.unlock.models import (
    FactsHeard,
    MailProof,
    Refusal,
    UnlockAsked,
    UnlockPage,
    UnlockProposal,
    UnlockProposed,
    UnlockView,
    UnlockWish,
)
from functions.support.unlock.proposal import (
    NotMadeSure,
    SecondFactorStays,
    UnlockTooEarly,
    propose_unlock,
)
from functions.support.unlock.review import UnlockEnded
from shared.errors import NotFound
from shared.phone import normalised
from shared.rate_limit import TooManyRequests
from shared.web import Api, Call, Reply
from shared.web.pages import PageQuery
from shared.web.problems import InvalidCursor, InvalidField

api = Api(__name__, session_check)
agent_api = Api(f"{__name__}.agents", agent_check)
_LOOKING = frozenset({AGENT, SUPERVISOR})
_ACTING = frozenset({AGENT})
_GUESSABLE = (CodeExpired, TooManyRequests, WrongCode)


@api.operation(
    "POST",
    "/v1/support/unlock-requests",
    body=UnlockWish,
    answers={202: UnlockAsked},
    problems=(InvalidField, *_GUESSABLE),
    public=True,
)
def create_unlock_request(call: Call[UnlockWish]) -> Reply:
    """Asks support to unlock the account of a phone that was proven by a code."""
    phone = normalised(call.body.phone)
    with attempt(call.address):
        asked = asking.ask(call.body, phone=phone, origin=origin_of(call), language=call.language)
    return Reply(202, asked)


@api.operation(
    "POST",
    "/v1/support/unlock-requests/{unlock_request_id}/email",
    body=MailProof,
    answers={204: None},
    problems=(NotFound, *_GUESSABLE),
    public=True,
)
def prove_unlock_email(call: Call[MailProof]) -> Reply:
    """Takes the code that was sent to the bound mail address."""
    with attempt(call.address):
        asking.prove_mail(call.path["unlock_request_id"], call.body.code)
    return Reply(204)


@api.operation(
    "POST",
    "/v1/support/unlock-requests/{unlock_request_id}/email/codes",
    answers={202: CodeSent},
    problems=(NotFound, TooManyRequests),
    public=True,
)
def send_unlock_email_code(call: Call[None]) -> Reply:
    """Sends another mail to the address that was given."""
    sent = asking.send_mail_code(
        call.path["unlock_request_id"], language=call.language, address=call.address
    )
    return Reply(202, sent)


@agent_api.operation(
    "GET",
    "/v1/agent/unlock-requests",
    query=PageQuery,
    answers={200: UnlockPage},
    problems=(InvalidCursor,),
    roles=_LOOKING,
)
def get_unlock_requests(call: Call[None]) -> Reply:
    """Lists the requests that wait for an agent, the oldest first."""
    return Reply(200, review.list_open(call.query, by=acting(call)))


@agent_api.operation(
    "GET",
    "/v1/agent/unlock-requests/{unlock_request_id}",
    answers={200: UnlockView},
    problems=(NotFound, OwnAccount),
    roles=_LOOKING,
)
def get_unlock_request(call: Call[None]) -> Reply:
    """Shows a request with the questions to ask; each look is noted."""
    request_id = call.path["unlock_request_id"]
    return Reply(200, review.look(request_id, by=acting(call), language=call.language))


@agent_api.operation(
    "PUT",
    "/v1/agent/unlock-requests/{unlock_request_id}/facts",
    body=FactsHeard,
    answers={200: UnlockView},
    problems=(NotFound, OwnAccount, UnlockEnded),
    roles=_ACTING,
)
def put_unlock_facts(call: Call[FactsHeard]) -> Reply:
    """Keeps what the caller has answered."""
    request_id = call.path["unlock_request_id"]
    heard = review.hear(request_id, call.body, by=acting(call), language=call.language)
    return Reply(200, heard)


@agent_api.operation(
    "POST",
    "/v1/agent/unlock-requests/{unlock_request_id}/proposal",
    body=UnlockProposal,
    answers={201: UnlockProposed},
    problems=(NotFound, NotMadeSure, OwnAccount, SecondFactorStays, UnlockEnded, UnlockTooEarly),
    roles=_ACTING,
)
def propose_unlocking(call: Call[UnlockProposal]) -> Reply:
    """Proposes to let the owner in; a second agent approves it under `/v1/agent/approvals`."""
    proposed = propose_unlock(call.path["unlock_request_id"], call.body, by=acting(call))
    return Reply(201, proposed)


@agent_api.operation(
    "POST",
    "/v1/agent/unlock-requests/{unlock_request_id}/refusal",
    body=Refusal,
    answers={204: None},
    problems=(NotFound, OwnAccount, UnlockEnded),
    roles=_ACTING,
)
def refuse_unlocking(call: Call[Refusal]) -> Reply:
    """Ends a request of somebody whom nobody could make sure of, and tells the owner."""
    review.refuse(call.path["unlock_request_id"], call.body, by=acting(call))
    return Reply(204)
