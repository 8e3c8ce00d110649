"""Updates of items: what their attributes come to is worked out at once.

moto copies the tree of an update and goes through it a dozen times, whatever is in it. All that we
ask for but rarely is a SET, an ADD or a REMOVE of whole attributes by placeholders. What is not so
plain, or is wrong, is left to moto, which tells what is wrong with it.
"""

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import pytest
from moto.dynamodb import models
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

# Without types, or not meant to be read from there.
_nodes: Any = importlib.import_module("moto.dynamodb.parsing.ast_nodes")
_parser: Any = importlib.import_module("moto.dynamodb.parsing.expressions").UpdateExpressionParser
_moto: Any = models
_validator, _executor = _moto.UpdateExpressionValidator, _moto.UpdateExpressionExecutor

_ACTIONS = [
    _nodes.UpdateExpressionSetAction,
    _nodes.UpdateExpressionAddAction,
    _nodes.UpdateExpressionRemoveAction,
    _nodes.UpdateExpressionDeleteAction,
]
_CLAUSES_OF_ONE_KIND = (
    [_nodes.UpdateExpressionSetClause],
    [_nodes.UpdateExpressionAddClause],
    [_nodes.UpdateExpressionRemoveClause],
)


def quicken(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(_parser, "make", staticmethod(cache(_parser.make)))
    patch.setattr(models, "UpdateExpressionValidator", _Update)
    patch.setattr(models, "UpdateExpressionExecutor", _execution)


class _NotPlain(Exception):
    """An update that is left to moto."""


class _Given(NamedTuple):
    """What the values of an update are worked out from."""

    names: dict[str, str]
    values: dict[str, Any]
    attributes: dict[str, DynamoType]


_Value = Callable[[_Given], DynamoType]


class _Update:
    """In the place of moto's validator, and of the tree and of the executor that follow it."""

    def __init__(
        self,
        expression: Any,
        expression_attribute_names: dict[str, str] | None,
        expression_attribute_values: dict[str, Any] | None,
        item: Item,
        table: Table,
    ) -> None:
        self._expression, self._item, self._table = expression, item, table
        self._names, self._values = expression_attribute_names, expression_attribute_values
        self._changed: dict[str, DynamoType | None] = {}

    def validate(self) -> Any:
        try:
            self._changed = self._worked_out()
        except (_NotPlain, KeyError, TypeError):
            asked = self._expression, self._names, self._values, self._item, self._table
            return _validator(*asked).validate()
        return self

    def _worked_out(self) -> dict[str, DynamoType | None]:
        given = _Given(self._names or {}, self._values or {}, self._item.attrs)
        actions = _actions(self._expression)
        changed = {given.names[place]: value and value(given) for place, value in actions}
        if len(changed) < len(actions) or not changed.keys().isdisjoint(
            self._table.table_key_attrs
        ):
            raise _NotPlain
        return changed

    def normalize(self) -> None:
        """Their order makes no difference: each is of another attribute."""

    def execute(self) -> None:
        for name, value in self._changed.items():
            if value is None:
                self._item.attrs.pop(name, None)
            else:
                self._item.attrs[name] = value


def _execution(validated: Any, item: Item, names: dict[str, str]) -> Any:
    return validated if isinstance(validated, _Update) else _executor(validated, item, names)


@cache
def _actions(expression: Any) -> list[tuple[str, _Value | None]]:
    """What is done to which attribute, by its placeholder."""
    if any(len(expression.find_clauses(kind)) > 1 for kind in _CLAUSES_OF_ONE_KIND):
        raise _NotPlain
    return [
        (_place(action.children[0]), _outcome(action))
        for action in expression.find_clauses(_ACTIONS)
    ]


def _place(path: Any) -> str:
    match path.children:
        case [_nodes.ExpressionAttributeName() as name]:
            return str(name.get_attribute_name_placeholder())
    raise _NotPlain


def _outcome(action: Any) -> _Value | None:
    """None where the attribute is removed."""
    match action:
        case _nodes.UpdateExpressionRemoveAction():
            return None
        case _nodes.UpdateExpressionSetAction():
            return _value(action.children[1])
        case _nodes.UpdateExpressionAddAction():
            return _sum(_place(action.children[0]), action.children[1].get_value_name())
    raise _NotPlain


def _sum(place: str, addend: str) -> _Value:
    def added(given: _Given) -> DynamoType:
        value = DynamoType(given.values[addend])
        if not value.is_number():
            raise _NotPlain
        there = given.attributes.get(given.names[place])
        return value if there is None else there + value

    return added


def _value(node: Any) -> _Value:
    match node.children:
        case [_nodes.UpdateExpressionPath()]:
            raise _NotPlain
        case [only]:
            return _operand(only)
        case [left, operator, right]:
            first, second = _operand(left), _operand(right)
            if operator.get_operator() == "+":
                return lambda given: first(given) + second(given)
            return lambda given: first(given) - second(given)
    raise _NotPlain


def _operand(node: Any) -> _Value:
    match node:
        case _nodes.ExpressionAttributeValue():
            name = node.get_value_name()
            return lambda given: DynamoType(given.values[name])
        case _nodes.UpdateExpressionPath():
            place = _place(node)
            return lambda given: given.attributes[given.names[place]]
        case _nodes.UpdateExpressionFunction(children=["if_not_exists", path, default]):
            return _if_not_exists(_place(path), _operand(default))
    raise _NotPlain


def _if_not_exists(place: str, default: _Value) -> _Value:
    def there_or_default(given: _Given) -> DynamoType:
        there = given.attributes.get(given.names[place])
        return default(given) if there is None else there

    return there_or_default
