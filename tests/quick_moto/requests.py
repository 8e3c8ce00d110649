"""The way of a request of DynamoDB through moto: JSON in, the handler, JSON out.

moto makes a whole web request of it, reads its parameters by the model of the service and writes
the answer by it. But for bytes, DynamoDB's JSON is just what moto's handler takes and gives.
"""

import base64
import json
from functools import cache
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.signers import RequestSigner
from botocore.useragent import UserAgentString
from moto.core import responses, utils
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.models import DEFAULT_ACCOUNT_ID, botocore_stubber
from moto.dynamodb.responses import DynamoHandler
from moto.kms import utils as kms_utils

# Nearly all calls. One that fails has changed nothing, so it can be made again, moto's own way.
_OPERATIONS = {
    "BatchGetItem": DynamoHandler.batch_get_item,
    "PutItem": DynamoHandler.put_item,
    "Query": DynamoHandler.query,
    "TransactWriteItems": DynamoHandler.transact_write_items,
    "UpdateItem": DynamoHandler.update_item,
}
_BYTES = b'"B":'
_JSON = {"content-type": "application/x-amz-json-1.0"}


def quicken(patch: pytest.MonkeyPatch) -> None:
    process_request = BotocoreStubber.process_request

    def processed(self: BotocoreStubber, request: AWSPreparedRequest) -> Any:
        return _answered(request) or process_request(self, request)

    patch.setattr(BotocoreStubber, "process_request", processed)
    _sign_only_for_others(patch)
    patch.setattr(responses, "method_names_from_class", cache(utils.method_names_from_class))
    # A tenth of each call went into saying who makes it.
    patch.setattr(UserAgentString, "to_string", lambda _: "tests")
    # moto makes a pair of RSA for each key, which those that encrypt data never use.
    patch.setattr("moto.kms.models.generate_private_key", cache(kms_utils.generate_private_key))


def _sign_only_for_others(patch: pytest.MonkeyPatch) -> None:
    """moto looks at who signed and where, never at the signature; but that of S3 says how its body
    is sent.
    """
    sign = RequestSigner.handler

    def named_or_signed(
        self: RequestSigner, operation_name: str, request: AWSRequest, **more: Any
    ) -> None:
        if botocore_stubber.enabled and self.signing_name != "s3":
            signer = f"testing/20260101/{self.region_name}/{self.signing_name}/aws4_request"
            request.headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={signer}"
        else:
            sign(self, operation_name, request, **more)

    patch.setattr(RequestSigner, "handler", named_or_signed)


def _answered(request: AWSPreparedRequest) -> Any:
    """Status, headers and body; None for what is left to moto."""
    service, _, operation = str(request.headers.get("x-amz-target", "")).partition(".")
    if not service.startswith("DynamoDB_") or operation not in _OPERATIONS:
        return None
    if _BYTES in request.body.replace(b" ", b""):
        return None
    handler = DynamoHandler()
    handler.body = json.loads(request.body)
    handler.region = handler.get_region_from_url(request, request.url)
    handler.current_account = DEFAULT_ACCOUNT_ID
    try:
        result = _OPERATIONS[operation](handler).result
    except Exception:  # whatever it is, moto finds it again and tells it as it should
        return None
    return 200, _JSON, json.dumps(result, default=_base64)


def _base64(value: object) -> str:
    """Raises TypeError for what is not bytes."""
    if not isinstance(value, bytes):
        raise TypeError(f"{type(value)} is not JSON")
    return base64.b64encode(value).decode()
