"""Text messages through SNS."""

from botocore.exceptions import BotoCoreError, ClientError

from shared.aws import client
from shared.errors import ServiceUnavailable
from shared.observability import count, logger
from shared.settings import settings


def send(phone: str, text: str) -> None:
    """Hands a message to SNS. Raises ServiceUnavailable when SNS does not take it."""
    try:
        client("sns").publish(
            PhoneNumber=phone,
            Message=text,
            MessageAttributes={
                "AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"},
                "AWS.SNS.SMS.SenderID": {
                    "DataType": "String",
                    "StringValue": settings().sms_sender_id,
                },
            },
        )
    except (BotoCoreError, ClientError) as error:
        logger.warning("sms_refused", extra={"reason": type(error).__name__})
        count("SmsRefused")
        raise ServiceUnavailable from error
