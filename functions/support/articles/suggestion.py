"""What may help somebody who is about to write to support, before they do."""

from functions.diagnosis.last_failure import last_failure
from functions.support.articles.models import ArticleLine, SuggestionRequest, Suggestions
from functions.support.articles.ranking import ranked
from functions.support.articles.reading import line

_SUGGESTED = 3
_ABOUT = {
    "payment": "payment-failed",
    "transfer": "send-money",
    "top_up": "top-up",
    "withdrawal": "withdraw",
}


def suggest(user_id: str, request: SuggestionRequest, *, language: str) -> Suggestions:
    """Articles for a text that is being written, and what failed last for its writer.

    Before anything is written, the article on that.
    """
    failure = last_failure(user_id, language)
    articles = suggested(request.subject, request.message, language=language)
    if not articles and failure is not None and failure.kind in _ABOUT:
        articles = [line(_ABOUT[failure.kind], language=language)]
    return Suggestions(articles=articles, last_failure=failure)


def suggested(subject: str, message: str, *, language: str) -> list[ArticleLine]:
    """The articles that fit best. The subject, in which people say it in short, counts twice."""
    names = ranked(f"{subject}\n{subject}\n{message}")
    return [line(name, language=language) for name in names[:_SUGGESTED]]
