"""Demo data: two people who can sign in at once, one of them with money."""

from infra.phone_app import PhoneApp
from infra.stack import Stack

CARD = "6222021234500010008"
FUNDS = 100_000


def seed(stack: Stack) -> list[PhoneApp]:
    """The demo people, signed in. They are made at the first start and found at later ones."""
    ana = _person(stack, phone="+8613900000001")
    bo = _person(stack, phone="+8613900000002")
    if not _signs_in(ana):
        _move_in(ana)
        ana.top_up(ana.bind_card(CARD)["card_id"], FUNDS)
    if not _signs_in(bo):
        _move_in(bo)
    return [ana, bo]


def _person(stack: Stack, *, phone: str) -> PhoneApp:
    app = PhoneApp(stack.addresses)
    app.phone = phone
    app.password = "correct horse battery staple"  # nosec B105  # for everybody to read
    return app


def _signs_in(app: PhoneApp) -> bool:
    answer = app.ask("POST", "/v1/sessions", {"phone": app.phone, "password": app.password})
    if answer.status == 201:
        app.tokens = answer.json["tokens"]
    return answer.status == 201


def _move_in(app: PhoneApp) -> None:
    app.register()
    app.set_pay_password()
