"""The route of a user's own data: it knows the views of all domains, and few ask for it."""

from functions.identity.asker import asker, user_and_account
from functions.identity.export import PersonalData, export
from functions.identity.models import PasswordProof
from functions.identity.origin import origin_of, seen
from functions.identity.password_proof import AccountLocked, WrongPassword
from functions.identity.session_check import session_check
from shared.ledger.records import Account, account_key
from shared.web import Api, Call, Reply

api = Api(__name__, session_check)


@api.operation(
    "POST",
    "/v1/me/export",
    body=PasswordProof,
    answers={200: PersonalData},
    problems=(AccountLocked, WrongPassword),
    reads=user_and_account,
)
def export_me(call: Call[PasswordProof]) -> Reply:
    """Gives all that the wallet holds on the user; long lists go on at their own addresses."""
    data = export(
        asker(call),
        call.found.one(Account, account_key(call.user_id)),
        password=call.body.password,
        session_id=call.session_id,
        language=call.language,
        origin=origin_of(call),
        seen=seen(call),
    )
    return Reply(200, data)
