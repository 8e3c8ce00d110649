"""An owner who is locked out, on the running stack: articles, unlocking by two agents, a reset."""

import secrets

from infra.phone_app import PhoneApp
from infra.stack import Addresses, Stack
from tests.e2e.conftest import new_agent, run_schedule, somebody


def test_articles_are_in_the_package_and_found(addresses: Addresses) -> None:
    app = PhoneApp(addresses)
    found = app.ask("GET", "/v1/support/articles?q=%E6%8F%90%E7%8E%B0%E6%B2%A1%E5%88%B0%E8%B4%A6")
    assert found.json["items"][0]["article_id"] == "withdraw"
    assert "0.10%" in app.ask("GET", "/v1/support/articles/withdraw").json["text"]


def test_two_agents_let_an_owner_back_in(stack: Stack) -> None:
    owner, email = somebody(stack.addresses), f"{secrets.token_hex(4)}@post.example"
    owner.bind_email(email)
    wish = owner.proof_of_phone("unlock") | {"email": email}
    asked = owner.must(202, "POST", "/v1/support/unlock-requests", wish)
    proof = {"code": owner.code_by_mail(email)}
    path = f"/v1/support/unlock-requests/{asked['request_id']}/email"
    owner.must(204, "POST", path, proof)

    first, second = new_agent(stack), new_agent(stack)
    path = f"/v1/agent/unlock-requests/{asked['request_id']}"
    shown = first.must(200, "GET", path)
    facts = {one["fact"]: "confirmed" for one in shown["questions"]}
    first.must(200, "PUT", f"{path}/facts", {"facts": facts})
    approval = first.must(201, "POST", f"{path}/proposal", {})["approval_id"]
    done = second.must(200, "POST", f"/v1/agent/approvals/{approval}/approve")
    assert done["state"] == "executed"
    run_schedule(stack, "open_automatic_tickets", "OpenAutomaticTickets")
    ticket = first.must(200, "GET", f"/v1/agent/tickets/{shown['ticket_id']}")["ticket"]
    assert ticket["state"] == "solved"

    assert owner.ask("GET", "/v1/me").status == 401
    assert owner.try_password(owner.password).status == 401
    owner.reset_password()
    owner.sign_in()
    assert owner.available() == 0
