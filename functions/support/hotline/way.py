"""The way back to who has called: a text message to the phone that the call came from."""

from functions.support.channels import Outgoing, Undeliverable, channel
from shared import sms
from shared.errors import Texts

_LENGTH_LIMIT = 300
_FRAME = Texts(
    "【U钱包】客服回复（工单 {number}）：{text}", "U Wallet support, ticket {number}: {text}"
)


@channel("hotline")
def deliver(outgoing: Outgoing) -> None:
    """Raises Undeliverable where the number was withheld, ServiceUnavailable."""
    if outgoing.address is None:
        raise Undeliverable("number_withheld")
    text = " ".join(outgoing.text.split())
    if len(text) > _LENGTH_LIMIT:
        text = text[: _LENGTH_LIMIT - 1] + "…"
    values = {"number": outgoing.number, "text": text}
    sms.send(outgoing.address, _FRAME.in_language(outgoing.language, values))
