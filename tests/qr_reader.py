"""Reads QR codes as a phone does: by a reader that knows nothing of what has drawn them."""

import base64
import io
import re
import struct
import xml.etree.ElementTree as ET
import zlib

import zxingcpp

_SVG = "{http://www.w3.org/2000/svg}"
_PIXELS_PER_MODULE = 4
_AS_IT_IS, _FROM_ABOVE = 0, 2  # how a row of a PNG is written
_STROKE = re.compile(r"([Mm])(-?[\d.]+) (-?[\d.]+)h(\d+)")


def read_png(image: str) -> str:
    """What a PNG in Base64 says: one of black and white, a bit a pixel."""
    content = base64.b64decode(image, validate=True)
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, depth, colours = struct.unpack(">IIBB", content[16:26])
    assert (depth, colours) == (1, 0)
    row_bytes = -(-width // 8)
    rows, pixels, above = (
        io.BytesIO(zlib.decompress(_part(content, b"IDAT"))),
        b"",
        bytes(row_bytes),
    )
    for _ in range(height):
        (kind,), row = rows.read(1), rows.read(row_bytes)
        assert kind in (_AS_IT_IS, _FROM_ABOVE)
        if kind == _FROM_ABOVE:
            row = bytes((one + other) % 256 for one, other in zip(row, above, strict=True))
        pixels += bytes(255 * (row[x // 8] >> 7 - x % 8 & 1) for x in range(width))
        above = row
    return _said(pixels, width, height)


def read_svg(image: str) -> str:
    """What an SVG says whose dark modules are strokes from left to right, on a white ground."""
    drawing = ET.fromstring(image)
    size = int(drawing.attrib["viewBox"].split()[2])
    ground, strokes = drawing.findall(f"{_SVG}path")
    assert (ground.attrib["fill"], strokes.attrib["stroke"]) == ("#fff", "#000")
    dark, x, y = set(), 0.0, 0.0
    for kind, to_x, to_y, length in _STROKE.findall(strokes.attrib["d"]):
        x = float(to_x) + (x if kind == "m" else 0)
        y = float(to_y) + (y if kind == "m" else 0)
        dark |= {(int(x) + step, int(y)) for step in range(int(length))}
        x += int(length)
    side = size * _PIXELS_PER_MODULE
    pixels = bytes(
        0 if (column // _PIXELS_PER_MODULE, row // _PIXELS_PER_MODULE) in dark else 255
        for row in range(side)
        for column in range(side)
    )
    return _said(pixels, side, side)


def _part(content: bytes, name: bytes) -> bytes:
    place = content.index(name)
    (length,) = struct.unpack(">I", content[place - 4 : place])
    return content[place + 4 : place + 4 + length]


def _said(pixels: bytes, width: int, height: int) -> str:
    (code,) = zxingcpp.read_barcodes(memoryview(pixels).cast("B", (height, width)))
    return str(code.text)
