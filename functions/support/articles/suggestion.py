"""What may help somebody who is about to write to support, before they do."""

from functions.support.articles.models import ArticleLine, SuggestionRequest, Suggestions
from functions.support.articles.ranking import ranked
from functions.support.articles.reading import line

_SUGGESTED = 3


def suggest(request: SuggestionRequest, *, language: str) -> Suggestions:
    """Articles for a text that is being written."""
    return Suggestions(articles=suggested(request.subject, request.message, language=language))


def suggested(subject: str, message: str, *, language: str) -> list[ArticleLine]:
    """The articles that fit best. The subject, in which people say it in short, counts twice."""
    names = ranked(f"{subject}\n{subject}\n{message}")
    return [line(name, language=language) for name in names[:_SUGGESTED]]
