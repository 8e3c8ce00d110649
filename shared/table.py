"""Records in DynamoDB: keys, reads of several at once, and all-or-nothing writes.

Two tables hold everything. `ledger` has what is money; `records` has all the rest. Both have the
string keys `pk` and `sk`, a time-to-live in `ttl`, and an index `due` of what a sweeper must look
at next. The pynamodb model is the store; nothing wraps it.
"""

import uuid
import zlib
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import islice
from operator import index
from typing import Any, ClassVar, NamedTuple, Self, TypeVar, cast

from pynamodb.attributes import Attribute, UnicodeAttribute
from pynamodb.connection.table import TableConnection
from pynamodb.constants import NUMBER
from pynamodb.exceptions import (
    AttributeNullError,
    CancellationReason,
    PutError,
    PynamoDBConnectionError,
    UpdateError,
    VerboseClientError,
)
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action, Update
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from shared.dynamodb import WITHOUT_EFFECT, LostAnswer, connection, pause
from shared.errors import ServiceUnavailable
from shared.settings import settings

_LOST_ANSWER_TRIES = 3
_BATCH_READ_TRIES = 5
_DELETED_AT_ONCE = 50

R = TypeVar("R", bound="Record")


class IntegerAttribute(Attribute[int]):
    """A whole number. pynamodb's own kind takes any, as JSON, and so takes its time.

    Raises TypeError for a number that is not whole, before anything is sent.
    """

    attr_type = NUMBER

    def serialize(self, value: int) -> str:
        return str(index(value))

    def deserialize(self, value: str) -> int:
        return int(value)


class Record(Model):
    """An item. Subclasses bind it to a table and give it a `kind` of key."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    ttl = IntegerAttribute(null=True)
    due_shard = UnicodeAttribute(null=True)
    due_at = IntegerAttribute(null=True)

    @classmethod
    def _get_connection(cls) -> TableConnection:
        table = super()._get_connection()
        shared = connection()
        if table.connection is not shared:
            description = table.get_meta_table()
            shared._tables.setdefault(table.table_name, description)
            table.connection = shared
        return table

    def __init__(self, pk: str | None = None, sk: str | None = None, **attributes: Any) -> None:
        """As pynamodb's own, which takes several times as long for it.

        Raises ValueError for an attribute that there is none of.
        """
        if unknown := attributes.keys() - self.get_attributes().keys():
            raise ValueError(f"{type(self).__name__} has no {unknown}")
        keys = {} if pk is None else {"pk": pk, "sk": sk}
        self.attribute_values = {**self._defaults(), **keys, **attributes}

    @classmethod
    @cache
    def _defaults(cls) -> dict[str, Any]:
        attributes = cls.get_attributes().items()
        return {name: each.default for name, each in attributes if each.default is not None}

    @classmethod
    def from_raw_data(cls, data: dict[str, Any]) -> Self:
        """The record in an item; also quicker than pynamodb's own."""
        record = cls()
        attributes = cls.get_attributes()
        for name, value in data.items():
            if name in attributes and "NULL" not in value:
                attribute = attributes[name]
                record.attribute_values[name] = attribute.deserialize(attribute.get_value(value))
        return record

    def raw(self) -> dict[str, Any]:
        """The item as DynamoDB stores it, `{"amount": {"N": "5"}}`.

        Raises AttributeNullError when something is missing that no record may lack.
        """
        item = {}
        for name, attribute in self.get_attributes().items():
            value = self.attribute_values.get(name)
            stored = None if value is None else attribute.serialize(value)
            if stored is not None:
                item[name] = {attribute.attr_type: stored}
            elif not attribute.null:
                raise AttributeNullError(name)
        return item


class LedgerDue(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]  # pynamodb's own
    class Meta:
        index_name = "due"
        projection = AllProjection()

    due_shard = UnicodeAttribute(hash_key=True)
    due_at = IntegerAttribute(range_key=True)


class LedgerRecord(Record):
    class Meta:
        table_name = settings().ledger_table

    due: ClassVar[LedgerDue] = LedgerDue()


class RecordsDue(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]  # pynamodb's own
    class Meta:
        index_name = "due"
        projection = AllProjection()

    due_shard = UnicodeAttribute(hash_key=True)
    due_at = IntegerAttribute(range_key=True)


class DomainRecord(Record):
    class Meta:
        table_name = settings().records_table

    due: ClassVar[RecordsDue] = RecordsDue()


class Key(NamedTuple):
    """Where a record is: its model and both parts of its key."""

    model: type[Record]
    pk: str
    sk: str


class Found:
    """What a read of several keys brought back."""

    def __init__(self, items: dict[tuple[str, str, str], dict[str, Any]]) -> None:
        self._items = items
        self._records: dict[Key, Record] = {}

    def get(self, key: Key) -> Record | None:
        """The record at `key`, the same object each time; None when there is none."""
        record = self._records.get(key)
        if record is None:
            raw = self._items.get((key.model.Meta.table_name, key.pk, key.sk))
            if raw is not None:
                record = self._records[key] = key.model.from_raw_data(raw)
        return record

    def one(self, model: type[R], key: Key | None) -> R | None:
        """The record at `key` as `model`, or None when there is none (or no key)."""
        return None if key is None else cast("R | None", self.get(key))


def read(keys: Iterable[Key]) -> Found:
    """Reads up to 100 records, strongly consistent, in one round trip over both tables."""
    wanted: dict[str, Any] = {}
    for key in dict.fromkeys(keys):
        table = wanted.setdefault(key.model.Meta.table_name, {"Keys": [], "ConsistentRead": True})
        table["Keys"].append({"pk": {"S": key.pk}, "sk": {"S": key.sk}})
    items: dict[tuple[str, str, str], dict[str, Any]] = {}
    for attempt in range(_BATCH_READ_TRIES):
        answer = connection().dispatch("BatchGetItem", {"RequestItems": wanted})
        for table_name, raw_items in answer.get("Responses", {}).items():
            for raw in raw_items:
                items[table_name, raw["pk"]["S"], raw["sk"]["S"]] = raw
        wanted = answer.get("UnprocessedKeys") or {}
        if not wanted:
            return Found(items)
        pause(attempt)
    raise ServiceUnavailable


class Write(NamedTuple):
    """One part of an all-or-nothing write, in DynamoDB's own form."""

    operation: str
    record: Record
    request: dict[str, Any]


def put(record: Record, condition: Condition | None = None) -> Write:
    """Writes a whole record; without a condition only where none is yet."""
    condition = type(record).pk.does_not_exist() if condition is None else condition
    return Write("Put", record, {"Item": record.raw(), **_conditional(record, condition)})


def update(record: Record, actions: Sequence[Action], condition: Condition) -> Write:
    """Changes attributes of a record under a condition. There is no update without one."""
    request = _conditional(record, condition, actions)
    return Write("Update", record, {"Key": _key(record), **request})


def check(record: Record, condition: Condition) -> Write:
    """Changes nothing, and lets nothing be changed unless the condition holds."""
    return Write("ConditionCheck", record, {"Key": _key(record), **_conditional(record, condition)})


def delete(record: Record, condition: Condition | None = None) -> Write:
    return Write("Delete", record, {"Key": _key(record), **_conditional(record, condition)})


class Cancelled(Exception):
    """A condition of an all-or-nothing write did not hold, so nothing was written."""

    def __init__(self, writes: Sequence[Write], reasons: Sequence[CancellationReason | None]):
        super().__init__([reason.code if reason else None for reason in reasons])
        self._reasons = dict(zip(map(id, writes), reasons, strict=True))

    def failed(self, write: Write) -> bool:
        """Whether it was the condition of this part that did not hold."""
        reason = self._reasons[id(write)]
        return reason is not None and reason.code == "ConditionalCheckFailed"

    def undecided(self, write: Write) -> bool:
        """Whether nobody looked at the condition of this part, for its item was in use."""
        reason = self._reasons[id(write)]
        return reason is not None and reason.code in WITHOUT_EFFECT

    def standing(self, write: Write) -> Record | None:
        """The record that stands where this part failed; None when there is none."""
        reason = self._reasons[id(write)]
        if reason is None or not reason.raw_item:
            return None
        return type(write.record).from_raw_data(reason.raw_item)


def write(*writes: Write) -> None:
    """Does all of `writes` or none, in one round trip.

    Raises Cancelled when a condition fails, ServiceUnavailable when DynamoDB stays busy, LostAnswer
    when it cannot be told whether the write took effect. A lost answer is asked for again under the
    same token; a record found standing as this call wrote it shows that an earlier try succeeded.
    """
    request = {
        "TransactItems": [{part.operation: part.request} for part in writes],
        "ClientRequestToken": str(uuid.uuid4()),
    }
    for attempt in range(_LOST_ANSWER_TRIES):
        try:
            connection().dispatch("TransactWriteItems", request)
            return
        except LostAnswer:
            if attempt + 1 == _LOST_ANSWER_TRIES:
                raise
            pause(attempt)
        except VerboseClientError as error:
            reasons = error.cancellation_reasons
            if not reasons:
                raise
            if attempt and _stands_as_written(writes, reasons):
                return
            raise Cancelled(writes, reasons) from error


def condition_failed(error: PynamoDBConnectionError) -> bool:
    """Whether a single write was refused by its own condition."""
    return error.cause_response_code == "ConditionalCheckFailedException"


def put_new(record: Record) -> bool:
    """Writes one record where none is; False when there is one already."""
    try:
        record.save(condition=type(record).pk.does_not_exist())
    except PutError as error:
        if condition_failed(error):
            return False
        raise
    return True


def change(record: Record, actions: Sequence[Action], condition: Condition) -> bool:
    """Changes one record under a condition and refreshes `record`; False when it did not hold."""
    try:
        record.update(actions=list(actions), condition=condition)
    except UpdateError as error:
        if condition_failed(error):
            return False
        raise
    return True


def delete_all(records: Iterable[Record]) -> None:
    """Deletes records, whatever they are, in as many writes as it takes."""
    waiting = iter(records)
    while some := list(islice(waiting, _DELETED_AT_ONCE)):
        write(*(delete(record) for record in some))


def due_shard(purpose: str, record_id: str) -> str:
    """The partition of the index `due` that a record waits in: `settle#3`."""
    return f"{purpose}#{zlib.crc32(record_id.encode()) % settings().due_shards}"


def due_shards(purpose: str) -> list[str]:
    return [f"{purpose}#{number}" for number in range(settings().due_shards)]


def _key(record: Record) -> dict[str, Any]:
    return {"pk": {"S": record.pk}, "sk": {"S": record.sk}}


def _conditional(
    record: Record, condition: Condition | None, actions: Sequence[Action] = ()
) -> dict[str, Any]:
    """What a part of a transaction says beside its key: where, under which condition, what.

    A failed condition brings back the record that stands there.
    """
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    request: dict[str, Any] = {"TableName": record.Meta.table_name}
    if condition is not None:
        request["ConditionExpression"] = condition.serialize(names, values)
        request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    if actions:
        request["UpdateExpression"] = Update(*actions).serialize(names, values)
    if names:
        request["ExpressionAttributeNames"] = {short: name for name, short in names.items()}
    if values:
        request["ExpressionAttributeValues"] = values
    return request


def _stands_as_written(
    writes: Sequence[Write], reasons: Sequence[CancellationReason | None]
) -> bool:
    return any(
        part.operation == "Put" and reason is not None and reason.raw_item == part.request["Item"]
        for part, reason in zip(writes, reasons, strict=True)
    )
