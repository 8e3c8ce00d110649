"""The records of statement files, in the table `records`.

| record        | pk                           | sk                |
|---------------|------------------------------|-------------------|
| StatementFile | `STATEMENT_FILES#<owner id>` | `FILE#<file id>`  |
| StatementSum  | `STATEMENT_SUM#<SHA-256>`    | `SUM`             |
| MerchantDay   | `MERCHANT_DAYS#<merchant id>` | `DAY#<day>`      |
"""

from pynamodb.attributes import UnicodeAttribute

from shared.table import DomainRecord, IntegerAttribute, Key

WAITING, READY, FAILED = "waiting", "ready", "failed"


class StatementFile(DomainRecord):
    """A statement as a file: wanted, being made, made. Times are milliseconds.

    Of a user, or of a day of a merchant. `lines` is how many entries it will have, `written` how
    many it has so far; of a merchant's nobody knows before. Once it is ready
    `sha256` (hexadecimal) and `size` (bytes) are of the file, which lies in the bucket until
    `ends_at` (seconds).
    """

    file_id = UnicodeAttribute()
    user_id = UnicodeAttribute(null=True)
    merchant_id = UnicodeAttribute(null=True)
    day = UnicodeAttribute(null=True)
    status = UnicodeAttribute()
    format = UnicodeAttribute()
    language = UnicodeAttribute()
    from_ms = IntegerAttribute()
    to_ms = IntegerAttribute()
    lines = IntegerAttribute()
    written = IntegerAttribute(default=0)
    sha256 = UnicodeAttribute(null=True)
    size = IntegerAttribute(null=True)
    made_at = UnicodeAttribute(null=True)
    ends_at = IntegerAttribute(null=True)

    @property
    def owner_id(self) -> str:
        return str(self.user_id or self.merchant_id)


class StatementSum(DomainRecord):
    """That a file with this sum was made here, for whom and of what."""

    file_id = UnicodeAttribute()
    user_id = UnicodeAttribute(null=True)
    merchant_id = UnicodeAttribute(null=True)
    format = UnicodeAttribute()
    from_ms = IntegerAttribute()
    to_ms = IntegerAttribute()
    made_at = UnicodeAttribute()


class MerchantDay(DomainRecord):
    """What a merchant had at the end of a local day that is over, in minor units. It stays so."""

    day = UnicodeAttribute()
    closing = IntegerAttribute()


def statement_file_key(owner_id: str, file_id: str) -> Key:
    return Key(StatementFile, f"STATEMENT_FILES#{owner_id}", f"FILE#{file_id}")


def merchant_day_key(merchant_id: str, day: str) -> Key:
    return Key(MerchantDay, f"MERCHANT_DAYS#{merchant_id}", f"DAY#{day}")


def statement_sum_key(sha256: str) -> Key:
    return Key(StatementSum, f"STATEMENT_SUM#{sha256}", "SUM")


def place_in_bucket(file: StatementFile) -> str:
    return f"{file.owner_id}/{file.file_id}.{file.format}"
