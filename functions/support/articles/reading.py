"""Finding and reading help articles."""

from functions.support.articles.library import Article, find, library
from functions.support.articles.models import ArticleLine, ArticlePage, ArticleQuery, ArticleView
from functions.support.articles.ranking import ranked
from shared.errors import NotFound
from shared.web.cursor import open_cursor, seal

_SUMMARY_LENGTH = 120


def list_articles(query: ArticleQuery, *, language: str) -> ArticlePage:
    """A page of the articles that answer `query.q`, the best first, or of all of them.

    Raises InvalidCursor.
    """
    of = f"articles {query.q}"
    names = list(library()) if query.q is None else ranked(query.q)
    start = 0 if query.cursor is None else int(open_cursor(query.cursor, of=of))
    end = start + query.limit
    return ArticlePage(
        items=[line(name, language=language) for name in names[start:end]],
        next_cursor=seal(str(end), of=of) if end < len(names) else None,
    )


def article(article_id: str, *, language: str) -> ArticleView:
    """Raises NotFound."""
    found = find(article_id, language)
    if found is None:
        raise NotFound
    return ArticleView(article_id=found.article_id, title=found.title, text=found.text)


def line(article_id: str, *, language: str) -> ArticleLine:
    found = library()[article_id][language]
    return ArticleLine(article_id=article_id, title=found.title, summary=_summary(found))


def _summary(found: Article) -> str:
    """How the article begins, as plain text."""
    first = next(part for part in found.text.split("\n\n") if part)
    plain = " ".join(first.replace("**", "").split())
    return plain if len(plain) <= _SUMMARY_LENGTH else plain[: _SUMMARY_LENGTH - 1] + "…"
