"""QR codes to look at: as SVG, which prints at any size, and as PNG.

They go out inside JSON. Whoever shows one needs its text as well, and a reply of bytes would need
the right `Accept` at every gateway on its way.
"""

import io
from typing import Literal

import msgspec

ImageFormat = Literal["svg", "png"]
_QUIET_MODULES = 4  # the margin that ISO/IEC 18004 asks for
_PIXELS_PER_MODULE = 10


class ImageQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """image: in which form the code is wanted to look at; none where the text is enough."""

    image: ImageFormat | None = None


class QrView(msgspec.Struct, frozen=True, kw_only=True):
    """qr: what the code says. svg: an image, as text; png: one, in Base64. Each where wanted."""

    qr: str
    svg: str | None
    png: bytes | None


def qr_view(qr: str, image: ImageFormat | None) -> QrView:
    drawn = _drawn(qr, image) if image else b""
    return QrView(
        qr=qr,
        svg=drawn.decode() if image == "svg" else None,
        png=drawn if image == "png" else None,
    )


def _drawn(qr: str, image: ImageFormat) -> bytes:
    import segno  # only these few routes draw

    # M: a sixth of it may be dirty or torn.
    drawing = io.BytesIO()
    code = segno.make_qr(qr, error="m", boost_error=False)
    if image == "svg":
        code.save(drawing, kind="svg", border=_QUIET_MODULES, light="white", omitsize=True)
    else:
        code.save(drawing, kind="png", border=_QUIET_MODULES, scale=_PIXELS_PER_MODULE)
    return drawing.getvalue()
