"""Tables and items: what a transaction keeps of them, and how they are sent."""

import copy
from typing import Any

import pytest
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb import responses
from moto.dynamodb.models import DynamoDBBackend, utilities
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import Table

_AS_IT_IS = {"S", "N", "SS", "NS", "BOOL", "NULL"}
_SCALARS = {"S", "N", "B", "BOOL", "NULL"}
_SMALL_BYTES = 100_000


def quicken(patch: pytest.MonkeyPatch) -> None:
    _copy_tables_by_their_items(patch)
    _share_scalars(patch)
    _weigh_items_once(patch)
    _compare_texts_as_texts(patch)
    _sort_by_plain_keys(patch)
    _take_attribute_values_as_they_are(patch)
    _send_items_as_they_are(patch)


def _copy_tables_by_their_items(patch: pytest.MonkeyPatch) -> None:
    """A transaction begins with a copy of the table for each of its parts, which are all the same
    one. That copy shares the items, which so must never change where they are: an update is made
    to an item of its own.
    """
    update_item, transact = DynamoDBBackend.update_item, DynamoDBBackend.transact_write_items
    running: list[dict[int, Table]] = []

    def update_own_item(
        self: DynamoDBBackend, table_name: str, key: dict[str, Any], *more: Any, **named: Any
    ) -> Any:
        table = self.get_table(table_name)
        hash_value, range_value = self.get_keys_value(table, key)
        item = table.get_item(hash_value, range_value)
        if item is not None:
            table.items[hash_value][range_value] = copy.deepcopy(item)
        return update_item(self, table_name, key, *more, **named)

    def transact_with_one_copy(self: DynamoDBBackend, parts: list[dict[str, Any]]) -> None:
        running.append({})
        try:
            transact(self, parts)
        finally:
            running.pop()

    def copied(self: Table, memo: dict[int, Any]) -> Table:
        copies = running[-1] if running else {}
        if id(self) not in copies:
            copies[id(self)] = _copy_of(self)
        return copies[id(self)]

    patch.setattr(DynamoDBBackend, "transact_write_items", transact_with_one_copy)
    patch.setattr(DynamoDBBackend, "update_item", update_own_item)
    patch.setattr(Table, "__deepcopy__", copied, raising=False)


def _copy_of(table: Table) -> Table:
    twin = copy.copy(table)
    twin.items = copy.copy(table.items)
    for hash_value, items in table.items.items():
        twin.items[hash_value] = dict(items)
    if table.stream_shard is not None:
        twin.stream_shard = copy.copy(table.stream_shard)
        twin.stream_shard.items = list(table.stream_shard.items)
    return twin


def _share_scalars(patch: pytest.MonkeyPatch) -> None:
    """A copy of an item shares what is never changed where it is."""
    copied = DynamoType.__deepcopy__

    def copied_or_shared(self: DynamoType, memo: dict[int, Any]) -> DynamoType:
        return self if self.type in _SCALARS else copied(self, memo)

    patch.setattr(DynamoType, "__deepcopy__", copied_or_shared)


def _weigh_items_once(patch: pytest.MonkeyPatch) -> None:
    """moto adds up a whole item for each attribute that is set, to tell one that is too large. What
    has had far less than that set in all can't be.
    """
    weigh_and_set = LimitedSizeDict.__setitem__

    def set_item(self: Any, key: str, value: Any) -> None:
        if "had_set" not in vars(self):
            self.had_set = sum(_weight(*there) for there in self.items())
        self.had_set += _weight(key, value)
        if self.had_set < _SMALL_BYTES:
            dict.__setitem__(self, key, value)
        else:
            weigh_and_set(self, key, value)

    patch.setattr(LimitedSizeDict, "__setitem__", set_item)


def _weight(key: str, value: Any) -> int:
    """In bytes, and no less than moto says."""
    return 4 * len(key) + int(value.size() if type(value) is DynamoType else 4 * len(str(value)))


def _compare_texts_as_texts(patch: pytest.MonkeyPatch) -> None:
    """Without looking at all other types first, and twice for each comparison."""
    cast: Any = vars(DynamoType)["cast_value"].fget
    equal, hashed = DynamoType.__eq__, DynamoType.__hash__

    def is_equal(one: DynamoType, other: DynamoType) -> bool:
        if one.type == "S":
            return other.type == "S" and bool(one.value == other.value)
        return equal(one, other)

    def cast_value(one: DynamoType) -> Any:
        return one.value if one.type == "S" else cast(one)

    def hash_value(one: DynamoType) -> int:
        return hash(one.value) if one.type == "S" else hashed(one)

    patch.setattr(DynamoType, "cast_value", property(cast_value))
    patch.setattr(DynamoType, "__eq__", is_equal)
    patch.setattr(DynamoType, "__ne__", lambda one, other: not is_equal(one, other))
    patch.setattr(DynamoType, "__hash__", hash_value)


def _sort_by_plain_keys(patch: pytest.MonkeyPatch) -> None:
    """All of a table's keys are of one type each, whose values sort as they do."""

    def all_items(self: Table) -> list[Any]:
        items = [item for of_hash in self.items.values() for item in of_hash.values()]
        return sorted(items, key=lambda item: (item.hash_key.cast_value, item.range_key.cast_value))

    patch.setattr(Table, "all_items", all_items)


def _take_attribute_values_as_they_are(patch: pytest.MonkeyPatch) -> None:
    """What DynamoDB stores is already what it sends, but for bytes and what may hold them."""
    serialize_structure = BaseJSONSerializer._serialize_type_structure

    def serialize(
        self: BaseJSONSerializer, serialized: Any, value: Any, shape: Any, key: str
    ) -> None:
        if shape.name == "AttributeValue" and type(value) is dict and value.keys() <= _AS_IT_IS:
            self._default_serialize(serialized, value, shape, key)
        else:
            serialize_structure(self, serialized, value, shape, key)

    patch.setattr(BaseJSONSerializer, "_serialize_type_structure", serialize)


def _send_items_as_they_are(patch: pytest.MonkeyPatch) -> None:
    """The same on the way out, where moto asks each value what it is a few times."""
    to_dict = utilities.dynamo_to_dict

    def sent(value: Any) -> Any:
        kind = type(value)
        if kind is DynamoType:
            return {value.type: value.value} if value.type in _AS_IT_IS else to_dict(value)
        if kind is dict:
            return {name: sent(part) for name, part in value.items()}
        if kind is list:
            return [sent(part) for part in value]
        if kind is Item:
            return sent(value.to_json())
        return value if kind in (str, int, bool) else to_dict(value)

    patch.setattr(responses, "dynamo_to_dict", sent)
