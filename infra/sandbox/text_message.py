"""How the code of a card binding reaches the card's phone."""

import asyncio
from typing import Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError


class NotSent(Exception):
    """The telephone network did not take the message."""


class TextMessages(Protocol):
    async def send(self, *, phone: str, text: str) -> None:
        """Raises NotSent."""


class SnsTextMessages:
    """Sends by SNS, with the credentials that the environment gives."""

    def __init__(self, *, endpoint_url: str, region: str) -> None:
        self._client = boto3.client(
            "sns",
            endpoint_url=endpoint_url,
            region_name=region,
            # The wallet waits 3 seconds for the bank, so the bank can wait less for the network.
            config=Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1}),
        )

    async def send(self, *, phone: str, text: str) -> None:
        try:
            await asyncio.to_thread(self._client.publish, PhoneNumber=phone, Message=text)
        except (BotoCoreError, ClientError) as error:
            raise NotSent from error


class NoTextMessages:
    """Sends nothing: the operator reads the code at `/_sandbox/codes/{binding_id}` instead."""

    async def send(self, **_: str) -> None:
        return
