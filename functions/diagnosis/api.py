"""Routes of what failed."""

from functions.diagnosis.attempts import listed
from functions.diagnosis.models import FailedAttemptsView
from functions.identity.session_check import session_check
from shared.web import Api, Call, Reply
from shared.web.pages import PageQuery
from shared.web.problems import InvalidCursor

api = Api(__name__, session_check)


@api.operation(
    "GET",
    "/v1/me/failed-attempts",
    query=PageQuery,
    answers={200: FailedAttemptsView},
    problems=(InvalidCursor,),
)
def list_failed_attempts(call: Call[None]) -> Reply:
    """Lists the requests to move money that were refused, the newest first, and why."""
    return Reply(200, listed(call.user_id, call.query, language=call.language))
