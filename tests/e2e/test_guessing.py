"""Wrong guesses that really come at once, over HTTP to the deployed package."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import urllib3

from infra.phone_app import PhoneApp, new_phone
from infra.stack import Addresses
from shared.settings import settings

GUESSES = 50


class PatientApp(PhoneApp):
    """On a small machine fifty cold starts and fifty Argon2 hashes take their time."""

    connections = urllib3.PoolManager(timeout=300, retries=False, maxsize=GUESSES)


@pytest.mark.parametrize("known", [True, False])
def test_of_fifty_wrong_passwords_at_once_no_more_than_allowed_are_compared(
    addresses: Addresses, known: bool
) -> None:
    app = PatientApp(addresses)
    if known:
        app.register()
    else:
        app.phone = new_phone()
    app.tokens = {}

    def guess(number: int) -> int:
        body = {"phone": app.phone, "password": f"not the password {number}"}
        return app.ask("POST", "/v1/sessions", body).status

    with ThreadPoolExecutor(GUESSES) as threads:
        statuses = Counter(threads.map(guess, range(GUESSES)))

    # 401 says that a password was compared. 503 asks to come again, and has compared nothing; 502
    # and 504 are the gateway's, where a function comes to no end in its time.
    assert statuses.keys() <= {401, 423, 502, 503, 504}, statuses
    while (status := guess(GUESSES)) != 423:
        statuses[status] += 1
        assert statuses.total() < 2 * GUESSES, statuses
    assert 0 < statuses[401] <= settings().sign_in_tries, statuses
