"""The algorithms of LYL1: the primitives are python3-cryptography's, the compositions are the page's."""

import hashlib
import hmac

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.kdf.kbkdf import CounterLocation, KBKDFCMAC, Mode
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

BLOCK = 16


def u16(n):
    return n.to_bytes(2, "big")


def u32(n):
    return n.to_bytes(4, "big")


def i32(n):
    return n.to_bytes(4, "big", signed=True)


def sha256(message):
    return hashlib.sha256(message).digest()


def equal(a, b):
    """Compares in constant time."""
    return hmac.compare_digest(a, b)


def cmac(key, message):
    c = CMAC(algorithms.AES(key))
    c.update(message)
    return c.finalize()


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def aes_block(key, block):
    e = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return e.update(block) + e.finalize()


def encrypt(key, iv, message):
    """AES-CBC of the message, padded with 80 00…; nothing stays nothing (3.2)."""
    if not message:
        return b""
    padded = message + b"\x80"
    padded += bytes(-len(padded) % BLOCK)
    e = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return e.update(padded) + e.finalize()


def decrypt(key, iv, message):
    """Undoes encrypt. ValueError when the padding is wrong."""
    if not message:
        return b""
    d = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    padded = d.update(message) + d.finalize()
    plain = padded.rstrip(b"\x00")
    if not plain.endswith(b"\x80") or len(padded) - len(plain) >= BLOCK:
        raise ValueError("wrong padding")
    return plain[:-1]


def session_keys(z, info):
    """K of 3.1: K_conf, S-ENC, S-MAC and S-RMAC."""
    k = ConcatKDFHash(hashes.SHA256(), 64, info).derive(z)
    return k[:16], k[16:32], k[32:48], k[48:]


def card_key(master, label, card_id):
    """K_tx or K_ld of a card (1)."""
    return KBKDFCMAC(algorithms.AES, Mode.CounterMode, 16, 4, 4, CounterLocation.BeforeFixed, label, card_id, None).derive(master)


def new_key():
    return ec.generate_private_key(ec.SECP256R1())


def key_from(scalar):
    return ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1())


def point_of(key):
    """The uncompressed public point, 04 ‖ X ‖ Y."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def from_point(point):
    """ValueError when the point is not on the curve."""
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


def ecdh(key, point):
    return key.exchange(ec.ECDH(), from_point(point))


def sign(key, message):
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def signed(point, signature, message):
    """Tells whether r ‖ s over the message is the signature of who has the point's key."""
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        from_point(point).verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True
