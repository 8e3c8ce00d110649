"""moto as it is, at half the time: what it does at length for all services, done shortly for ours.

Most of the time of the tests on moto was spent in four places that change nothing in what it
answers. They are replaced here, in one place, under a pinned version.
"""

import copy
import importlib
from functools import cache
from typing import Any

from moto.core import utils
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table

# Without types, or not meant to be read from there.
_nodes: Any = importlib.import_module("moto.dynamodb.parsing.ast_nodes")
_responses: Any = importlib.import_module("moto.core.responses")
_AS_IT_IS = {"S", "N", "SS", "NS", "BOOL", "NULL"}


def quicken() -> None:
    """Replaces the four places, for the whole process."""
    _copy_tables_by_their_items()
    _take_attribute_values_as_they_are()
    _look_at_types_once()
    _responses.method_names_from_class = cache(utils.method_names_from_class)


def _copy_tables_by_their_items() -> None:
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

    DynamoDBBackend.update_item = update_own_item  # type: ignore[method-assign]
    Table.__deepcopy__ = copied  # type: ignore[attr-defined]


def _take_attribute_values_as_they_are() -> None:
    """What DynamoDB stores is already what it sends, but for bytes and what may hold them."""
    serialize_structure = BaseJSONSerializer._serialize_type_structure

    def serialize(
        self: BaseJSONSerializer, serialized: Any, value: Any, shape: Any, key: str
    ) -> None:
        if shape.name == "AttributeValue" and type(value) is dict and value.keys() <= _AS_IT_IS:
            self._default_serialize(serialized, value, shape, key)
        else:
            serialize_structure(self, serialized, value, shape, key)

    BaseJSONSerializer._serialize_type_structure = serialize  # type: ignore[method-assign]


def _look_at_types_once() -> None:
    """Which nodes of an expression a traverser works on depends on their type alone."""
    known: dict[Any, bool] = {}

    def is_one_of(node: Any, kinds: Any) -> bool:
        asked = (type(node), kinds)
        if asked not in known:
            known[asked] = isinstance(node, kinds)
        return known[asked]

    def traverse(self: Any, node: Any, child_id: int = -1) -> Any:
        if not is_one_of(node, _nodes.Node):
            return node
        parent = node.parent
        for number, child in enumerate(node.children or ()):
            self.pre_processing_of_child(node, number)
            self.traverse_node_recursively(child, number)
        if is_one_of(node, self.nodes_to_be_processed()):
            node = self.process(node)
            node.parent = parent
            if parent:
                parent.children[child_id] = node
        return node

    _nodes.DepthFirstTraverser.traverse_node_recursively = traverse
