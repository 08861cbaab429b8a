"""The card's certificate (1)."""

from dataclasses import dataclass
from datetime import date

from . import tlv
from .algorithms import from_point, sha256, sign, signed, u16

DAY_0 = date(2000, 1, 1)
LENGTH = 169
PLAIN_VERIFY = 1  # flags


class NotGenuine(Exception):
    """The card is not one that this chain made, or not any more."""


def key_id(ca_point):
    return sha256(ca_point)[:8]


def day(d):
    return (d - DAY_0).days


def certificate_hash(encoded):
    return sha256(encoded)[:8]


@dataclass(frozen=True)
class Certificate:
    ca_key_id: bytes
    card_id: bytes
    point: bytes
    scheme: bytes
    last_day: int
    flags: int
    encoded: bytes

    @staticmethod
    def issue(ca, ca_key_id, card_id, point, scheme, last_day, flags=0):
        body = tlv.encode((0x50, b"\x01"), (0x51, ca_key_id), (0x52, card_id), (0x53, point), (0x54, scheme),
                          (0x55, u16(last_day)), (0x56, bytes([flags])))
        return Certificate.parse(body + tlv.encode((0x5F, sign(ca, body))))

    @staticmethod
    def parse(encoded):
        """ValueError when it has not the form of the page."""
        version, ca, card, point, scheme, last, flags, signature = tlv.decode(encoded, *range(0x50, 0x57), 0x5F)
        if [len(v) for v in (version, ca, card, point, scheme, last, flags, signature)] != [1, 8, 8, 65, 4, 2, 1, 64]:
            raise ValueError("a field of the certificate has another length")
        if version != b"\x01" or point[0] != 4:
            raise ValueError("another version, or a point that is not uncompressed")
        from_point(point)
        return Certificate(ca, card, point, scheme, int.from_bytes(last, "big"), flags[0], encoded)

    @property
    def hash(self):
        return certificate_hash(self.encoded)

    def check(self, ca_point, scheme, today):
        """Everything that a store checks by the certificate alone (3.1)."""
        if self.ca_key_id != key_id(ca_point):
            raise NotGenuine("signed by an issuing key that is not ours")
        if not signed(ca_point, self.encoded[-64:], self.encoded[:-66]):
            raise NotGenuine("the signature is wrong")
        if self.scheme != scheme:
            raise NotGenuine("a card of another chain")
        if day(today) > self.last_day:
            raise NotGenuine("the certificate has ended")
