"""A statement as a file: asked for, made behind the queue, fetched by its link, verified."""

import hashlib

import pypdfium2
import urllib3

from infra.phone_app import PhoneApp
from infra.stack import Addresses
from tests.e2e.conftest import eventually, somebody

FILES = "/v1/wallet/statement-files"


def status_of(app: PhoneApp, file_id: str) -> str:
    return str(app.must(200, "GET", f"{FILES}/{file_id}")["status"])


def test_a_statement_comes_as_a_file_with_its_sum(addresses: Addresses) -> None:
    ana, bo = somebody(addresses, funds=10_007), somebody(addresses)
    assert ana.transfer({"phone": bo.phone}, 305, note="=1+1").status == 201

    wanted = ana.must(202, "POST", FILES, {"from": "2020-01-01T00:00:00Z"})
    file_id = wanted["statement_file_id"]
    eventually(lambda: status_of(ana, file_id), "ready")
    shown = ana.must(200, "GET", f"{FILES}/{file_id}")
    fetched = urllib3.request("GET", shown["url"], retries=False, timeout=30)

    assert fetched.status == 200
    assert hashlib.sha256(fetched.data).hexdigest() == shown["sha256"]
    lines = fetched.data.decode("utf-8-sig").splitlines()
    assert [line.split(",")[3] for line in lines[2:]] == ["100.07", "3.05"]
    assert "'=1+1" in lines[-1]
    unsigned = urllib3.request("GET", shown["url"].partition("?")[0], retries=False, timeout=30)
    assert unsigned.status == 403


def test_a_statement_comes_as_pdf_too(addresses: Addresses) -> None:
    """Its library is in the layer of the function that makes it, and nowhere else."""
    ana = somebody(addresses, funds=10_007)
    wanted = ana.must(202, "POST", FILES, {"from": "2020-01-01T00:00:00Z", "format": "pdf"})
    file_id = wanted["statement_file_id"]

    eventually(lambda: status_of(ana, file_id), "ready")
    shown = ana.must(200, "GET", f"{FILES}/{file_id}")
    fetched = urllib3.request("GET", shown["url"], retries=False, timeout=30)

    assert fetched.headers["Content-Type"] == "application/pdf"
    assert hashlib.sha256(fetched.data).hexdigest() == shown["sha256"]
    with pypdfium2.PdfDocument(fetched.data) as document:
        assert "+100.07" in document[0].get_textpage().get_text_range()


def test_a_month_is_summed_up(addresses: Addresses) -> None:
    ana = somebody(addresses, funds=10_000)

    assert ana.must(200, "GET", "/v1/wallet/summary")["total_in"] == 10_000
    assert ana.must(200, "GET", "/v1/wallet/entries?q=sandbox&min=10000")["items"]
