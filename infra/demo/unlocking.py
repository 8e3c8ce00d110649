"""An owner who is locked out and has lost the authenticator, and the two agents who let him in."""

from infra.agent_console import AgentConsole
from infra.demo.telling import chapter, expect, step
from infra.phone_app import PhoneApp

REQUESTS, FOR_AGENTS = "/v1/support/unlock-requests", "/v1/agent/unlock-requests"


def be_let_in(bo: PhoneApp, amy: AgentConsole, zoe: AgentConsole, *, email: str) -> None:
    """Bo has bound `email`. Raises Unexpected."""
    chapter("Unlocking: phone, mail, what only the owner knows, and two agents")
    lose_all(bo)
    request_id = ask(bo, email)
    approval_id = make_sure(amy, request_id)
    approve(amy, zoe, approval_id)
    come_back(bo)


def lose_all(bo: PhoneApp) -> None:
    bo.turn_on_two_factor()
    while (refused := bo.try_password("not the password")).status == 401:
        pass
    expect(refused, 423, code="ACCOUNT_LOCKED")
    step("Too many wrong passwords lock Bo out", f"423: {refused.json['detail']}")
    step("With his old phone his authenticator is gone", "an SMS alone opens nothing")


def ask(bo: PhoneApp, email: str) -> str:
    asked = bo.must(202, "POST", REQUESTS, bo.proof_of_phone("unlock") | {"email": email})
    request_id = str(asked["request_id"])
    step("He asks to be let in, with a code that came to his phone", request_id)
    path = f"{REQUESTS}/{request_id}/email"
    bo.must(204, "POST", path, {"code": bo.code_by_mail(email)})
    step("He proves the mail address that he has bound", "204")
    return request_id


def make_sure(amy: AgentConsole, request_id: str) -> str:
    """The id of the approval."""
    path = f"{FOR_AGENTS}/{request_id}"
    shown = amy.must(200, "GET", path)
    asked = [one["fact"] for one in shown["questions"]]
    amy.must(200, "PUT", f"{path}/facts", {"facts": dict.fromkeys(asked, "confirmed")})
    step("An agent asks him what only he knows", ", ".join(asked))
    proposed = amy.must(201, "POST", f"{path}/proposal", {"remove_second_factor": True})
    step("She proposes to let him in, without the lost factor", proposed["approval_id"])
    return str(proposed["approval_id"])


def approve(amy: AgentConsole, zoe: AgentConsole, approval_id: str) -> None:
    path = f"/v1/agent/approvals/{approval_id}/approve"
    alone = amy.ask("POST", path)
    expect(alone, 403, code="SAME_PERSON")
    step("Alone she can't", f"403 SAME_PERSON: {alone.json['detail']}")
    expect(zoe.ask("POST", path), 200, state="executed")
    step("A second agent approves", "executed")


def come_back(bo: PhoneApp) -> None:
    expect(bo.try_password(bo.password), 401, code="WRONG_CREDENTIALS")
    step("His old password is good no more", "401")
    bo.reset_password()
    bo.sign_in()
    step("A minute later, when codes can be sent again, he resets it and is back", "201")
