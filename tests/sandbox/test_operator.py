import http.client
import sys
from urllib.parse import urlsplit

import pytest

from infra.sandbox.cards import TEST_CARDS, is_card_number
from tests.sandbox.running import HTTP, RunningBank
from tests.sandbox.signed_client import get


def test_health_needs_no_signature(bank: RunningBank) -> None:
    assert HTTP.request("GET", f"{bank.url}/health").status == 200


def test_every_test_card_has_a_valid_number_and_is_listed(bank: RunningBank) -> None:
    listed = [card["number"] for card in bank.operator("GET", "/cards")["items"]]
    assert listed == list(TEST_CARDS)
    assert len(listed) == 17
    assert all(is_card_number(number) for number in listed)


@pytest.mark.parametrize("order", [b"{}", b'{"fault": "flood"}', b'{"fault": "lost", "times": 0}'])
def test_unknown_fault_is_refused(bank: RunningBank, order: bytes) -> None:
    assert HTTP.request("POST", f"{bank.url}/_sandbox/faults", body=order).status == 400


def test_planned_faults_can_be_forgotten(bank: RunningBank) -> None:
    bank.plan_fault("unavailable", times=5)
    bank.operator("DELETE", "/faults")
    assert get(bank, "/v1/charges/never-seen").status == 404


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux owns all of 127.0.0.0/8")
def test_operators_tools_are_for_this_machine_whatever_a_header_says(bank: RunningBank) -> None:
    connection = http.client.HTTPConnection(
        urlsplit(bank.url).netloc, source_address=("127.0.0.2", 0)
    )
    connection.request("GET", "/_sandbox/charges", headers={"X-Forwarded-For": "127.0.0.1"})
    assert connection.getresponse().status == 404
    connection.close()
