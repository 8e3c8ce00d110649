"""Files of mails: names are nothing but names, and only what was found clean can be opened."""

import pytest

from functions.support.attachments import views
from functions.support.mail.raw_mails import readable_of
from tests.functions.support.mail.nasty_mails import nasty_mails
from tests.functions.support.mail.posting import delivered, message_of, written

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 20


def files_of(raw: bytes, **verdicts: str | None) -> list[tuple[str, str, bool]]:
    """Name, kind and whether it can be opened, of each file of a mail."""
    ids = message_of(delivered(raw, **verdicts)).attachments or []
    known = views(ids)
    return [(known[one].name, known[one].content_type, known[one].can_be_opened) for one in ids]


def with_picture() -> bytes:
    mail = written("See there.")
    mail.add_attachment(PNG, maintype="image", subtype="png", filename="receipt.png")
    return mail.as_bytes()


def test_a_clean_picture_can_be_opened() -> None:
    assert files_of(with_picture()) == [("receipt.png", "image/png", True)]


@pytest.mark.parametrize("verdict", ["GRAY", "PROCESSING_FAILED", None])
def test_without_a_clean_verdict_nothing_can_be_opened(verdict: str | None) -> None:
    assert files_of(with_picture(), virus=verdict) == [("receipt.png", "image/png", False)]


@pytest.mark.parametrize(
    ("mail", "name"),
    [
        ("a way up", "passwd"),
        ("a way up in Windows", "autoexec.bat"),
        ("a way up in code", "passwd"),
        ("a way up of RFC 2231", "passwd"),
    ],
)
def test_a_name_is_no_way(mail: str, name: str) -> None:
    assert [file[0] for file in files_of(nasty_mails()[mail])] == [name]


@pytest.mark.parametrize("mail", ["a name with a zero byte", "a name that turns round"])
def test_a_name_hides_nothing(mail: str) -> None:
    ((name, _, _),) = files_of(nasty_mails()[mail])

    assert name.endswith(".exe")
    assert name.isprintable()


@pytest.mark.parametrize("mail", ["a zip bomb", "a program called picture", "winmail.dat"])
def test_what_is_not_of_a_harmless_kind_is_kept_closed(mail: str) -> None:
    ((_, kind, can_be_opened),) = files_of(nasty_mails()[mail])

    assert (kind, can_be_opened) == ("application/octet-stream", False)


def test_too_many_and_too_large_files_stay_in_the_raw_mail_and_that_is_told() -> None:
    many = delivered(nasty_mails()["30 files"])
    large = delivered(nasty_mails()["a file too large"])

    assert len(message_of(many).attachments) == 10
    assert message_of(large).attachments is None
    assert readable_of(many.mail_id).unread == ("attachments beyond the first ones",)
    assert readable_of(large.mail_id).unread == ("an attachment that is too large",)
