"""A mail to support from any mail program, and the answer that comes back by mail."""

from infra.agent_console import AgentConsole
from infra.demo.telling import chapter, step, until
from infra.mail_program import MailProgram, text_of
from infra.phone_app import PhoneApp, new_key


def write_a_mail(bo: PhoneApp, amy: AgentConsole) -> str:
    """Bo writes from an address that he binds, which it gives. Raises Unexpected."""
    chapter("Support by mail: the same conversation, whatever the channel")
    post = MailProgram(bo.addresses, f"bo-{new_key()[:8]}@post.example")
    bo.bind_email(post.address)
    known = {one["ticket_id"] for one in _tickets(bo)}
    post.write("Where is my money?", "I was charged twice. My card is 6222021234500010008.")
    step("Bo writes from the address that he has bound, by SMTP", post.address)
    opened = until(lambda: [one for one in _tickets(bo) if one["ticket_id"] not in known], bool)
    step("It is a ticket of his, for the sender is proven", f"number {opened[0]['number']}")
    acknowledged = until(post.inbox, bool)[-1]
    step("He is told so, once", str(acknowledged["Subject"]))

    path = f"/v1/agent/tickets/{opened[0]['ticket_id']}"
    lines = amy.must(200, "GET", path)["lines"]
    step("The agent reads it, without the card number", lines[-1]["text"])
    reply = {"text": "We send one of them back.", "client_id": new_key()}
    amy.must(201, "POST", f"{path}/replies", reply)
    answer = until(lambda: post.inbox()[1:], bool)[-1]
    step("Her answer comes by mail", text_of(answer).split("\n")[0])
    post.answer(answer, "Thank you!")
    until(lambda: amy.must(200, "GET", path)["lines"][0]["text"], lambda said: said == "Thank you!")
    step("What he answers is in the same ticket, without the quotes", "Thank you!")
    return post.address


def _tickets(app: PhoneApp) -> list[dict[str, str]]:
    items: list[dict[str, str]] = app.must(200, "GET", "/v1/support/tickets")["items"]
    return items
