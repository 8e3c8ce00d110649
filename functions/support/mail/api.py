"""The routes of those who answer, for mails: what lies aside, and the whole of a mail."""

from functions.agents.actor import acting
from functions.agents.agent_check import agent_check
from functions.agents.approvals import OwnAccount
from functions.support.desk.access import SUPPORT
from functions.support.mail.aside import NotToBeReleased, list_aside, release, show
from functions.support.mail.models import MailLineView, MailsQuery, MailsView, MailView
from shared.errors import NotFound
from shared.web import Api, Call, Reply
from shared.web.problems import InvalidCursor

api = Api(__name__, agent_check)


@api.operation(
    "GET",
    "/v1/agent/mails",
    query=MailsQuery,
    answers={200: MailsView},
    problems=(InvalidCursor,),
    roles=SUPPORT,
)
def list_mails(call: Call[None]) -> Reply:
    """Lists the mails that are in no ticket, the newest first."""
    return Reply(200, list_aside(call.query))


@api.operation(
    "GET",
    "/v1/agent/mails/{mail_id}",
    answers={200: MailView},
    problems=(NotFound, OwnAccount),
    roles=SUPPORT,
)
def get_mail(call: Call[None]) -> Reply:
    """Shows the whole of a mail as it can be shown: a message of a ticket names it in `details`."""
    return Reply(200, show(call.path["mail_id"], by=acting(call)))


@api.operation(
    "POST",
    "/v1/agent/mails/{mail_id}/release",
    answers={202: MailLineView},
    problems=(NotFound, NotToBeReleased, OwnAccount),
    roles=SUPPORT,
)
def release_mail(call: Call[None]) -> Reply:
    """Has a mail that lies aside put into a ticket, within about a minute."""
    return Reply(202, release(call.path["mail_id"], by=acting(call)))
