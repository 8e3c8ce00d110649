"""The route of a user's own data: it knows the views of all domains, and few ask for it."""

from functions.identity.export import PersonalData, export
from functions.identity.models import PasswordProof
from functions.identity.origin import origin_of, seen
from functions.identity.password_proof import AccountLocked, WrongPassword
from functions.identity.records import User, user_key
from functions.identity.session_check import session_check
from shared.ledger.records import Account, account_key
from shared.table import Key
from shared.web import Api, Call, Reply
from shared.web.problems import Unauthenticated

api = Api(__name__, session_check)


def _user_and_account(call: Call[PasswordProof]) -> list[Key]:
    return [user_key(call.user_id), account_key(call.user_id)]


@api.operation(
    "POST",
    "/v1/me/export",
    body=PasswordProof,
    answers={200: PersonalData},
    problems=(AccountLocked, WrongPassword),
    reads=_user_and_account,
)
def export_me(call: Call[PasswordProof]) -> Reply:
    """Gives all that the wallet holds on the user; long lists go on at their own addresses."""
    user = call.found.one(User, user_key(call.user_id))
    if user is None:
        raise Unauthenticated
    data = export(
        user,
        call.found.one(Account, account_key(call.user_id)),
        password=call.body.password,
        session_id=call.session_id,
        language=call.language,
        origin=origin_of(call),
        seen=seen(call),
    )
    return Reply(200, data)
