"""The way back into the app: the message is there already, and a push message says so."""

from functions.identity.directory import user_of
from functions.notifications.push_tokens import forget, targets
from functions.support.channels import Outgoing, TryLater, Undeliverable, channel
from shared import push
from shared.errors import ServiceUnavailable, Texts

_TITLE = Texts("客服回复了您", "Support has answered")
_TEXT = Texts("工单 {number}：{subject}", "Ticket {number}: {subject}")


@channel("app")
def deliver(outgoing: Outgoing) -> None:
    """Who takes no push messages finds it in the app. The words of the answer stay there: a
    notification is seen by whoever has the phone in hand.
    """
    user = user_of(outgoing.user_id) if outgoing.user_id else None
    if user is None:
        raise Undeliverable("no_user")
    values = {"number": outgoing.number, "subject": outgoing.subject}
    try:
        for target in targets(user.user_id):
            try:
                push.send(
                    target.endpoint,
                    title=_TITLE.in_language(user.language, {}),
                    text=_TEXT.in_language(user.language, values),
                    notification_id=outgoing.message_id,
                )
            except push.EndpointGone:
                forget(target)
    except ServiceUnavailable as error:
        raise TryLater from error
