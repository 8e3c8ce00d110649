"""The execution of a withdrawal's state machine: starting it, and letting it go on.

It is named after the withdrawal, so there is one for each, ever.
"""

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from functions.withdrawals.progress import Outcome, progress
from functions.withdrawals.records import Withdrawal
from shared.aws import client
from shared.errors import ServiceUnavailable
from shared.observability import logger
from shared.settings import settings

_OVER = frozenset({"TaskDoesNotExist", "TaskTimedOut", "InvalidToken"})


def start(withdrawal_id: str) -> bool:
    """False when it was started before. Raises ServiceUnavailable."""
    try:
        client("stepfunctions").start_execution(
            stateMachineArn=settings().withdrawal_machine,
            name=withdrawal_id,
            input=msgspec.json.encode({"withdrawal_id": withdrawal_id}).decode(),
        )
    except ClientError as error:
        if _code(error) == "ExecutionAlreadyExists":
            return False
        raise ServiceUnavailable from error
    except BotoCoreError as error:
        raise ServiceUnavailable from error
    return True


def go_on(withdrawal: Withdrawal) -> None:
    """Tells the execution that waits for the bank how the withdrawal stands now, if one does.

    While the bank is still at work it gets a heartbeat. Raises ServiceUnavailable.
    """
    token = withdrawal.task_token
    if not token:
        return
    now = progress(withdrawal)
    try:
        if now.outcome is Outcome.ACCEPTED:
            client("stepfunctions").send_task_heartbeat(taskToken=token)
        else:
            output = msgspec.json.encode(now).decode()
            client("stepfunctions").send_task_success(taskToken=token, output=output)
    except ClientError as error:
        if _code(error) not in _OVER:
            raise ServiceUnavailable from error
        # It has waited long enough, or has had an answer: who looks next finds the record.
        logger.info("nobody_waits", extra={"withdrawal_id": withdrawal.withdrawal_id})
    except BotoCoreError as error:
        raise ServiceUnavailable from error


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])
