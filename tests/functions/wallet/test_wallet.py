"""GET /v1/wallet: what there is, and how much of it may still be moved today."""

from shared.ledger.accounts import set_status
from tests.clock import TestClock
from tests.edge import call
from tests.functions.bank_cards import bind, top_up
from tests.people import Person, fund
from tests.sandbox.running import RunningBank


def test_a_new_wallet_is_empty_and_has_its_whole_limits(ana: Person) -> None:
    answer = ana.call("GET", "/v1/wallet")

    whole = {
        "per_transaction": 5_000_000,
        "per_day": 20_000_000,
        "used": 0,
        "remaining": 20_000_000,
        "resets_at": "2026-03-01T16:00:00.000Z",
    }
    assert answer.status == 200
    assert answer.json == {
        "available": 0,
        "held": 0,
        "currency": "CNY",
        "status": "active",
        "limits": {
            "transfer": whole,
            "top_up": whole,
            "withdrawal": whole,
            "payment": whole,
        },
    }


def test_limits_show_what_is_used_until_the_local_day_ends(
    ana: Person, bo: Person, bank: RunningBank, test_clock: TestClock
) -> None:
    top_up(ana, bind(ana, bank), 700, key="k")
    ana.send(bo, 200, key="k")
    ana.send(bo, 100, key="later", arrive="next_day")

    wallet = ana.call("GET", "/v1/wallet").json
    assert (wallet["available"], wallet["held"]) == (400, 100)
    assert wallet["limits"]["top_up"]["used"] == 700
    assert wallet["limits"]["transfer"]["used"] == 300
    assert wallet["limits"]["transfer"]["remaining"] == 19_999_700

    test_clock.move(hours=12)  # midnight in Shanghai
    limits = ana.signed_in_again().call("GET", "/v1/wallet").json["limits"]
    assert (limits["top_up"]["used"], limits["transfer"]["used"]) == (0, 0)
    assert limits["transfer"]["resets_at"] == "2026-03-02T16:00:00.000Z"


def test_a_frozen_wallet_says_so(ana: Person) -> None:
    fund(ana.user_id, 5)
    set_status(ana.user_id, "frozen")

    wallet = ana.call("GET", "/v1/wallet").json
    assert (wallet["available"], wallet["status"]) == (5, "frozen")


def test_nobody_sees_a_wallet_without_signing_in(cloud: None) -> None:
    for path in ("/v1/wallet", "/v1/wallet/entries", "/v1/cards", "/v1/top-ups"):
        assert call("GET", path).code == "UNAUTHENTICATED"
        assert call("GET", path, token="forged").code == "UNAUTHENTICATED"
