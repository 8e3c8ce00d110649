"""The envelope of a WeChat official account: signatures, AES, XML.

Signature: SHA-1 over the sorted token, timestamp and nonce (and, encrypted, the ciphertext). AES:
CBC under 32 bytes whose first 16 are the vector; within it 16 random bytes, the length in 4 bytes,
the XML, the app id; padded to 32. So the developers' guide of WeChat ("消息加解密说明").
"""

import base64
import hashlib
import hmac
import struct

from functions.support.social.port import MalformedMessage, NotGenuine
from shared import clock
from shared.settings import settings

_BLOCK_BYTES, _HEAD_BYTES = 32, 20
_FIELDS_LIMIT = 50


def check_signature(signature: str, token: str, timestamp: str, *parts: str) -> None:
    """Raises NotGenuine for a wrong one, or one that is older than five minutes."""
    joined = "".join(sorted((token, timestamp, *parts)))
    wanted = hashlib.sha1(joined.encode(), usedforsecurity=False).hexdigest()
    if not hmac.compare_digest(wanted.encode(), signature.encode()):
        raise NotGenuine
    if not timestamp.isdigit() or len(timestamp) > 12:
        raise NotGenuine
    if abs(clock.seconds() - int(timestamp)) > settings().social_signature_seconds:
        raise NotGenuine


def decrypted(encrypted: str, *, aes_key: str, app_id: str) -> bytes:
    """What was sealed for us. Raises NotGenuine."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    key = base64.b64decode(aes_key + "=")
    try:
        sealed = base64.b64decode(encrypted, validate=True)
        decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        plain = decryptor.update(sealed) + decryptor.finalize()
    except ValueError as error:
        raise NotGenuine from error
    content = _unpadded(plain)
    if len(content) < _HEAD_BYTES:
        raise NotGenuine
    (length,) = struct.unpack(">I", content[16:_HEAD_BYTES])
    message, owner = content[_HEAD_BYTES : _HEAD_BYTES + length], content[_HEAD_BYTES + length :]
    if len(message) != length or not hmac.compare_digest(owner, app_id.encode()):
        raise NotGenuine
    return message


def fields_of(xml: bytes) -> dict[str, str]:
    """The elements right below the root. Raises MalformedMessage, also for XML with a DTD, in which
    an entity could grow without end or name a file.
    """
    from xml.etree.ElementTree import ParseError  # nosec B405  # the name of an error alone

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(xml, forbid_dtd=True)
    except (ParseError, DefusedXmlException, UnicodeError, ValueError, LookupError) as error:
        raise MalformedMessage from error
    return {one.tag: one.text or "" for one in list(root)[:_FIELDS_LIMIT]}


def _unpadded(plain: bytes) -> bytes:
    padding = plain[-1] if plain else 0
    if not 1 <= padding <= _BLOCK_BYTES or plain[-padding:] != bytes([padding]) * padding:
        raise NotGenuine
    return plain[:-padding]
