"""Text out of bytes whose charset is named wrongly, unknown or not named at all. Never raises."""

import codecs
import re

# What programs call by the name of a part means the whole: bytes of the larger set come under it.
_MEANT = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "x-gbk": "gb18030",
    "euc-cn": "gb18030",
    "cp936": "gb18030",
    "big5": "cp950",
    "x-x-big5": "cp950",
    "ks_c_5601-1987": "cp949",
    "ksc5601": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "utf8": "utf-8",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
}
_SAY_NOTHING = {"us-ascii", "ascii", "unknown-8bit", "x-unknown", "default", "default_charset"}
# Python's own, which no mail can mean, and some of which take long.
_NO_CHARSETS = {"idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined"}
# Any bytes are text in these, so a name of one of them proves nothing.
_TAKE_ALL = {"cp1252", "iso-8859-15", "latin-1"}
_GUESSES = ("utf-8", "gb18030", "cp950")
_PAIRS = re.compile(rb"(?:[\xa1-\xf7][\xa1-\xfe]){2,}")
_HIGH = re.compile(rb"[\x80-\xff]")
_CHARSET_LENGTH_LIMIT = 40
_SOME_BYTES = 65_536


def text_of(content: bytes, charset: str | None) -> str:
    """`content` as its charset says, or as what it more likely is; what is no text becomes `�`."""
    named = _named(charset)
    if named and not (named in _TAKE_ALL and _more_likely(content)):
        decoded = _strictly(content, named)
        if decoded is not None:
            return decoded
    for guess in _GUESSES:
        decoded = _strictly(content, guess)
        if decoded is not None:
            return decoded
    return content.decode(named or "cp1252", "replace")


def printable(text: str) -> str:
    """Without half characters, which nothing can store, and without signs that only mislead."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    lines = whole.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(letter for letter in lines if not _misleads(letter))


def _misleads(letter: str) -> bool:
    """Control characters, and those that turn the direction of what follows."""
    point = ord(letter)
    if point < 0x20:
        return letter not in "\n\t"
    return 0x7F <= point < 0xA0 or 0x202A <= point <= 0x202E or 0x2066 <= point <= 0x2069


def _named(charset: str | None) -> str | None:
    """The codec that a charset means; None when it says nothing, or nobody knows it."""
    name = (charset or "").strip(" \t\"';").lower()[:_CHARSET_LENGTH_LIMIT]
    if not name or name in _SAY_NOTHING:
        return None
    try:
        found = codecs.lookup(_MEANT.get(name, name))
        b" ".decode(found.name)  # some of them are no charsets: `hex`
    except (LookupError, ValueError):  # ValueError: a name with a zero byte
        return None
    return None if found.name in _NO_CHARSETS else found.name


def _strictly(content: bytes, codec: str) -> str | None:
    try:
        return content.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _more_likely(content: bytes) -> bool:
    """Whether what is called Latin is UTF-8 or Chinese after all.

    UTF-8 is hardly ever met by chance. Chinese in GB2312 comes in pairs of high bytes, and letters
    with accents stand alone among others.
    """
    some = content[:_SOME_BYTES]
    high = len(_HIGH.findall(some))
    if not high:
        return False
    if _strictly(content, "utf-8") is not None:
        return True
    paired = sum(len(run) for run in _PAIRS.findall(some))
    return paired == high and high >= 8
