"""The bank that cards are bound through. Only `get_bank` knows which one it is."""

from functools import cache

from shared.bank.port import Bank
from shared.secrets import bank_credentials
from shared.settings import settings


@cache
def get_bank() -> Bank:
    """The bank of this process, at the configured address and with the stored credentials."""
    from shared.bank.signed_http import SandboxBank  # Only calls to the bank pay for this import.

    credentials = bank_credentials()
    return SandboxBank(
        url=settings().bank_url, client_id=credentials.client_id, key=credentials.key
    )
