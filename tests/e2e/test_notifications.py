"""From the stream of the ledger's table to the app, on the running stack."""

from infra.phone_app import PhoneApp
from infra.stack import Addresses
from tests.e2e.conftest import eventually, somebody


def unread(app: PhoneApp) -> int:
    return int(app.must(200, "GET", "/v1/notifications/unread-count")["unread"])


def texts(app: PhoneApp) -> list[str]:
    return [one["text"] for one in app.must(200, "GET", "/v1/notifications")["items"]]


def test_payer_and_payee_hear_of_their_movements_once(addresses: Addresses) -> None:
    ana, bo = somebody(addresses, funds=10_000), somebody(addresses)
    for amount in (100, 200):
        assert ana.transfer({"phone": bo.phone}, amount).status == 201

    eventually(lambda: (unread(ana), unread(bo)), (3, 2))
    assert ["2.00 CNY" in texts(bo)[0], "1.00 CNY" in texts(bo)[1]] == [True, True]
    assert [text.partition(" ")[0] for text in texts(ana)] == ["You", "You", "100.00"]

    newest = bo.must(200, "GET", "/v1/notifications")["items"][0]["id"]
    bo.must(204, "POST", "/v1/notifications/read", {"up_to": newest})
    assert (unread(bo), unread(ana)) == (0, 3)


def test_a_transfer_that_was_taken_back_is_told_of_without_an_entry(addresses: Addresses) -> None:
    ana, bo = somebody(addresses, funds=10_000), somebody(addresses)
    sent = ana.transfer({"phone": bo.phone}, 300, arrive="in_2_hours")
    ana.must(200, "POST", f"/v1/transfers/{sent.json['transfer_id']}/cancel")

    eventually(lambda: "was cancelled" in texts(ana)[0] if texts(ana) else False, True)
    assert texts(bo) == []


def test_push_messages_are_off_until_they_are_set_up(addresses: Addresses) -> None:
    wish = {"platform": "ios", "token": "0123456789abcdef" * 4}

    refused = somebody(addresses).ask("PUT", "/v1/me/push-token", wish)
    assert (refused.status, refused.json["code"]) == (422, "PUSH_UNAVAILABLE")
