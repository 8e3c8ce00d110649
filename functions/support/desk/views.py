"""Answering from the desk, and the answers that are said often, as agents see them."""

from functions.agents.actor import Actor
from functions.support.attachments import check_uploaded
from functions.support.desk import inbox
from functions.support.desk.access import workable
from functions.support.desk.models import MacrosView, MacroView, RepliedView, ReplyRequest
from functions.support.incoming import Posted
from functions.support.macros import filled, macro_of, macros
from functions.support.reply import reply
from functions.support.tickets import ticket_of
from shared.errors import Texts
from shared.identifiers import new_id


def replied(
    ticket_id: str, request: ReplyRequest, *, by: Actor, key: str
) -> tuple[Posted, RepliedView]:
    """Raises what `reply` raises, NotFound for a macro that there is none of, AttachmentRefused."""
    check_uploaded(request.attachments, by.id)
    posted = reply(
        ticket_id,
        request.text,
        by=by,
        source_id=key or request.client_id or new_id(""),
        macro=macro_of(request.macro) if request.macro else None,
        state=request.state,
        attachments=tuple(request.attachments),
    )
    ticket = ticket_of(posted.ticket_id)
    return posted, RepliedView(ticket=inbox.view(ticket), sequence=posted.sequence)


def macros_view(ticket_id: str, *, by: Actor, language: str) -> MacrosView:
    """Raises NotFound, OwnAccount."""
    ticket = workable(ticket_id, by)
    return MacrosView(
        items=[
            MacroView(
                macro_id=macro.id,
                title=Texts(macro.title.zh, macro.title.en).in_language(language, {}),
                text=filled(macro, ticket),
                state=macro.state,
                priority=macro.priority,
                tags=list(macro.tags),
                team=macro.team,
            )
            for macro in macros().values()
        ]
    )
