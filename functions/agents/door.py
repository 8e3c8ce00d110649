"""How often one address may try to get in as an agent, whoever it says it is."""

from shared.rate_limit import Window, network_of, take
from shared.settings import settings

_HOUR_SECONDS = 3_600


def knock(address: str) -> None:
    """Counts one more try of this hour. Raises TooManyRequests."""
    take(
        [
            Window(
                name="agent_door",
                subject=network_of(address),
                maximum=settings().agent_tries_per_address_per_hour,
                seconds=_HOUR_SECONDS,
            )
        ]
    )
