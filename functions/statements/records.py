"""The records of statement files, in the table `records`.

| record        | pk                           | sk                |
|---------------|------------------------------|-------------------|
| StatementFile | `STATEMENT_FILES#<user id>`  | `FILE#<file id>`  |
| StatementSum  | `STATEMENT_SUM#<SHA-256>`    | `SUM`             |
"""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from shared.table import DomainRecord, Key

WAITING, READY, FAILED = "waiting", "ready", "failed"


class StatementFile(DomainRecord):
    """A statement as a file: wanted, being made, made. Times are milliseconds.

    `lines` is how many entries it will have, `written` how many it has so far. Once it is ready
    `sha256` (hexadecimal) and `size` (bytes) are of the file, which lies in the bucket until
    `ends_at` (seconds).
    """

    file_id = UnicodeAttribute()
    user_id = UnicodeAttribute()
    status = UnicodeAttribute()
    format = UnicodeAttribute()
    language = UnicodeAttribute()
    from_ms = NumberAttribute()
    to_ms = NumberAttribute()
    lines = NumberAttribute()
    written = NumberAttribute(default=0)
    sha256 = UnicodeAttribute(null=True)
    size = NumberAttribute(null=True)
    made_at = UnicodeAttribute(null=True)
    ends_at = NumberAttribute(null=True)


class StatementSum(DomainRecord):
    """That a file with this sum was made here, for whom and of what."""

    file_id = UnicodeAttribute()
    user_id = UnicodeAttribute()
    format = UnicodeAttribute()
    from_ms = NumberAttribute()
    to_ms = NumberAttribute()
    made_at = UnicodeAttribute()


def statement_file_key(user_id: str, file_id: str) -> Key:
    return Key(StatementFile, f"STATEMENT_FILES#{user_id}", f"FILE#{file_id}")


def statement_sum_key(sha256: str) -> Key:
    return Key(StatementSum, f"STATEMENT_SUM#{sha256}", "SUM")


def place_in_bucket(file: StatementFile) -> str:
    return f"{file.user_id}/{file.file_id}.{file.format}"
