"""Whatever mail comes: nothing crashes, nothing is lost, nothing comes into a ticket of others."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from functions.support.mail.raw_mails import readable_of
from functions.support.mail.reading import read_mail
from functions.support.mail.records import FILED, QUARANTINED, ReceivedMail
from shared.aws import client
from shared.settings import settings
from tests.functions.support.mail.nasty_mails import nasty_mails
from tests.functions.support.mail.posting import NO_POLICY, delivered, went_out, written
from tests.functions.support.saying import texts

FOUND = Path(__file__).parents[4].parent / "shared" / "mail"
IN_THE_WILD = sorted(FOUND.rglob("*.eml"))


@pytest.fixture(autouse=True)
def no_storm(monkeypatch: pytest.MonkeyPatch) -> Iterable[None]:
    """Many of them have one sender."""
    monkeypatch.setenv("MAILS_PER_SENDER_PER_HOUR", "1000")
    settings.cache_clear()
    yield
    settings.cache_clear()


def raw_of(record: ReceivedMail) -> bytes:
    place = {"Bucket": settings().mail_bucket, "Key": record.object_key}
    content: bytes = client("s3").get_object(**place)["Body"].read()
    return content


def check_kept(name: str, raw: bytes, record: ReceivedMail) -> None:
    assert raw_of(record) == raw, name
    assert record.state in {FILED, QUARANTINED}, name
    if record.state == FILED:
        # Some of them are one mail twice, and so one message.
        assert any(text for _, text in texts(record.ticket_id)), name
        shown = readable_of(record.mail_id)
        assert "<script" not in (shown.html or "").lower(), name
        assert "<img" not in (shown.html or "").lower(), name


def test_each_nasty_mail_ends_in_a_ticket_or_aside_and_none_in_a_ticket_of_others() -> None:
    others = delivered(written("Mine.", sender="victim@post.example")).ticket_id
    before = texts(others)
    for name, raw in nasty_mails().items():
        check_kept(name, raw, delivered(raw))

    assert texts(others) == before


@pytest.mark.parametrize("verdicts", [NO_POLICY], ids=["unproven"])
def test_mails_as_they_occur_end_in_a_ticket_or_aside(verdicts: dict[str, str]) -> None:
    """Where the collection lies beside the project; the nasty ones of our own are always there."""
    others = delivered(written("Mine.", sender="victim@post.example")).ticket_id
    before = texts(others)
    for file in IN_THE_WILD:
        raw = file.read_bytes()
        check_kept(file.name, raw, delivered(raw, **verdicts))

    assert texts(others) == before


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gb18030 called gb2312", "付款失败了，请帮我看看，谢谢。㐀𠀀"),
        ("gb18030 called ascii", "付款失败了，请帮我看看，谢谢。"),
        ("gb18030 called latin", "付款失败了，请帮我看看，谢谢。"),
        ("utf-8 called latin", "付款失败了，请帮我看看，谢谢。"),
        ("big5 as it is", "付款失敗"),
        ("unknown charset", "付款失败了，请帮我看看，谢谢。"),
        ("latin called utf-8", "caf"),
    ],
)
def test_a_text_is_read_whatever_its_charset_is_called(name: str, text: str) -> None:
    assert read_mail(nasty_mails()[name]).text.startswith(text)


def test_letters_that_were_split_between_words_are_put_together() -> None:
    assert read_mail(nasty_mails()["subject of split letters"]).subject == "答"


@pytest.mark.parametrize("name", ["two senders in a line", "two lines of senders"])
def test_who_names_two_senders_is_neither(name: str) -> None:
    assert not read_mail(nasty_mails()[name]).sole_sender


def test_nothing_of_a_mail_gets_into_the_headers_of_an_answer() -> None:
    for name in ("a header in the subject", "a sender with an end of line", "a long message id"):
        delivered(nasty_mails()[name])

    assert len(went_out()) >= 2
    for mail in went_out():
        assert mail["Bcc"] is None
        assert mail.get_content_type() == "text/plain"
