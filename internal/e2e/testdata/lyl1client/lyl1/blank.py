"""A blank card and its personalisation channel: SCP03 with i = 60 (5)."""

import os

from .algorithms import cmac, equal, u16
from .certificate import NotGenuine
from .channel import Channel, Refused

PIECE = 239  # with padding and MAC 248 bytes, the most that one length byte can say


def derive(key, constant, bits, challenges):
    return cmac(key, bytes(11) + bytes([constant, 0]) + u16(bits) + b"\x01" + challenges)[:bits // 8]


class Blank:
    """The card must have been selected: see card.Card.select."""

    def __init__(self, link):
        self.link, self.channel = link, None

    def open(self, k_enc, k_mac, key_version=0, challenge=None):
        """Opens the channel. NotGenuine: the card has other transport keys."""
        challenge = challenge or os.urandom(8)
        answer, sw = self.link(bytes([0x80, 0x50, key_version, 0x00, 0x08]) + challenge + b"\x00")
        if sw != 0x9000:
            raise Refused(sw)
        if len(answer) != 29 or answer[:10] != bytes(10) or answer[11:13] != b"\x03\x60":
            raise ValueError("not INITIALIZE UPDATE's answer with SCP03 and i = 60")
        challenges = challenge + answer[13:21]
        s_mac = derive(k_mac, 6, 128, challenges)
        if not equal(answer[21:], derive(s_mac, 0, 64, challenges)):
            raise NotGenuine("the card cryptogram is wrong")
        command = bytes.fromhex("8482330010") + derive(s_mac, 1, 64, challenges)
        chain = cmac(s_mac, bytes(16) + command)
        answer, sw = self.link(command + chain[:8])
        if sw != 0x9000:
            raise Refused(sw)
        self.channel = Channel(self.link, derive(k_enc, 4, 128, challenges), s_mac, derive(k_mac, 7, 128, challenges), chain)

    def generate_key(self):
        """QC of a new pair."""
        return self.channel.command(0x84, 0x46, 0, 0)

    def store_data(self, nn, piece, last=False):
        self.channel.command(0x84, 0xE2, 0x80 if last else 0x00, nn, piece)

    def store(self, data):
        pieces = [data[at:at + PIECE] for at in range(0, len(data), PIECE)]
        for nn, piece in enumerate(pieces):
            self.store_data(nn, piece, last=nn == len(pieces) - 1)
