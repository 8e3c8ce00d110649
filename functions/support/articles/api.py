"""Routes of self-help: articles for everybody, suggestions for who is about to write."""

from functions.identity.session_check import session_check
from functions.support.articles import reading
from functions.support.articles.models import (
    ArticlePage,
    ArticleQuery,
    ArticleView,
    SuggestionRequest,
    Suggestions,
)
from functions.support.articles.suggestion import suggest
from shared.errors import NotFound
from shared.web import Api, Call, Reply
from shared.web.problems import InvalidCursor

api = Api(__name__, session_check)


@api.operation(
    "GET",
    "/v1/support/articles",
    query=ArticleQuery,
    answers={200: ArticlePage},
    problems=(InvalidCursor,),
    public=True,
)
def get_articles(call: Call[None]) -> Reply:
    """Lists help articles; with `q` those that answer it, the best first."""
    return Reply(200, reading.list_articles(call.query, language=call.language))


@api.operation(
    "GET",
    "/v1/support/articles/{article_id}",
    answers={200: ArticleView},
    problems=(NotFound,),
    public=True,
)
def get_article(call: Call[None]) -> Reply:
    """Shows a help article."""
    return Reply(200, reading.article(call.path["article_id"], language=call.language))


@api.operation(
    "POST",
    "/v1/support/suggestions",
    body=SuggestionRequest,
    answers={200: Suggestions},
)
def create_suggestions(call: Call[SuggestionRequest]) -> Reply:
    """Shows what may help somebody who is about to write to support, and what failed last."""
    return Reply(200, suggest(call.user_id, call.body, language=call.language))
