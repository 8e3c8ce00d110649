"""One thin connection to DynamoDB under all pynamodb models.

pynamodb builds the requests and reads the answers. In between stood botocore's parameter
validation, endpoint rules, generic serialiser, parser and retry handler: three quarters of the
CPU of a transaction. DynamoDB speaks plain JSON, so this client signs and sends what pynamodb
built and hands the JSON back. It still goes through `Endpoint._do_get_response`, one call for each
physical attempt, so everything that hooks into botocore sees it.

A try that surely had no effect (throttled, in conflict, no connection) is repeated here, with
jitter and inside a bound. A write whose answer was lost is not: only its author knows how to
recognise its own effect.
"""

import random
import threading
import time
from functools import cache
from typing import Any, cast
from urllib.parse import urlsplit

import botocore.session
import msgspec
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ProxyConnectionError,
    SSLError,
)
from pynamodb.connection import Connection

from shared.errors import ServiceUnavailable
from shared.wire import Wire, signed_headers

TRIES = 7
_TRIES_WITHOUT_ANSWER = 3
_FIRST_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 0.4
_READS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"})
WITHOUT_EFFECT = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
        "ThrottlingException",
        "ThrottlingError",
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
_NEVER_SENT = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError)
_NO_ANSWER = (HTTPClientError, SSLError, *_NEVER_SENT)
_SERVER_FAILED = frozenset({"InternalServerError", "ServiceUnavailable", "InternalFailure"})


class LostAnswer(ServiceUnavailable):
    """A write was sent and no answer came: it may have taken effect or not."""


class DynamoDB(Connection):
    """pynamodb's connection with the client below in the place of botocore's."""

    @property
    def client(self) -> Any:
        if self._client is None:
            self._client = cast(Any, _Client(self.session))
        return self._client

    def forget(self) -> None:
        """Drops the client, so that the next call builds one for the environment as it is now."""
        self._client = None
        self._local = threading.local()


@cache
def connection() -> DynamoDB:
    """The connection of this process."""
    return DynamoDB()


def pause(attempt: int) -> None:
    """Waits before try `attempt + 1`: full jitter, doubling, bounded."""
    longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**attempt)
    time.sleep(random.uniform(0, longest))  # nosec B311  # jitter is no secret


class _Client:
    """What pynamodb asks of a botocore client, and no more."""

    def __init__(self, session: botocore.session.Session) -> None:
        inner = cast(Any, session.create_client("dynamodb"))
        self._url = inner.meta.endpoint_url.rstrip("/") + "/"
        self._host = urlsplit(self._url).netloc
        inner._endpoint._response_parser_factory = _JsonParserFactory()
        inner._endpoint.http_session = Wire(self._url)
        self._endpoint = inner._endpoint
        self._credentials = inner._request_signer._credentials
        self._service_model = inner.meta.service_model
        self._target = self._service_model.metadata["targetPrefix"]
        self._region = inner.meta.region_name
        self._context = {"client_config": inner.meta.config}
        self._operation_model = cache(self._service_model.operation_model)

    def _make_api_call(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        body = msgspec.json.encode(parameters)
        for attempt in range(TRIES):
            try:
                return self._attempt(operation, body)
            except ClientError as error:
                if not _repeatable(operation, error):
                    raise
            except _NO_ANSWER as error:
                if operation not in _READS and not isinstance(error, _NEVER_SENT):
                    raise LostAnswer from error
                if attempt + 1 == _TRIES_WITHOUT_ANSWER:
                    break
            pause(attempt)
        raise ServiceUnavailable

    def _attempt(self, operation: str, body: bytes) -> dict[str, Any]:
        headers = signed_headers(
            self._credentials.get_frozen_credentials(),
            host=self._host,
            region=self._region,
            target=f"{self._target}.{operation}",
            body=body,
        )
        request = AWSPreparedRequest("POST", self._url, headers, body, stream_output=False)
        answer, failure = self._endpoint._do_get_response(
            request, self._operation_model(operation), self._context
        )
        if failure is not None:
            raise failure
        http, parsed = answer
        if http.status_code >= 300:
            raise ClientError(parsed, operation)
        return cast(dict[str, Any], parsed)


class _JsonParserFactory:
    """Stands where botocore picks a parser; the answer of DynamoDB needs none."""

    def create_parser(self, protocol: str) -> "_JsonParserFactory":
        return self

    def parse(self, response: dict[str, Any], shape: object) -> dict[str, Any]:
        status = response["status_code"]
        try:
            parsed = msgspec.json.decode(response["body"] or b"{}")
        except msgspec.DecodeError:
            # A proxy's page in the place of an answer: the status code alone speaks.
            parsed = {}
        if status >= 300:
            parsed["Error"] = {
                "Code": str(parsed.get("__type", "InternalFailure")).rpartition("#")[2],
                "Message": parsed.get("message") or parsed.get("Message", ""),
            }
            parsed["ResponseMetadata"] = {
                "HTTPStatusCode": status,
                "HTTPHeaders": dict(response["headers"]),
            }
        return cast(dict[str, Any], parsed)


def _repeatable(operation: str, error: ClientError) -> bool:
    code = error.response["Error"]["Code"]
    reasons = [reason["Code"] for reason in error.response.get("CancellationReasons", ())]
    if "ConditionalCheckFailed" in reasons:
        # The author must hear of this one first: it may be the replay of an earlier write.
        return False
    if code in WITHOUT_EFFECT or any(reason in WITHOUT_EFFECT for reason in reasons):
        return True
    if code in _SERVER_FAILED:
        if operation in _READS:
            return True
        raise LostAnswer from error
    return False
