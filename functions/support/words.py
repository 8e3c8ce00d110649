"""By which words of its subject a ticket is found.

Each word has a list of its own. Chinese has no spaces, so there each two
characters that follow each other are a word; a search for a longer one finds what has them all.
"""

import re
import unicodedata
from itertools import pairwise

WORDS_LIMIT = 24
_WORD_LENGTH_LIMIT = 32
_LATIN = re.compile(r"[a-z0-9][a-z0-9_'-]+")
_CHINESE = re.compile(r"[\u3400-\u9fff]+")
_COMMON = frozenset(
    "the and for with from not was has have are you your this that can cannot".split()
)


def words_of(text: str) -> list[str]:
    """The words of a text, as they come, each once and so many at most."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    found = [word[:_WORD_LENGTH_LIMIT] for word in _LATIN.findall(plain) if word not in _COMMON]
    for run in _CHINESE.findall(plain):
        found += [a + b for a, b in pairwise(run)] or [run]
    return list(dict.fromkeys(found))[:WORDS_LIMIT]
