"""What a reply says itself, without the mail that it answers.

`mail-parser-reply` knows how programs write above what they quote in English, and some of them in
Chinese; the forms of QQ, 163, Outlook and Gmail in Chinese are ours. The library's patterns take
quadratic time on long lines and many empty ones, so it sees the beginning of each line only, and
how many lines of it are the reply is all that is taken from it.
"""

import re
from itertools import takewhile

_SEEN_OF_LINE = 300
_SEEN_LINES = 1_000
_EMPTY_LINES = re.compile(r"\n[ \t\u3000\xa0]*(?:\n[ \t\u3000\xa0]*){2,}")
_QUOTED = re.compile(r"\s*[>＞]")
_DAY = r"(?:\d{4}[年/.-]|\d{1,2}月)"
_RULE = r"(?:&nbsp;|[-—_ \xa0])*"  # QQ writes the HTML sign into plain text, too
_ABOVE_QUOTES = re.compile(
    rf"\s*(?:"
    rf"在\s*.{{0,40}}{_DAY}.{{0,200}}[写寫]道\s*[:：]?"
    rf"|.{{0,200}}[于於]\s*{_DAY}.{{0,150}}[写寫]道\s*[:：]?"
    rf"|{_DAY}.{{0,200}}[写寫]道\s*[:：]?"
    rf"|At\s+{_DAY}.{{0,200}}wrote\s*:"
    rf"|{_RULE}(?:原始邮件|原始郵件|原邮件|转发邮件|轉寄郵件|Original(?: Message)?){_RULE}"
    rf")\s*",
    re.IGNORECASE,
)
_FIELD_LINE = re.compile(
    r"\s*[*]*(?:发件人|发送时间|发送日期|收件人|主题|抄送|日期"
    r"|寄件者|寄件人|寄件日期|收件者|主旨|副本)[*]*\s*[:：]"
)
_FIELDS_LIMIT = 6


def without_quotes(text: str) -> str:
    """The reply alone; the whole text where nothing else would be left."""
    whole = _EMPTY_LINES.sub("\n\n", text).strip()
    lines = whole.split("\n")
    end = min(_by_library(lines), _by_our_own(lines))
    said = [line for line in lines[:end] if not _QUOTED.match(line)]
    # Some answer below what they quote, or between its lines.
    below = lines[end:]
    if any(_QUOTED.match(line) for line in below):
        after = list(_after_first_quote(below))
        said += [line for line in after if not _QUOTED.match(line)]
    return _EMPTY_LINES.sub("\n\n", "\n".join(said)).strip() or whole


def _after_first_quote(lines: list[str]) -> list[str]:
    first = next(at for at, line in enumerate(lines) if _QUOTED.match(line))
    return lines[first:]


def _by_library(lines: list[str]) -> int:
    """How many lines the library takes for the reply."""
    from mailparser_reply import EmailReplyParser  # in the layer of background functions

    seen = [line.strip()[:_SEEN_OF_LINE].strip() for line in lines[:_SEEN_LINES]]
    replies = EmailReplyParser(languages=["en", "zh"]).read("\n".join(seen)).replies
    if len(replies) < 2:
        return len(lines)
    reply = replies[0].content.split("\n")
    same = takewhile(lambda pair: pair[0] == pair[1], zip(reply, seen, strict=False))
    return sum(1 for _ in same)


def _by_our_own(lines: list[str]) -> int:
    for at, line in enumerate(lines[:_SEEN_LINES]):
        start = line[:_SEEN_OF_LINE]
        if _ABOVE_QUOTES.fullmatch(start):
            return at
        if _FIELD_LINE.match(start) and _fields(lines[at : at + _FIELDS_LIMIT]) >= 2:
            return at
    return len(lines)


def _fields(lines: list[str]) -> int:
    return sum(1 for line in lines if _FIELD_LINE.match(line[:_SEEN_OF_LINE]))
