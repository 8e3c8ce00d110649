"""Which articles answer a text best: BM25 over their words, in both languages at once.

Okapi BM25 (Robertson and Zaragoza, 2009) with weights for the parts of an article. A text is mostly
in one language, and the other half of an article then adds nothing; so nobody must say which.
"""

import math
from collections import Counter, defaultdict
from functools import cache
from typing import NamedTuple

from functions.support.articles.library import Article, library
from functions.support.articles.words import words_of

_TITLE_WEIGHT, _ASKED_WEIGHT, _TEXT_WEIGHT = 4, 3, 1
_SATURATION, _LENGTH_SHARE = 1.2, 0.5
# A share of the best score below which nothing helps.
_WORTH_SHARE = 0.2


class _Index(NamedTuple):
    """counts: for each article (id and language), the weighted number of times of each word."""

    counts: dict[tuple[str, str], Counter[str]]
    lengths: dict[tuple[str, str], int]
    average_length: float
    rarity: dict[str, float]


def ranked(text: str) -> list[str]:
    """The ids of the articles that have to do with a text, the best first; none for no match."""
    index, scores = _index(), defaultdict[str, float](float)
    for word, times in Counter(words_of(text)).items():
        rarity = index.rarity.get(word)
        if rarity is None:
            continue
        for place, counts in index.counts.items():
            if word in counts:
                scores[place[0]] += rarity * min(times, 2) * _weight(index, place, counts[word])
    best = max(scores.values(), default=0.0)
    worth = [name for name, score in scores.items() if score >= best * _WORTH_SHARE]
    return sorted(worth, key=lambda name: (-scores[name], name))


def _weight(index: _Index, place: tuple[str, str], times: int) -> float:
    length = index.lengths[place] / index.average_length
    dampened = _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * length)
    return times * (_SATURATION + 1) / (times + dampened)


@cache
def _index() -> _Index:
    """Made at its first use: some milliseconds in a container's life."""
    counts = {
        (article.article_id, article.language): _counted(article)
        for languages in library().values()
        for article in languages.values()
    }
    lengths = {place: sum(words.values()) for place, words in counts.items()}
    found_in = Counter(word for words in counts.values() for word in words)
    total = len(counts)
    return _Index(
        counts=counts,
        lengths=lengths,
        average_length=sum(lengths.values()) / len(lengths),
        rarity={
            word: math.log(1 + (total - number + 0.5) / (number + 0.5))
            for word, number in found_in.items()
        },
    )


def _counted(article: Article) -> Counter[str]:
    counts: Counter[str] = Counter()
    parts = (
        (article.title, _TITLE_WEIGHT),
        (article.asked, _ASKED_WEIGHT),
        (article.text, _TEXT_WEIGHT),
    )
    for part, weight in parts:
        for word in words_of(part, characters=True):
            counts[word] += weight
    return counts
