"""Conditions: each text is read once."""

from typing import Any

import pytest
from moto.dynamodb.comparisons import ConditionExpressionParser

_CONDITIONS_KEPT = 2_000


def quicken(patch: pytest.MonkeyPatch) -> None:
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
