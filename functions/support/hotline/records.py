"""The records of the hotline, in the table `records`.

| record      | pk                       | sk         |
|-------------|--------------------------|------------|
| HotlineCall | `CALL#<contact id>`      | `CALL`     |
| Callback    | `CALLBACK#<callback id>` | `CALLBACK` |
"""

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from shared.table import DomainRecord, IntegerAttribute, Key

WAITING, TAKEN, DONE, GIVEN_UP = "waiting", "taken", "done", "given_up"


class HotlineCall(DomainRecord):
    """One call, for as long as it lasts. `phone` is sealed, and none where it was withheld.

    `verification_id` is of the code that was sent to it. `user_id` is whose it is, once that code
    was told; before that nothing is said of anybody.
    """

    contact_id = UnicodeAttribute()
    phone = UnicodeAttribute(null=True)
    verification_id = UnicodeAttribute(null=True)
    user_id = UnicodeAttribute(null=True)
    ticket_id = UnicodeAttribute(null=True)


class Callback(DomainRecord):
    """Somebody who is to be called. `phone` is sealed, `masked` what of it may be seen.

    `registered`: it is the phone of `user_id`. While somebody must call it waits in the index
    `due`: from `due_at` on, or when whoever took it has not said how it went. `tries` counts the
    calls that nobody answered.
    """

    callback_id = UnicodeAttribute()
    user_id = UnicodeAttribute(null=True)
    ticket_id = UnicodeAttribute()
    phone = UnicodeAttribute()
    masked = UnicodeAttribute()
    registered = BooleanAttribute(default=False)
    topic = UnicodeAttribute()
    language = UnicodeAttribute()
    state = UnicodeAttribute()
    taken_by = UnicodeAttribute(null=True)
    tries = IntegerAttribute(default=0)
    version = IntegerAttribute(default=0)
    created_at = UnicodeAttribute()


def call_key(contact_id: str) -> Key:
    return Key(HotlineCall, f"CALL#{contact_id}", "CALL")


def callback_key(callback_id: str) -> Key:
    return Key(Callback, f"CALLBACK#{callback_id}", "CALLBACK")
