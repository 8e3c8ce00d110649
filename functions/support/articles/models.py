"""What is asked and told about help articles."""

from typing import Annotated

from msgspec import Meta, Struct

from functions.diagnosis.models import Explained
from shared.web.pages import PageQuery


class ArticleQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`q`: what somebody wants to know, in their own words; without it all are listed."""

    q: Annotated[str, Meta(min_length=1, max_length=200)] | None = None


class ArticleLine(Struct, frozen=True, kw_only=True):
    article_id: str
    title: str
    summary: str


class ArticlePage(Struct, frozen=True, kw_only=True):
    items: list[ArticleLine]
    next_cursor: str | None


class ArticleView(Struct, frozen=True, kw_only=True):
    """`text` is Markdown without HTML."""

    article_id: str
    title: str
    text: str


class SuggestionRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody is about to write to support. Nothing of it is kept."""

    subject: Annotated[str, Meta(max_length=200)] = ""
    message: Annotated[str, Meta(max_length=4000)] = ""


class Suggestions(Struct, frozen=True, kw_only=True):
    """`articles`: the best first, three at most. `last_failure`: what failed last for who asks, and
    whether it would pass now; null where nothing did.
    """

    articles: list[ArticleLine]
    last_failure: Explained | None
