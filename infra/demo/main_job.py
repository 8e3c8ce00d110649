"""Two people sign up, pay each other, and are refused what must be refused."""

from rich.table import Table

from infra.demo.telling import chapter, console, expect, step
from infra.phone_app import PhoneApp, Unexpected, new_key
from shared.money import display

CARD = "6222021234500010008"
WRONG_PAY_PASSWORD = "000001"
TOP_UP, SENT = 50_000, 12_050


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
