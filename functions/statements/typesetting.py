"""Lines of text on pages of PDF, in Latin and Chinese letters.

No font is embedded: Helvetica is one of the fourteen that every reader has, and STSong-Light of the
character collection Adobe-GB1 one for which every reader takes a Chinese font that it has (ISO
32000-1, 9.7.5). So a page is a few kilobytes, its text can be searched and copied, and the same
text gives the same bytes. Lengths are points, from the lower left corner of an A4 page.
"""

import io
import zlib
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

import pydyf

WIDTH, HEIGHT = 595, 842
_LATIN, _HAN = "L", "H"
# Of the printable ASCII characters, from the space on, in thousandths of the size (Adobe's AFM).
_LATIN_WIDTHS = (
    *(278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278),
    *(556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556),
    *(1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778),
    *(667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556),
    *(333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556),
    *(556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584),
)
_HAN_WIDTH = 1_000
_UNKNOWN = "□"
_BASIC_PLANE_END, _RARE_HAN = 0xFFFF, range(0x20000, 0x2A6E0)


class Place(NamedTuple):
    """Where a text begins or, to the `right`, ends; and how large it is."""

    x: float
    y: float
    size: float = 8
    right: bool = False


def shown(text: str) -> str:
    """The text in one line, with a box for what no Chinese font has, such as an emoji."""
    letters = (letter if letter.isprintable() else " " for letter in text)
    return "".join(letter if _is_known(letter) else _UNKNOWN for letter in letters)


def width_of(text: str, size: float) -> float:
    return sum(map(_letter_width, text)) * size / 1_000


def wrapped(text: str, *, width: float, size: float) -> Iterator[str]:
    """The lines that a text takes; broken between any two letters, as Chinese is."""
    line, used = "", 0.0
    for letter in text:
        more = width_of(letter, size)
        if line and used + more > width:
            yield line
            line, used = "", 0.0
        line += letter
        used += more
    if line:
        yield line


class Pages:
    """The pages of a document, one after the other."""

    def __init__(self, title: str) -> None:
        self._document = pydyf.PDF()
        self._document.info["Title"] = pydyf.String(title)
        self._fonts = self._with_fonts()
        self._bodies: list[pydyf.Stream] = []
        self._page: list[bytes] = []

    @property
    def count(self) -> int:
        return len(self._bodies) + bool(self._page)

    def write(self, text: str, place: Place) -> None:
        """Writes one line on the present page."""
        self._page.append(_drawn(text, place))

    def rule(self, y: float, *, left: float, right: float) -> None:
        """Draws a fine line across the present page."""
        self._page.append(b"0.4 w %d %.2f m %d %.2f l S" % (left, y, right, y))

    def turn(self) -> None:
        """Ends the present page. What is on it is kept compressed: there may be many."""
        self._bodies.append(self._stream(self._page))
        self._page = []

    def finish(self, footer: str, place: Place) -> bytes:
        """The file. footer: of each page, with the places `{page}` and `{pages}`."""
        if self._page or not self._bodies:
            self.turn()
        for number, body in enumerate(self._bodies, start=1):
            text = footer.format(page=number, pages=len(self._bodies))
            foot = self._stream([_drawn(text, place)])
            self._document.add_page(
                pydyf.Dictionary(
                    {
                        "Type": "/Page",
                        "Parent": self._document.pages.reference,
                        "MediaBox": pydyf.Array([0, 0, WIDTH, HEIGHT]),
                        "Resources": self._fonts.reference,
                        "Contents": pydyf.Array([body.reference, foot.reference]),
                    }
                )
            )
        out = io.BytesIO()
        self._document.write(out)
        return out.getvalue()

    def _stream(self, drawn: list[bytes]) -> pydyf.Stream:
        packed = zlib.compress(b"\n".join(drawn), 9)
        stream = pydyf.Stream([packed], {"Filter": "/FlateDecode"})
        self._document.add_object(stream)
        return stream

    def _with_fonts(self) -> pydyf.Dictionary:
        latin = self._added(
            Type="/Font", Subtype="/Type1", BaseFont="/Helvetica", Encoding="/WinAnsiEncoding"
        )
        descriptor = self._added(
            Type="/FontDescriptor",
            FontName="/STSong-Light",
            Flags=6,
            FontBBox=pydyf.Array([-25, -254, 1000, 880]),
            ItalicAngle=0,
            Ascent=880,
            Descent=-120,
            CapHeight=880,
            StemV=93,
        )
        collection = {
            "Registry": pydyf.String("Adobe"),
            "Ordering": pydyf.String("GB1"),
            "Supplement": 4,
        }
        letters = self._added(
            Type="/Font",
            Subtype="/CIDFontType0",
            BaseFont="/STSong-Light",
            CIDSystemInfo=pydyf.Dictionary(collection),
            DW=_HAN_WIDTH,
            FontDescriptor=descriptor.reference,
        )
        han = self._added(
            Type="/Font",
            Subtype="/Type0",
            BaseFont="/STSong-Light-UniGB-UTF16-H",
            Encoding="/UniGB-UTF16-H",
            DescendantFonts=pydyf.Array([letters.reference]),
        )
        fonts = pydyf.Dictionary({_LATIN: latin.reference, _HAN: han.reference})
        return self._added(Font=fonts)

    def _added(self, **values: object) -> pydyf.Dictionary:
        added = pydyf.Dictionary(values)
        self._document.add_object(added)
        return added


def _drawn(text: str, place: Place) -> bytes:
    """The operators that write a text, each run of letters in the font that has them."""
    x = place.x - width_of(text, place.size) if place.right else place.x
    parts = [b"BT 1 0 0 1 %.2f %.2f Tm" % (x, place.y)]
    for is_latin, letters in groupby(text, _is_latin):
        run = "".join(letters)
        font = (_LATIN if is_latin else _HAN).encode()
        code = run.encode("ascii" if is_latin else "utf-16-be", "surrogatepass")
        parts.append(b"/%s %.1f Tf <%s> Tj" % (font, place.size, code.hex().encode()))
    parts.append(b"ET")
    return b" ".join(parts)


def _is_latin(letter: str) -> bool:
    return " " <= letter <= "~"


def _is_known(letter: str) -> bool:
    code = ord(letter)
    return code <= _BASIC_PLANE_END or code in _RARE_HAN


def _letter_width(letter: str) -> int:
    return _LATIN_WIDTHS[ord(letter) - 32] if _is_latin(letter) else _HAN_WIDTH
