"""Routes of statement files: for users, and for support to tell a genuine one."""

from collections.abc import Iterable

from functions.agents.actor import ROLES
from functions.agents.agent_check import agent_check
from functions.identity.session_check import session_check
from functions.payments.merchant_check import merchant_check
from functions.statements.merchant_file import ask_for_day, merchant_file_view
from functions.statements.models import (
    MerchantFileRequest,
    MerchantFileView,
    StatementFileRequest,
    StatementFileView,
    VerificationRequest,
    VerificationView,
)
from functions.statements.records import (
    StatementFile,
    StatementSum,
    statement_file_key,
    statement_sum_key,
)
from functions.statements.verification import verified
from functions.statements.wish import StatementTooLong, ask_for_file, file_of
from shared.errors import NotFound
from shared.rate_limit import TooManyRequests
from shared.table import Key
from shared.web import Api, Call, Reply

api = Api(__name__, session_check)
agent_api = Api(f"{__name__}.agents", agent_check)
merchant_api = Api(f"{__name__}.merchants", merchant_check)


def _its_file(call: Call[None]) -> Iterable[Key]:
    yield statement_file_key(call.user_id, call.path["statement_file_id"])


def _named_sum(call: Call[VerificationRequest]) -> Iterable[Key]:
    yield statement_sum_key(call.body.sha256)


@api.operation(
    "POST",
    "/v1/wallet/statement-files",
    body=StatementFileRequest,
    answers={202: StatementFileView},
    problems=(StatementTooLong, TooManyRequests),
)
def create_statement_file(call: Call[StatementFileRequest]) -> Reply:
    """Has the statement of a time made as a file, in the background."""
    return Reply(202, ask_for_file(call.user_id, call.body, language=call.language))


@api.operation(
    "GET",
    "/v1/wallet/statement-files/{statement_file_id}",
    answers={200: StatementFileView},
    problems=(NotFound,),
    reads=_its_file,
)
def get_statement_file(call: Call[None]) -> Reply:
    """Shows how far a statement file is and, when it is there, a link to it."""
    key = statement_file_key(call.user_id, call.path["statement_file_id"])
    return Reply(200, file_of(call.found.one(StatementFile, key)))


@merchant_api.operation(
    "POST",
    "/v1/merchant/statement-files",
    body=MerchantFileRequest,
    answers={202: MerchantFileView},
    problems=(TooManyRequests,),
)
def create_merchant_file(call: Call[MerchantFileRequest]) -> Reply:
    """Has the statement of a day made as a file, in the background."""
    return Reply(202, ask_for_day(call.user_id, call.body, language=call.language))


@merchant_api.operation(
    "GET",
    "/v1/merchant/statement-files/{statement_file_id}",
    answers={200: MerchantFileView},
    problems=(NotFound,),
    reads=_its_file,
)
def get_merchant_file(call: Call[None]) -> Reply:
    """Shows whether the statement of a day is there and, if it is, a link to it."""
    key = statement_file_key(call.user_id, call.path["statement_file_id"])
    return Reply(200, merchant_file_view(call.found.one(StatementFile, key)))


@agent_api.operation(
    "POST",
    "/v1/agent/statement-files/verify",
    body=VerificationRequest,
    answers={200: VerificationView},
    reads=_named_sum,
    roles=ROLES,
)
def verify_statement_file(call: Call[VerificationRequest]) -> Reply:
    """Tells whether the wallet has made the file with this SHA-256."""
    return Reply(200, verified(call.found.one(StatementSum, statement_sum_key(call.body.sha256))))
