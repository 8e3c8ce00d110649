"""Push messages to phones, through SNS.

A platform is off until its application at SNS is configured. What SNS calls an endpoint stands for
the token of one app on one phone; the token itself is kept by SNS alone.
"""

import json
import re
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from shared.aws import client
from shared.errors import Problem, ServiceUnavailable, Texts
from shared.observability import count, logger
from shared.settings import settings
from shared.web.problems import InvalidField

Platform = Literal["ios", "android"]
_SAME_TOKEN = re.compile(r"Endpoint (\S+) already exists with the same Token")
_GONE = frozenset({"EndpointDisabled", "EndpointDisabledException", "NotFound"})


class PushUnavailable(Problem):
    status = 422
    code = "PUSH_UNAVAILABLE"
    title = Texts("推送未开通", "No push messages")
    detail = Texts("此平台的推送通知尚未开通。", "Push messages to this platform are not set up.")


class EndpointGone(Exception):
    """The app was taken from the phone, or has another token now."""


def configured() -> bool:
    """Whether any platform is."""
    return any(_applications().values())


def register(platform: Platform, token: str) -> str:
    """The endpoint (its ARN) of a token, ready to take messages. Done again, it is the same one.

    Raises PushUnavailable, InvalidField, ServiceUnavailable.
    """
    application = _applications()[platform]
    if not application:
        raise PushUnavailable
    endpoint = _endpoint_of(application, token)
    try:
        # One that was switched off, because the app had been away, comes back.
        attributes = {"Token": token, "Enabled": "true"}
        client("sns").set_endpoint_attributes(EndpointArn=endpoint, Attributes=attributes)
    except (BotoCoreError, ClientError) as error:
        raise _refused(error) from error
    return endpoint


def send(endpoint: str, *, title: str, text: str, notification_id: str) -> None:
    """Raises EndpointGone, ServiceUnavailable."""
    message = json.dumps(_message(title, text, notification_id), ensure_ascii=False)
    try:
        client("sns").publish(TargetArn=endpoint, MessageStructure="json", Message=message)
    except ClientError as error:
        if error.response["Error"]["Code"] in _GONE:
            raise EndpointGone from error
        raise _refused(error) from error
    except BotoCoreError as error:
        raise _refused(error) from error


def forget(endpoint: str) -> None:
    """Has SNS forget the token of an endpoint, if it is still there. Raises ServiceUnavailable."""
    try:
        client("sns").delete_endpoint(EndpointArn=endpoint)
    except (BotoCoreError, ClientError) as error:
        raise _refused(error) from error


def _applications() -> dict[str, str]:
    return {
        "ios": settings().push_application_ios,
        "android": settings().push_application_android,
    }


def _endpoint_of(application: str, token: str) -> str:
    try:
        made = client("sns").create_platform_endpoint(
            PlatformApplicationArn=application, Token=token
        )
    except ClientError as error:
        if known := _SAME_TOKEN.search(error.response["Error"]["Message"]):
            # SNS gives it by itself only while it is switched on.
            return known[1]
        if error.response["Error"]["Code"] == "InvalidParameter":
            reason = Texts("不是此平台的推送令牌", "is no token of this platform")
            raise InvalidField(field="token", reason=reason) from error
        raise _refused(error) from error
    except BotoCoreError as error:
        raise _refused(error) from error
    return str(made["EndpointArn"])


def _message(title: str, text: str, notification_id: str) -> dict[str, str]:
    """What each service wants: SNS picks the one that the endpoint belongs to."""
    apple: dict[str, Any] = {
        "aps": {"alert": {"title": title, "body": text}, "sound": "default"},
        "notification_id": notification_id,
    }
    google = {
        "notification": {"title": title, "body": text},
        "data": {"notification_id": notification_id},
    }
    for_apple = json.dumps(apple, ensure_ascii=False)
    return {
        "default": text,
        "APNS": for_apple,
        "APNS_SANDBOX": for_apple,
        "GCM": json.dumps(google, ensure_ascii=False),
    }


def _refused(error: Exception) -> ServiceUnavailable:
    logger.warning("push_refused", extra={"reason": type(error).__name__})
    count("PushRefused")
    return ServiceUnavailable()
