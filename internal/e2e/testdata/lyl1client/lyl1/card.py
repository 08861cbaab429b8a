"""An active card, as a store speaks to it (2, 3)."""

import os
from dataclasses import dataclass

from . import tlv
from .algorithms import cmac, ecdh, equal, new_key, point_of, session_keys, sha256, u32, xor
from .certificate import Certificate, NotGenuine
from .channel import Channel, Refused, Unknown
from .purse import Done, Found, Loaded, Purse, Record

AID = bytes.fromhex("F04C594C5459310001")
DONE, TERMINATED = 0x9000, 0x6283
EF_CERT, EF_INFO = 1, 2  # short file identifiers

PIN_SET, PIN_BLOCKED, RATIFIED, IS_TERMINATED, PUK_BLOCKED, BLANK = (1 << n for n in range(6))  # flags of SELECT


@dataclass(frozen=True)
class Selection:
    version: int
    card_id: bytes
    ca_key_id: bytes
    certificate_hash: bytes
    ctr: int
    load_sequence: int
    flags: int
    pin_tries: int
    sw: int


@dataclass(frozen=True)
class Info:
    number: str
    scheme: bytes
    tier: str
    language: str


def pin_block(digits):
    return digits.encode("ascii").ljust(8, b"\xff")


def lock_of(r):
    return sha256(r)[:16]


class Card:
    """link sends the bytes of a command and gives the answer's data and status word; see reader.Connection."""

    def __init__(self, link):
        self.link, self.selected, self.channel = link, None, None

    def plain(self, command):
        answer, sw = self.link(command)
        if sw != DONE:
            raise Refused(sw, answer)
        return answer

    # 2. Files and selection

    def select(self):
        self.channel = None
        answer, sw = self.link(bytes([0x00, 0xA4, 0x04, 0x00, len(AID)]) + AID + b"\x00")
        if sw not in (DONE, TERMINATED):
            raise Refused(sw, answer)
        aid, data = tlv.decode(tlv.decode(answer, 0x6F)[0], 0x84, 0xA5)
        version, card_id, ca, cert, ctr, seq, flags, tries = tlv.decode(data, *range(0x80, 0x88))
        if aid != AID or [len(v) for v in (version, card_id, ca, cert, ctr, seq, flags, tries)] != [1, 8, 8, 8, 4, 4, 1, 1]:
            raise ValueError("not the answer of LYL1 to SELECT")
        number = lambda b: int.from_bytes(b, "big")
        self.selected = Selection(version[0], card_id, ca, cert, number(ctr), number(seq), flags[0], tries[0], sw)
        return self.selected

    def read_binary(self, sfi, offset=0, le=0):
        return self.plain(bytes([0x00, 0xB0, 0x80 | sfi, offset, le]))

    def read_certificate(self):
        return Certificate.parse(self.read_binary(EF_CERT))

    def read_info(self):
        number, scheme, tier, language = tlv.decode(self.read_binary(EF_INFO), 0x61, 0x62, 0x63, 0x64)
        return Info(number.decode("ascii"), scheme, tier.decode("ascii"), language.decode("ascii"))

    # 3.1 KEY AGREE

    def key_agree(self, certificate):
        """Opens a session with a card whose certificate was checked, and gives its purse. NotGenuine: it lacks the key."""
        if (certificate.card_id, certificate.hash) != (self.selected.card_id, self.selected.certificate_hash):
            raise NotGenuine("the certificate is not the one that SELECT named")
        host, nh = new_key(), os.urandom(16)
        answer = self.plain(bytes.fromhex("0088010151") + nh + point_of(host) + b"\x00")
        self.channel, purse = agreed(self.link, host, nh, certificate, answer)
        return purse

    # 3.2 Everything below goes through the session.

    def wrapped(self, cla, ins, p1=0, p2=0, data=b""):
        if self.channel is None:
            raise RuntimeError("no session: KEY AGREE comes first")
        try:
            return self.channel.command(cla, ins, p1, p2, data)
        except Unknown:
            self.channel = None
            raise

    # 3.3 PIN

    def verify(self, pin):
        self.wrapped(0x04, 0x20, 0, 1, pin_block(pin))

    def verify_status(self):
        """Returns when the PIN is verified in this session; Refused says what else."""
        self.wrapped(0x04, 0x20, 0, 1)

    def change(self, old, new):
        """old None: the member chooses the first one."""
        self.wrapped(0x04, 0x24, 0, 1, (pin_block("") if old is None else pin_block(old)) + pin_block(new))

    def unblock(self, puk, new):
        self.wrapped(0x04, 0x2C, 0, 1, pin_block(puk) + pin_block(new))

    def verify_plainly(self, pin=None):
        """As a pinpad does. Without a PIN it asks for the status."""
        self.plain(bytes.fromhex("00200001") + (b"" if pin is None else b"\x08" + pin_block(pin)))

    # 3.4 to 3.9 The purse

    def balance(self):
        return Purse.parse(self.wrapped(0x84, 0x5C))

    def debit(self, amount, store, lane, txid, lock):
        return Done.parse(self.wrapped(0x84, 0x54, data=u32(amount) + u32(store) + bytes([lane]) + txid + lock))

    def undo(self, txid, r):
        return Done.parse(self.wrapped(0x84, 0x56, data=txid + r))

    def query(self, txid):
        return Found.parse(self.wrapped(0x84, 0x58, data=txid))

    def read_journal(self, n=1):
        return Record.parse(self.wrapped(0x04, 0xB2, n, 0x1C))

    def load(self, voucher):
        return Loaded.parse(self.wrapped(0x84, 0x52, data=voucher))

    # 3.11 RENEW

    def renew(self, certificate, mac):
        """Gives the hash that the card says it holds now; only SELECT's counts."""
        self.channel = None
        data = certificate + mac
        return self.plain(bytes([0x80, 0xDA, 0x01, 0x01, len(data)]) + data + b"\x00")


def agreed(link, host, nh, certificate, answer):
    """The session that an answer to KEY AGREE opens, and the purse sealed in it."""
    if len(answer) != 48:
        raise NotGenuine(f"KEY AGREE answered {len(answer)} bytes")
    nc, sealed, cryptogram = answer[:16], answer[16:32], answer[32:]
    info = b"LYL1" + certificate.card_id + certificate.hash + nh + nc
    k_conf, *keys = session_keys(ecdh(host, certificate.point), info)
    if not equal(cryptogram, cmac(k_conf, b"KC_1_V" + certificate.card_id + point_of(host) + sealed)):
        raise NotGenuine("the card has not the key of its certificate")
    return Channel(link, *keys), Purse.parse(xor(sealed, cmac(k_conf, b"KC_1_S")))
