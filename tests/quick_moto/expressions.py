"""Expressions of conditions and updates: each text is read once."""

import importlib
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
from moto.dynamodb.comparisons import ConditionExpressionParser

# Without types, or not meant to be read from there.
_nodes: Any = importlib.import_module("moto.dynamodb.parsing.ast_nodes")
_parser: Any = importlib.import_module("moto.dynamodb.parsing.expressions").UpdateExpressionParser
_validators: Any = importlib.import_module("moto.dynamodb.parsing.validators")
_CONDITIONS_KEPT = 2_000


def quicken(patch: pytest.MonkeyPatch) -> None:
    _read_conditions_once(patch)
    _read_updates_once(patch)
    _check_texts_once(patch)
    _pass_over_what_is_not_there(patch)


def _read_conditions_once(patch: pytest.MonkeyPatch) -> None:
    """What a condition comes to depends on its text, its names and its values alone, and nothing
    changes it while it is held against an item. moto reads each up to five times.
    """
    parse = ConditionExpressionParser.parse
    known: dict[Any, Any] = {}

    def parse_once(self: ConditionExpressionParser) -> Any:
        asked = (
            self.condition_expression,
            str(self.expression_attribute_names),
            str(self.expression_attribute_values),
        )
        if asked not in known:
            if len(known) > _CONDITIONS_KEPT:
                known.clear()
            condition = parse(self)
            known[asked] = condition, self.expr_attr_names_found, self.expr_attr_values_found
        condition, names, values = known[asked]
        # Whoever asked adds to them.
        self.expr_attr_names_found, self.expr_attr_values_found = list(names), list(values)
        return condition

    lexed: dict[str, Any] = {}
    lex = ConditionExpressionParser._lex_condition_expression

    def lex_once(self: ConditionExpressionParser) -> Any:
        text = self.condition_expression or ""
        if text not in lexed:
            lexed[text] = lex(self)
        return lexed[text].copy()

    patch.setattr(ConditionExpressionParser, "parse", parse_once)
    patch.setattr(ConditionExpressionParser, "_lex_condition_expression", lex_once)


def _read_updates_once(patch: pytest.MonkeyPatch) -> None:
    """The tree of an update's text, of which each validator makes itself a copy."""
    patch.setattr(_parser, "make", staticmethod(cache(_parser.make)))
    patch.setattr(
        _validators,
        "deepcopy",
        lambda copied: _tree(copied) if isinstance(copied, _nodes.Node) else deepcopy(copied),
    )


def _tree(node: Any, parent: Any = None) -> Any:
    twin = object.__new__(node.__class__)
    twin.__dict__.update(node.__dict__, parent=parent)
    if node.children is not None:
        twin.children = [
            _tree(child, twin) if isinstance(child, _nodes.Node) else child
            for child in node.children
        ]
    return twin


def _check_texts_once(patch: pytest.MonkeyPatch) -> None:
    """Whether paths overlap, or a key is to be changed, depends on the text and its names alone."""
    validator, of_the_text = (
        _validators.UpdateExpressionValidator,
        (
            _validators.ActionCountValidator,
            _validators.OverlappingPathsValidator,
            _validators.UpdateHashRangeKeyValidator,
        ),
    )
    begin, sound = validator.__init__, set()

    def begin_with_less(self: Any, expression: Any, *more: Any, **named: Any) -> None:
        begin(self, expression, *more, **named)
        # The trees of texts are kept for ever, see above, and so are their identities.
        self.asked = id(expression), str(self.expression_attribute_names), self.table.name
        if self.asked in sound:
            self.processors = [one for one in self.processors if not isinstance(one, of_the_text)]

    def validate(self: Any) -> Any:
        validated = _validators.Validator.validate(self)
        sound.add(self.asked)
        return validated

    patch.setattr(validator, "__init__", begin_with_less)
    patch.setattr(validator, "validate", validate)


def _pass_over_what_is_not_there(patch: pytest.MonkeyPatch) -> None:
    """A validator goes down only where there is something that it works on."""

    def traverse(self: Any, node: Any) -> Any:
        kinds = self.nodes_to_be_processed()
        return _visited(self, kinds, node) if _holds(node, kinds) else node

    patch.setattr(_nodes.DepthFirstTraverser, "traverse", traverse)


@cache
def _is_kind_of(kind: Any, kinds: Any) -> bool:
    """As `issubclass`, which for moto's nodes asks an abstract class and takes its time."""
    return issubclass(kind, kinds)


def _holds(node: Any, kinds: Any) -> bool:
    return _is_kind_of(node.__class__, kinds) or any(
        _is_kind_of(child.__class__, _nodes.Node) and _holds(child, kinds)
        for child in node.children or ()
    )


def _visited(traverser: Any, kinds: Any, node: Any, number: int = -1) -> Any:
    """As moto's `traverse_node_recursively`, which collects `kinds` anew at each node."""
    parent = node.parent
    for child_number, child in enumerate(node.children or ()):
        traverser.pre_processing_of_child(node, child_number)
        is_node = _is_kind_of(child.__class__, _nodes.Node)
        if is_node and (child.children or _is_kind_of(child.__class__, kinds)):
            _visited(traverser, kinds, child, child_number)
    if _is_kind_of(node.__class__, kinds):
        node = traverser.process(node)
        node.parent = parent
        if parent:
            parent.children[number] = node
    return node
