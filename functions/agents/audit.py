"""The audit trail: who did what, when, to what, and how it was before and after.

A record is written together with what it tells of, so neither is there without the other. It is
put where none is yet; nothing here changes or deletes one, and the rights of the functions forbid
it. It holds no secret.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pynamodb.expressions.condition import Condition

from functions.agents.actor import Actor
from functions.agents.models import AuditPage, AuditQuery, AuditView
from functions.agents.records import AuditRecord, audit_month
from shared import clock
from shared.identifiers import new_id
from shared.settings import settings
from shared.table import Write, put, put_new
from shared.web.cursor import open_cursor, seal


class Deed(StrEnum):
    """What was done. Other domains have deeds of their own: any short name will do."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    REFRESH_TOKEN_REUSED = "refresh_token_reused"
    INVITED = "invited"
    INVITATION_OPENED = "invitation_opened"
    INVITATION_ACCEPTED = "invitation_accepted"
    ROLES_CHANGED = "roles_changed"
    USER_LINKED = "user_linked"
    DISABLED = "disabled"
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXECUTED = "executed"
    EXECUTION_FAILED = "execution_failed"
    EXPIRED = "expired"


def record(
    by: Actor,
    deed: str,
    about: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> Write:
    """The write of a record, to go into the same transaction as what it tells of.

    about: the id of what it was done to. before, after: what changed, as JSON.
    """
    return put(_made(by, deed, about, before, after))


def note(by: Actor, deed: str, about: str, *, after: Mapping[str, Any] | None = None) -> None:
    """Writes a record by itself, where nothing else was changed."""
    put_new(_made(by, deed, about, None, after))


def list_audit(query: AuditQuery) -> AuditPage:
    """A page of one month, the newest first. Raises InvalidCursor."""
    month = query.month or clock.now_text()[:7]
    of = f"audit {month} {query.who} {query.deed} {query.about}"
    pk = audit_month(month)
    after = None if query.cursor is None else open_cursor(query.cursor, of=of)
    found = list(
        AuditRecord.query(
            pk,
            filter_condition=_wanted(query),
            consistent_read=True,
            scan_index_forward=False,
            last_evaluated_key={"pk": {"S": pk}, "sk": {"S": after}} if after else None,
            limit=query.limit + 1,
        )
    )
    shown = found[: query.limit]
    return AuditPage(
        items=[_view(each) for each in shown],
        next_cursor=seal(shown[-1].sk, of=of) if len(found) > len(shown) else None,
    )


def _wanted(query: AuditQuery) -> Condition | None:
    wishes = (
        (AuditRecord.who, query.who),
        (AuditRecord.deed, query.deed),
        (AuditRecord.about, query.about),
    )
    wanted: Condition | None = None
    for attribute, value in wishes:
        if value is not None:
            wanted = attribute == value if wanted is None else wanted & (attribute == value)
    return wanted


def _made(
    by: Actor,
    deed: str,
    about: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> AuditRecord:
    now_ms = clock.milliseconds()
    at = clock.text_of(now_ms)
    audit_id = f"{now_ms:013d}{new_id('')}"
    return AuditRecord(
        audit_month(at[:7]),
        audit_id,
        audit_id=f"au_{audit_id}",
        who=by.id,
        deed=str(deed),
        about=about,
        at=at,
        request_id=by.request_id,
        address=by.address or None,
        before=None if before is None else dict(before),
        after=None if after is None else dict(after),
        ttl=now_ms // 1000 + settings().audit_kept_seconds,
    )


def _view(found: AuditRecord) -> AuditView:
    return AuditView(
        audit_id=found.audit_id,
        who=found.who,
        deed=found.deed,
        about=found.about,
        at=found.at,
        request_id=found.request_id,
        address=found.address,
        before=found.before,
        after=found.after,
    )
