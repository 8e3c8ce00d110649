"""The routes of reconciliation, for finance."""

from functions.agents.actor import FINANCE
from functions.agents.agent_check import agent_check
from functions.reconciliation.history import list_reconciliations, show_reconciliation
from functions.reconciliation.models import ReconciliationPage, ReconciliationView
from shared.errors import NotFound
from shared.web import Api, Call, Reply
from shared.web.pages import PageQuery
from shared.web.problems import InvalidCursor

api = Api(__name__, agent_check)
_FINANCE = frozenset({FINANCE})


@api.operation(
    "GET",
    "/v1/agent/reconciliations",
    query=PageQuery,
    answers={200: ReconciliationPage},
    problems=(InvalidCursor,),
    roles=_FINANCE,
)
def get_reconciliations(call: Call[None]) -> Reply:
    """Lists the days that were compared with the bank's file, the newest first."""
    return Reply(200, list_reconciliations(call.query))


@api.operation(
    "GET",
    "/v1/agent/reconciliations/{day}",
    answers={200: ReconciliationView},
    problems=(NotFound,),
    roles=_FINANCE,
)
def get_reconciliation(call: Call[None]) -> Reply:
    """Shows one day, and where the sheet of its findings can be read for some minutes."""
    return Reply(200, show_reconciliation(call.path["day"]))
