"""Tables and items: what a transaction keeps of them, and how they are sent."""

import copy
from typing import Any

import pytest
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table

_AS_IT_IS = {"S", "N", "SS", "NS", "BOOL", "NULL"}


def quicken(patch: pytest.MonkeyPatch) -> None:
    _copy_tables_by_their_items(patch)
    _take_attribute_values_as_they_are(patch)


def _copy_tables_by_their_items(patch: pytest.MonkeyPatch) -> None:
    """A transaction keeps a copy of each table. That copy shares the items, which so must never
    change where they are: an update is made to an item of its own.
    """
    update_item = DynamoDBBackend.update_item

    def update_own_item(
        self: DynamoDBBackend, table_name: str, key: dict[str, Any], *more: Any, **named: Any
    ) -> Any:
        table = self.get_table(table_name)
        hash_value, range_value = self.get_keys_value(table, key)
        item = table.get_item(hash_value, range_value)
        if item is not None:
            table.items[hash_value][range_value] = copy.deepcopy(item)
        return update_item(self, table_name, key, *more, **named)

    def copied(self: Table, memo: dict[int, Any]) -> Table:
        twin = copy.copy(self)
        twin.items = copy.copy(self.items)
        for hash_value, items in self.items.items():
            twin.items[hash_value] = dict(items)
        if self.stream_shard is not None:
            twin.stream_shard = copy.copy(self.stream_shard)
            twin.stream_shard.items = list(self.stream_shard.items)
        return twin

    patch.setattr(DynamoDBBackend, "update_item", update_own_item)
    patch.setattr(Table, "__deepcopy__", copied, raising=False)


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
