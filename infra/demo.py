"""Shows the wallet at work: two people, real requests, each step and its result as it happens.

`make demo` uses the stack that runs here, or starts one and stops it again. It ends with 1
when a balance is not what it must be.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from infra.phone_app import Answer, PhoneApp, Unexpected, new_key
from infra.stack import Addresses, directory_of, find, running
from shared.money import display

CARD = "6222021234500010008"
WRONG_PAY_PASSWORD = "000001"
TOP_UP, SENT = 50_000, 12_050

console = Console(highlight=False)


def demonstrate(addresses: Addresses) -> None:
    """Goes through all chapters. Raises Unexpected at the first thing that is not as it must be."""
    ana, bo = PhoneApp(addresses), PhoneApp(addresses)
    sign_up(ana, bo)
    put_money_in(ana)
    pay(ana, bo)
    be_refused(ana, bo)
    show_statements(ana, bo)
    check_balances(ana, bo)
    safe_account(ana, bo, PhoneApp(addresses))


def sign_up(ana: PhoneApp, bo: PhoneApp) -> None:
    chapter("Two people sign up")
    for name, app in (("Ana", ana), ("Bo", bo)):
        app.register()
        step(f"{name} registers with the code that came to {app.phone}", f"user {app.user_id}")
        app.sign_in()
        step(f"{name} signs in", f"access for {app.tokens['expires_in']} seconds")
        app.set_pay_password()
        step(f"{name} sets a pay password", "204")


def put_money_in(ana: PhoneApp) -> None:
    chapter("Money comes in from a bank card")
    card = ana.bind_card(CARD)
    step("Ana binds a card with the bank's code", f"{card['bank']} ...{card['last4']}")
    answer = ana.top_up(card["card_id"], TOP_UP)
    expect(answer, 201, status="succeeded")
    step(f"Ana tops up {display(TOP_UP)}", f"available {display(ana.available())}")


def pay(ana: PhoneApp, bo: PhoneApp) -> None:
    chapter("A transfer, and the same request once more")
    key = new_key()
    first = ana.transfer({"phone": bo.phone}, SENT, key=key, note="dinner 🍜")
    expect(first, 201, status="succeeded")
    step(f"Ana sends Bo {display(SENT)}", f"{first.json['status']}, {first.json['transfer_id']}")
    again = ana.transfer({"phone": bo.phone}, SENT, key=key, note="dinner 🍜")
    if again.json != first.json or again.headers.get("Idempotency-Replayed") != "true":
        raise Unexpected(f"the replay was answered otherwise: {again}")
    step("The same request again, as after a lost answer", "the first answer; nothing moved")


def be_refused(ana: PhoneApp, bo: PhoneApp) -> None:
    chapter("What the wallet refuses")
    reused = new_key()
    expect(ana.transfer({"phone": bo.phone}, 1, key=reused), 201)
    expect(bo.transfer({"phone": ana.phone}, 1), 201)
    wrong = ana.transfer({"phone": bo.phone}, 1, pay_password=WRONG_PAY_PASSWORD)
    refusals = (
        ("The same key with another amount", ana.transfer({"phone": bo.phone}, 2, key=reused), 422,
         "IDEMPOTENCY_KEY_REUSED"),
        ("More than Bo has", bo.transfer({"phone": ana.phone}, SENT + 1), 422,
         "INSUFFICIENT_FUNDS"),
        ("A wrong pay password", wrong, 403, "WRONG_PAY_PASSWORD"),
        ("A transfer to oneself", ana.transfer({"phone": ana.phone}, 1), 422, "SELF_TRANSFER"),
    )  # fmt: skip
    for what, answer, status, code in refusals:
        expect(answer, status, code=code)
        step(what, f"{answer.status} {code}: {answer.json['detail']}")


def show_statements(ana: PhoneApp, bo: PhoneApp) -> None:
    chapter("Both statements")
    for name, app in (("Ana", ana), ("Bo", bo)):
        table = Table(title=name, title_justify="left")
        for column in ("time", "kind", "amount", "balance after", "note"):
            table.add_column(column, justify="right" if "a" in column[:1] else "left")
        for entry in app.entries():
            sign = "+" if entry["direction"] == "in" else "-"
            table.add_row(
                entry["created_at"],
                entry["kind"],
                sign + display(entry["amount"]),
                display(entry["balance_after"]),
                entry["note"] or "",
            )
        console.print(table)


def check_balances(ana: PhoneApp, bo: PhoneApp) -> None:
    chapter("What is there in the end")
    for name, app, expected in (("Ana", ana, TOP_UP - SENT), ("Bo", bo, SENT)):
        available, last = app.available(), app.entries()[0]["balance_after"]
        if not available == last == expected:
            raise Unexpected(f"{name} has {available}, the statement says {last}, not {expected}")
        step(f"{name} has what it must be", display(available))


def safe_account(ana: PhoneApp, bo: PhoneApp, cy: PhoneApp) -> None:
    chapter("Accounts that are safe, and that their owners get back into")
    forget_password(ana)
    be_locked_out(bo)
    use_second_factor(ana)
    dispute(cy)


def forget_password(ana: PhoneApp) -> None:
    old = ana.password
    step("Ana has forgotten her password", "a code comes to her phone")
    ana.reset_password()
    step("She resets it with the code that came to her phone", "204")
    expect(ana.ask("GET", "/v1/me"), 401, code="UNAUTHENTICATED")
    expect(ana.try_password(old), 401, code="WRONG_CREDENTIALS")
    step("All her devices are signed out, and the old password opens nothing", "401")
    ana.sign_in()
    step("The new one does", "201")


def be_locked_out(bo: PhoneApp) -> None:
    tries = 0
    while (refused := bo.try_password("not the password")).status == 401:
        tries += 1
    expect(refused, 423, code="ACCOUNT_LOCKED")
    step(f"A stranger tries {tries} passwords of Bo's", f"423: {refused.json['detail']}")
    expect(bo.try_password(bo.password), 423, code="ACCOUNT_LOCKED")
    step("Now the right one opens nothing either", "423")
    bo.reset_password()
    bo.sign_in()
    step("Bo resets his password by SMS and is back at once", "201")


def use_second_factor(ana: PhoneApp) -> None:
    recovery_codes = ana.turn_on_two_factor()
    step("Ana turns two-factor on", f"{len(recovery_codes)} recovery codes, shown once")
    begun = ana.try_password(ana.password)
    expect(begun, 202)
    step("The password alone gives her no session", f"202, by {', '.join(begun.json['methods'])}")
    challenge_id, code = begun.json["challenge_id"], ana.totp_code(1)
    ana.take_second_step(challenge_id, "totp", code)
    step("A code of her authenticator does", "201")
    again = ana.try_password(ana.password).json["challenge_id"]
    path, given = f"/v1/sessions/challenges/{again}", {"method": "totp", "code": code}
    expect(ana.ask("POST", path, given), 422, code="WRONG_CODE")
    step("The same code once more", "422 WRONG_CODE")
    ana.take_second_step(again, "recovery", recovery_codes[0])
    step("A recovery code", "201")


def dispute(cy: PhoneApp) -> None:
    cy.register()
    cy.set_pay_password()
    event = cy.security_events()[0]
    answer = cy.ask("POST", f"/v1/me/security-events/{event['event_id']}/dispute")
    expect(answer, 202, account_status="frozen", signed_out=True)
    step(f'Cy says of "{event["kind"]}": this wasn\'t me', answer.json["next_step"])
    expect(cy.ask("GET", "/v1/me"), 401, code="UNAUTHENTICATED")
    step("Every device is signed out", "401")


def expect(answer: Answer, http_status: int, /, **members: Any) -> None:
    """Raises Unexpected unless the answer has this HTTP status and these members."""
    told = answer.json or {}
    differs = any(told.get(name) != value for name, value in members.items())
    if answer.status != http_status or differs:
        raise Unexpected(f"{answer.status} {told}, where {http_status} {members} was due")


def chapter(title: str) -> None:
    console.print(f"\n[bold]{title}[/bold]")


def step(what: str, result: str) -> None:
    console.print(f"  [green]✓[/green] {what} [dim]→[/dim] {result}")


@contextmanager
def some_stack(port: int | None) -> Iterator[Addresses]:
    """The stack that runs here, or one of our own for as long as the block lasts."""
    found = find(directory_of(port))
    if found:
        console.print(f"The wallet at {found.api_url}")
        yield found
        return
    console.print("No stack runs here; starting one ...")
    with (
        tempfile.TemporaryDirectory(prefix="u-wallet-demo-") as directory,
        running(Path(directory), keep=False) as stack,
    ):
        console.print(f"The wallet at {stack.addresses.api_url}")
        yield stack.addresses


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.demo", description=__doc__)
    parser.add_argument("--port", type=int, help="of the stack, when it was given one")
    with some_stack(parser.parse_args().port) as addresses:
        try:
            demonstrate(addresses)
        except Unexpected as error:
            console.print(f"  [red]✗ {error}[/red]")
            return 1
    console.print("\n[green]All is as it must be.[/green]")
    return 0


if __name__ == "__main__":
    sys.exit(main())
