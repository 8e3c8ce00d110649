"""Statements as files: exact, harmless, made once in the background, and told from forged ones."""

import hashlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pypdfium2
import pytest

import app
from functions.statements.events import on_wishes
from functions.statements.paper import Paper
from functions.statements.sheet import harmless
from shared.errors import ServiceUnavailable
from shared.ledger import FromUser, Movement, ToSystem, post
from shared.ledger import statement as ledger_statement
from shared.ledger.accounts import FEES
from shared.ledger.records import Entry
from shared.money import Money, decimal
from shared.settings import settings
from tests.agents import at_work
from tests.clock import TestClock
from tests.faults import CUTS, Attempt, Fault, Swept, intercepted, sweep
from tests.functions.bank_cards import unused_phone
from tests.functions.statements.files import (
    FILES,
    FROM,
    ask,
    content,
    look,
    made,
    rows,
    run_queue,
    waiting_messages,
)
from tests.ledger_accounts import account
from tests.people import Person, fund, register

VERIFY = "/v1/agent/statement-files/verify"


def pay(person: Person, amount: int, *, note: str, to: str = "Noodles") -> None:
    movement = Movement(
        transfer_id=f"t_{person.user_id}_{amount}",
        kind="payment",
        amount=Money(amount=amount),
        note=note,
    )
    post(movement, debit=FromUser(account(person.user_id)), credit=ToSystem(FEES, label=to))


def entry(amount: int, **more: Any) -> Entry:
    """One that stands in no ledger."""
    return Entry(
        **{
            "kind": "top_up",
            "direction": "in",
            "amount": amount,
            "balance_after": amount,
            "created_at": "2026-03-01T04:00:00.000Z",
            "transfer_id": f"t_{amount}",
            **more,
        }
    )


def pages(raw: bytes) -> list[str]:
    """The text of each page, as a reader sees it."""
    with pypdfium2.PdfDocument(raw) as document:
        return [page.get_textpage().get_text_range().strip() for page in document]


@pytest.fixture
def ana(test_clock: TestClock) -> Person:
    """With 10,000.07 yuan from the bank and a payment of 12.05."""
    person = register(unused_phone(), funds=1_000_007)
    test_clock.move(minutes=1)
    pay(person, 1_205, note='午饭, "extra" 🍜')
    test_clock.move(minutes=1)
    return person


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_statement, "_CHUNK_SIZE", 1)


@pytest.fixture
def two_lines_at_most(request: pytest.FixtureRequest) -> Iterator[None]:
    """Of the form that the test is about."""
    monkeypatch = request.getfixturevalue("monkeypatch")
    name = "STATEMENT_PDF_LINES_LIMIT" if request.cls is TestPdf else "STATEMENT_LINES_LIMIT"
    monkeypatch.setenv(name, "2")
    settings.cache_clear()
    yield
    monkeypatch.delenv(name)
    settings.cache_clear()


def test_it_is_known_to_the_app_by_the_name_of_the_template() -> None:
    assert "make_statement_files" in app.app.handler_map


class TestContent:
    def test_it_has_every_entry_oldest_first_to_the_cent(self, ana: Person) -> None:
        _, raw = made(ana)
        title, headings, *lines = rows(raw)

        assert title[0] == "U Wallet statement"
        assert title[2:4] == [ana.user_id, "2026-03-01T00:00:00.000Z"]
        assert headings[:6] == ["Time", "Kind", "Direction", "Amount", "Currency", "Balance"]
        assert [line[:6] for line in lines] == [
            ["2026-03-01T04:00:00.000Z", "top-up", "in", "10000.07", "CNY", "10000.07"],
            ["2026-03-01T04:01:00.000Z", "payment", "out", "12.05", "CNY", "9988.02"],
        ]
        assert lines[1][6:8] == ["Noodles", '午饭, "extra" 🍜']

    def test_it_is_in_the_language_of_who_asks(self, ana: Person) -> None:
        _, raw = made(ana, language="zh-CN")
        title, headings, first, _ = rows(raw)

        assert (title[0], headings[0], first[1:3]) == ("U钱包账单", "时间", ["充值", "收入"])
        assert raw.startswith(b"\xef\xbb\xbf")

    def test_it_ends_where_it_was_asked_to(self, ana: Person) -> None:
        _, raw = made(ana, to="2026-03-01T04:01:00Z")

        assert [line[3] for line in rows(raw)[2:]] == ["10000.07"]

    def test_a_time_without_entries_is_a_file_too(self, ana: Person) -> None:
        shown, raw = made(ana, to="2026-03-01T01:00:00Z")

        assert (shown["lines"], len(rows(raw))) == (0, 2)

    @pytest.mark.parametrize(
        "note",
        ["=1+1", "+86", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", '=HYPERLINK("x")'],
    )
    def test_no_note_becomes_a_formula(self, ana: Person, test_clock: TestClock, note: str) -> None:
        pay(ana, 3, note=note, to=note)
        test_clock.move(seconds=1)
        _, raw = made(ana)
        line = rows(raw)[-1]

        assert line[6:8] == [f"'{note}"] * 2

    def test_what_is_harmless_stays_as_it_is(self) -> None:
        for text in ("", "午饭", "a=b", "3-4", "x\n=1", "'=1"):
            assert harmless(text) == text

    def test_amounts_are_exact(self) -> None:
        for minor in (1, 9, 10, 99, 100, 101, 999_999_999_999, 10**12):
            assert Decimal(decimal(minor)) * 100 == minor
        assert [decimal(1), decimal(100), decimal(10**12)] == ["0.01", "1.00", "10000000000.00"]


class TestPdf:
    """Read by PDFium, which is what Chrome and Android show PDF with."""

    def test_it_has_every_entry_to_the_cent_and_their_sums(self, ana: Person) -> None:
        shown, raw = made(ana, format="pdf")
        (text,) = pages(raw)

        assert (shown["format"], raw[:8]) == ("pdf", b"%PDF-1.7")
        lines = text.split("\r\n")
        assert lines[0] == "U Wallet statement"
        assert lines[1] == f"Account {ana.user_id}"
        assert lines[3] == "Time Kind Amount Balance Other side"
        figures = [line for line in lines if line.startswith("2026-03-01 12:0")]
        assert figures[0].startswith("2026-03-01 12:00:00 top-up +10000.07 10000.07")
        assert figures[1] == "2026-03-01 12:01:00 payment -12.05 9988.02 Noodles"
        assert "2 entries, in 10000.07, out 12.05" in lines
        assert lines[-1].endswith("Page 1 of 1")

    def test_chinese_is_chinese_and_notes_are_whole(
        self, ana: Person, test_clock: TestClock
    ) -> None:
        note = "很长的备注" * 40
        pay(ana, 3, note=note, to="咖啡馆")
        test_clock.move(seconds=1)
        _, raw = made(ana, format="pdf", language="zh-CN")
        (text,) = pages(raw)

        assert text.startswith("U钱包账单\r\n账户")
        for word in ("时间 类型 金额 余额 对方", "付款 -0.03", "咖啡馆", "午饭", "充值"):
            assert word in text
        assert note in text.replace("\r\n", "")

    def test_many_entries_take_many_pages_and_none_is_lost(self) -> None:
        paper = Paper("en")
        paper.begin(file_id="sf_1", user_id="u_1", from_ms=0, to_ms=1_000)
        amounts = range(1, 101)
        paper.add(entry(amount) for amount in amounts)
        found = pages(paper.finish())

        assert len(found) == 4
        assert [page.split("Page ")[1] for page in found] == [
            f"{number} of 4" for number in (1, 2, 3, 4)
        ]
        told = [line.split()[3] for line in "\r\n".join(found).split("\r\n") if "+" in line]
        assert told == [f"+{decimal(amount)}" for amount in amounts]

    def test_it_is_the_same_bytes_each_time(self) -> None:
        def written() -> bytes:
            paper = Paper("zh")
            paper.begin(file_id="sf_1", user_id="u_1", from_ms=0, to_ms=1_000)
            paper.add([entry(5, note="🍜\x07(\\", counterparty_label="名" * 40)])
            return paper.finish()

        assert written() == written()

    def test_one_that_nobody_would_print_is_refused(
        self, ana: Person, two_lines_at_most: None, test_clock: TestClock
    ) -> None:
        fund(ana.user_id, 5)
        test_clock.move(minutes=1)

        refused = ana.call("POST", FILES, {"from": FROM, "format": "pdf"})
        assert (refused.status, refused.code) == (422, "STATEMENT_TOO_LONG")
        assert ask(ana)["lines"] == 3

    def test_support_tells_a_genuine_one(self, ana: Person) -> None:
        shown, raw = made(ana, format="pdf")
        agent = at_work("li@bank.example", "agent")

        told = [
            agent.call("POST", VERIFY, {"sha256": hashlib.sha256(one).hexdigest()}).json["genuine"]
            for one in (raw, raw + b"\n")
        ]
        assert told == [True, False]
        assert f'filename="u-wallet-{shown["statement_file_id"]}.pdf"' in unquote(shown["url"])


class TestMaking:
    def test_it_waits_and_then_is_there_with_its_sum_and_a_link(self, ana: Person) -> None:
        wanted = ask(ana)
        assert (wanted["status"], wanted["progress"], wanted["lines"]) == ("waiting", 0, 2)
        assert wanted["url"] is wanted["sha256"] is None

        run_queue()
        shown = look(ana, wanted["statement_file_id"])
        raw = content(shown)
        assert (shown["status"], shown["progress"]) == ("ready", 100)
        assert shown["sha256"] == hashlib.sha256(raw).hexdigest()
        assert shown["size"] == len(raw)
        signed = parse_qs(urlsplit(shown["url"]).query)
        assert signed["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
        assert signed["X-Amz-Expires"] == ["300"]

    def test_its_progress_can_be_seen(self, ana: Person, small_chunks: None) -> None:
        wanted, seen = ask(ana), []

        def answer(attempt: Attempt) -> Any:
            given = attempt.make()
            if attempt.operation == "UpdateItem":
                seen.append(look(ana, wanted["statement_file_id"])["progress"])
            return given

        with intercepted(answer):
            run_queue()

        assert seen == [50, 99]

    def test_the_same_request_is_the_same_file(self, ana: Person) -> None:
        to = "2026-03-01T04:02:00Z"
        first = ask(ana, to=to)
        again = ask(ana, to=to)
        assert again == first
        assert run_queue() == 2

        ready = ask(ana, to=to)
        assert (ready["statement_file_id"], ready["status"]) == (
            first["statement_file_id"],
            "ready",
        )
        assert run_queue() == 0

    def test_a_file_made_twice_has_the_same_bytes(self, ana: Person) -> None:
        wanted = ask(ana)
        (message,) = waiting_messages()
        on_wishes({"Records": [message]}, None)
        before = look(ana, wanted["statement_file_id"])
        fund(ana.user_id, 5)
        on_wishes({"Records": [message]}, None)

        after = look(ana, wanted["statement_file_id"])
        assert after["sha256"] == before["sha256"]

    def test_one_that_can_not_be_made_is_failed_and_can_be_asked_for_again(
        self, ana: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        to = "2026-03-01T04:02:00Z"
        wanted = ask(ana, to=to)
        (message,) = waiting_messages()
        monkeypatch.setenv("STATEMENT_BUCKET", "nowhere")
        settings.cache_clear()
        for count, status in ((1, "waiting"), (2, "waiting"), (3, "failed")):
            message["attributes"]["ApproximateReceiveCount"] = str(count)
            with pytest.raises(ServiceUnavailable):
                on_wishes({"Records": [message]}, None)
            assert look(ana, wanted["statement_file_id"])["status"] == status

        monkeypatch.setenv("STATEMENT_BUCKET", "test-statements")
        settings.cache_clear()
        assert ask(ana, to=to)["status"] == "waiting"
        run_queue()
        assert look(ana, wanted["statement_file_id"])["status"] == "ready"

    def test_a_file_that_the_bucket_forgets_can_be_made_anew(
        self, ana: Person, test_clock: TestClock
    ) -> None:
        to = "2026-03-01T04:02:00Z"
        shown, _ = made(ana, to=to)
        test_clock.move(hours=24 * 7)
        ana = ana.signed_in_again()
        assert look(ana, shown["statement_file_id"])["status"] == "expired"

        again, _ = made(ana, to=to)
        assert (again["status"], again["sha256"]) == ("ready", shown["sha256"])


class TestRefusals:
    def test_a_time_that_is_none_is_refused(self, ana: Person) -> None:
        bodies: list[dict[str, object]] = [
            {"from": "yesterday"},
            {"from": FROM, "to": "2026-03-01"},
            {"from": FROM, "to": FROM},
            {"from": "2027-01-01T00:00:00Z"},
            {"to": FROM},
            {"from": FROM, "format": "xls"},
        ]
        for body in bodies:
            answer = ana.call("POST", FILES, body)
            assert (answer.status, answer.code) == (400, "INVALID_FIELD"), body

    def test_too_many_entries_are_refused(
        self, ana: Person, two_lines_at_most: None, test_clock: TestClock
    ) -> None:
        assert ask(ana)["lines"] == 2
        fund(ana.user_id, 5)
        test_clock.move(minutes=1)

        answer = ana.call("POST", FILES, {"from": FROM})
        assert (answer.status, answer.code) == (422, "STATEMENT_TOO_LONG")
        assert run_queue() == 1

    def test_there_is_an_end_to_a_day(self, ana: Person, test_clock: TestClock) -> None:
        statuses = set()
        for _ in range(settings().statement_files_per_day):
            test_clock.move(seconds=1)
            statuses.add(ana.call("POST", FILES, {"from": FROM}).status)
        assert statuses == {202}

        test_clock.move(seconds=1)
        refused = ana.call("POST", FILES, {"from": FROM})
        assert (refused.status, refused.code) == (429, "TOO_MANY_REQUESTS")

    def test_nobody_sees_the_file_of_another(self, ana: Person) -> None:
        wanted = ask(ana)
        other = register(unused_phone())

        for file_id in (wanted["statement_file_id"], "sf_unknown"):
            answer = other.call("GET", f"{FILES}/{file_id}")
            assert (answer.status, answer.code) == (404, "NOT_FOUND")


class TestVerification:
    def test_support_tells_a_genuine_file(self, ana: Person) -> None:
        shown, raw = made(ana)
        agent = at_work("li@bank.example", "agent")

        answer = agent.call("POST", VERIFY, {"sha256": hashlib.sha256(raw).hexdigest()})
        assert answer.status == 200, answer.text
        told = answer.json
        assert told.pop("made_at").startswith("2026-03-01T04:02")
        assert told == {
            "genuine": True,
            "statement_file_id": shown["statement_file_id"],
            "user_id": ana.user_id,
            "merchant_id": None,
            "from": shown["from"],
            "to": shown["to"],
        }

    def test_one_changed_digit_is_told(self, ana: Person) -> None:
        _, raw = made(ana)
        forged = hashlib.sha256(raw.replace(b"9988.02", b"9998.02")).hexdigest()

        answer = at_work("li@bank.example", "agent").call("POST", VERIFY, {"sha256": forged})
        assert (answer.json["genuine"], answer.json["user_id"]) == (False, None)

    def test_users_and_strangers_can_not_ask(self, ana: Person) -> None:
        body = {"sha256": "a" * 64}
        assert ana.call("POST", VERIFY, body).status == 401
        agent = at_work("li@bank.example", "agent")
        for sha256 in ("", "a" * 63, "A" * 64, "g" * 64):
            assert agent.call("POST", VERIFY, {"sha256": sha256}).status == 400


class Making(Swept):
    """Of a file, by the queue."""

    def prepare(self) -> None:
        self.ana = register(unused_phone(), pay_password=False, funds=700)
        self.wanted = ask(self.ana, to="2026-03-01T04:00:00.001Z")
        (self.message,) = waiting_messages()

    def act(self) -> Any:
        on_wishes({"Records": [self.message]}, None)
        return None

    def check_done(self) -> None:
        self.ana = self.ana.back_again()
        shown = look(self.ana, self.wanted["statement_file_id"])
        assert shown["status"] == "ready"
        assert shown["sha256"] == hashlib.sha256(content(shown)).hexdigest()

    def run_sweepers(self) -> None:
        """There is none: a message that was not dealt with comes again."""


@pytest.mark.parametrize("fault", CUTS, ids=lambda fault: fault.name)
def test_it_is_made_whatever_fails(fault: Fault, test_clock: TestClock) -> None:
    assert sweep(Making, fault, test_clock)
