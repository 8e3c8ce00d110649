"""Files: whose they are, what they may be, and that nobody opens what was not found clean."""

from dataclasses import dataclass

import pytest

from functions.support.attachments import (
    AttachmentNotChecked,
    AttachmentRefused,
    ask_to_upload,
    check_uploaded,
    content_of,
    harmless,
    link_to,
    store,
)
from functions.support.conversation import add_message
from functions.support.models import AttachmentRequest
from shared.aws import client
from shared.errors import NotFound
from shared.settings import settings
from tests.functions.support.files import PNG
from tests.functions.support.saying import USER, messages, opened, said, texts

S3 = {"Bucket": "test-support"}


def uploaded(content: bytes = PNG, *, size: int = len(PNG), owner: str = USER) -> str:
    wish = AttachmentRequest(name="../evil\n.png", content_type="image/png", size=size)
    asked = ask_to_upload(owner, wish)
    key = f"attachments/{asked.attachment_id}"
    client("s3").put_object(**S3, Key=key, Body=content, ContentType="image/png")
    return asked.attachment_id


def test_a_file_belongs_to_the_ticket_of_its_message() -> None:
    attachment_id = uploaded()
    check_uploaded([attachment_id], USER)
    posted = opened(attachments=(attachment_id,))

    assert messages(posted.ticket_id)[0].attachments == [attachment_id]
    known, content = content_of(attachment_id, posted.ticket_id)
    assert (known.name, content) == ("evil_.png", PNG)
    assert f"attachments/{attachment_id}" in link_to(attachment_id, posted.ticket_id)


def test_a_file_is_in_no_other_ticket() -> None:
    attachment_id = uploaded()
    check_uploaded([attachment_id], USER)
    opened(attachments=(attachment_id,))
    other = opened(source_id="2")

    with pytest.raises(NotFound):
        link_to(attachment_id, other.ticket_id)
    with pytest.raises(AttachmentRefused):
        add_message(other.ticket_id, said("Look", "3", attachments=(attachment_id,)))
    assert len(texts(other.ticket_id)) == 1


@dataclass
class Refused:
    why: str
    content: bytes
    size: int = len(PNG)
    owner: str = USER


@pytest.mark.parametrize(
    "case",
    [
        Refused("not what it says", b"MZ" + b"\x00" * (len(PNG) - 2)),
        Refused("larger than it says", PNG + b"more"),
        Refused("of somebody else", PNG, owner="u_other"),
    ],
    ids=lambda case: case.why,
)
def test_what_is_not_as_it_was_said_is_refused(case: Refused) -> None:
    attachment_id = uploaded(case.content, size=case.size, owner=case.owner)
    with pytest.raises(AttachmentRefused):
        check_uploaded([attachment_id], USER)
    with pytest.raises(AttachmentRefused):
        opened(attachments=(attachment_id,))


def test_what_was_never_uploaded_is_refused() -> None:
    wish = AttachmentRequest(name="a.png", content_type="image/png", size=9)
    asked = ask_to_upload(USER, wish)
    for attachment_id in (asked.attachment_id, "at_unknown"):
        with pytest.raises(AttachmentRefused):
            check_uploaded([attachment_id], USER)


def test_nobody_opens_what_was_not_found_clean() -> None:
    attachment_id = store(USER, "a.pdf", "application/pdf", b"%PDF-1", source="m1", clean=False)
    again = store(USER, "a.pdf", "application/pdf", b"%PDF-1", source="m1", clean=False)
    posted = opened(channel="mail", attachments=(attachment_id,))

    assert again == attachment_id
    with pytest.raises(AttachmentNotChecked):
        link_to(attachment_id, posted.ticket_id)


def test_where_files_are_scanned_the_verdict_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTACHMENT_SCAN", "on")
    settings.cache_clear()
    attachment_id = uploaded()
    check_uploaded([attachment_id], USER)
    posted = opened(attachments=(attachment_id,))
    with pytest.raises(AttachmentNotChecked):
        link_to(attachment_id, posted.ticket_id)
    for verdict in ("THREATS_FOUND", "NO_THREATS_FOUND"):
        tags = [{"Key": "GuardDutyMalwareScanStatus", "Value": verdict}]
        key = f"attachments/{attachment_id}"
        client("s3").put_object_tagging(**S3, Key=key, Tagging={"TagSet": tags})
        if verdict == "THREATS_FOUND":
            with pytest.raises(AttachmentNotChecked):
                link_to(attachment_id, posted.ticket_id)
    assert link_to(attachment_id, posted.ticket_id)
    monkeypatch.undo()
    settings.cache_clear()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\x.exe", "x.exe"),
        ('a"; filename="b.html', "a_ filename_b.html"),
        ("\r\nSet-Cookie: a=b", "_Set-Cookie_ a_b"),
        ("付款截图.png", "付款截图.png"),
        ("...", "file"),
        ("x" * 300 + ".png", "x" * 71 + ".png"),
    ],
)
def test_a_name_is_nothing_but_a_name(given: str, kept: str) -> None:
    assert harmless(given) == kept
