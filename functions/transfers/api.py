"""Routes of transfers."""

from collections.abc import Iterable

from functions.diagnosis.dry_run import asker_of
from functions.diagnosis.models import Explained
from functions.identity.cool_down import CoolDown
from functions.identity.pay_password import (
    PayPasswordLocked,
    PayPasswordNotSet,
    WrongPayPassword,
)
from functions.identity.session_check import session_check
from functions.identity.step_up import StepUpRequired
from functions.risk.guard import RiskBlocked
from functions.transfers.cancellation import NotCancellable, cancel
from functions.transfers.diagnosis import explained
from functions.transfers.models import TransferRequest, TransferView
from functions.transfers.transfer import (
    REFUSALS,
    PayeeNotFound,
    SelfTransfer,
    needed,
    send,
    view,
    visible,
)
from shared.errors import NotFound
from shared.ledger.errors import AccountClosed, AccountFrozen, InsufficientFunds, LimitExceeded
from shared.ledger.records import Transfer, account_key, transfer_key
from shared.rate_limit import TooManyRequests
from shared.table import Key
from shared.web import Api, Call, Reply

api = Api(__name__, session_check)


@api.operation(
    "POST",
    "/v1/transfers",
    body=TransferRequest,
    answers={201: TransferView},
    problems=(
        AccountClosed,
        AccountFrozen,
        CoolDown,
        InsufficientFunds,
        LimitExceeded,
        PayeeNotFound,
        PayPasswordLocked,
        PayPasswordNotSet,
        RiskBlocked,
        SelfTransfer,
        StepUpRequired,
        TooManyRequests,
        WrongPayPassword,
    ),
    moves_money=True,
    reads=needed,
    explain=REFUSALS.explain,
)
def create_transfer(call: Call[TransferRequest]) -> Reply:
    """Sends money to another user, at once or delayed."""
    posting = send(call)
    return Reply(201, view(posting.transfer, first_answer=True), posting.replayed)


def _its_transfer(call: Call[None]) -> Iterable[Key]:
    yield transfer_key(call.path["transfer_id"])


@api.operation(
    "GET",
    "/v1/transfers/{transfer_id}",
    answers={200: TransferView},
    problems=(NotFound,),
    reads=_its_transfer,
)
def get_transfer(call: Call[None]) -> Reply:
    """Shows a transfer to its payer and, once it has arrived, to its payee."""
    transfer = call.found.one(Transfer, transfer_key(call.path["transfer_id"]))
    return Reply(200, view(visible(transfer, call.user_id)))


def _to_explain(call: Call[None]) -> Iterable[Key]:
    yield from _its_transfer(call)
    yield account_key(call.user_id)


@api.operation(
    "GET",
    "/v1/transfers/{transfer_id}/diagnosis",
    answers={200: Explained},
    problems=(NotFound,),
    reads=_to_explain,
)
def diagnose_transfer(call: Call[None]) -> Reply:
    """Tells why a transfer failed, and whether it would pass now."""
    transfer_id = call.path["transfer_id"]
    transfer = call.found.one(Transfer, transfer_key(transfer_id))
    by, language = asker_of(call), call.language
    return Reply(
        200, explained(transfer_id, transfer, user_id=call.user_id, by=by, language=language)
    )


@api.operation(
    "POST",
    "/v1/transfers/{transfer_id}/cancel",
    answers={200: TransferView},
    problems=(NotFound, NotCancellable),
    reads=_its_transfer,
)
def cancel_transfer(call: Call[None]) -> Reply:
    """Takes a delayed transfer back, until it arrives."""
    transfer = call.found.one(Transfer, transfer_key(call.path["transfer_id"]))
    return Reply(200, view(cancel(transfer, call.user_id)))
