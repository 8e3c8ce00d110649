"""A file counts as a whole, or not at all."""

import pytest

from functions.reconciliation.settlement_file import FileRefused, lines_of
from shared.aws import client
from tests.functions.reconciliation.moving import BUCKET

pytestmark = pytest.mark.usefixtures("cloud")

HEAD = "bank_id,reference,kind,amount,currency,time\n"
DAY = "2026-03-01"
LINE = "c_1,tu_1,charge,5,CNY,2026-03-01T04:00:00Z\n"
TOTAL = f"total,{DAY},1,5\n"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "HEAD_NOT_KNOWN"),
        (LINE + TOTAL, "HEAD_NOT_KNOWN"),
        (HEAD, "NOT_WHOLE"),
        (HEAD + LINE, "NOT_WHOLE"),
        (HEAD + LINE + TOTAL[:-3], "NOT_WHOLE"),
        (HEAD + LINE + f"total,{DAY},1,6\n", "NOT_WHOLE"),
        (HEAD + LINE + f"total,{DAY},2,5\n", "NOT_WHOLE"),
        (HEAD + LINE + "total,2026-03-02,1,5\n", "NOT_WHOLE"),
        (HEAD + LINE + TOTAL + LINE, "LINE_NOT_UNDERSTOOD"),
        (HEAD + LINE + "\n" + TOTAL, "LINE_NOT_UNDERSTOOD"),
        (HEAD + LINE.replace("charge", "gift") + TOTAL, "LINE_NOT_UNDERSTOOD"),
        (HEAD + LINE.replace(",5,", ",-5,") + TOTAL, "LINE_NOT_UNDERSTOOD"),
        (HEAD + LINE.replace(",5,", ",5.0,") + TOTAL, "LINE_NOT_UNDERSTOOD"),
        (HEAD + LINE.replace("CNY", "USD") + TOTAL, "LINE_NOT_UNDERSTOOD"),
        (HEAD + LINE.replace("tu_1", "=1+1") + TOTAL, "LINE_NOT_UNDERSTOOD"),
        (HEAD + LINE.replace("T04", "T16") + TOTAL, "LINE_NOT_UNDERSTOOD"),
        (HEAD + LINE.replace("c_1", "ü") + TOTAL, "LINE_NOT_UNDERSTOOD"),
    ],
)
def test_file_is_refused_unless_every_line_is_understood(content: str, why: str) -> None:
    client("s3").put_object(Bucket=BUCKET, Key="files/x.csv", Body=content.encode())

    with pytest.raises(FileRefused, match=why):
        list(lines_of("files/x.csv", DAY))


def test_whole_file_is_read() -> None:
    client("s3").put_object(Bucket=BUCKET, Key="files/x.csv", Body=(HEAD + LINE + TOTAL).encode())

    (line,) = lines_of("files/x.csv", DAY)
    assert (line.reference, line.kind, line.change) == ("tu_1", "charge", 5)
