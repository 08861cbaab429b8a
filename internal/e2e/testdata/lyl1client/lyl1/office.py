"""What only head office can do: certificates, vouchers, renewals, personalisation; and check what cards did."""

import json
from dataclasses import dataclass

from . import tlv
from .algorithms import card_key, cmac, i32, point_of, u32
from .certificate import Certificate, key_id
from .card import pin_block

POINTS, UNBLOCK, LIMITS, INFO, TERMINATE = 1, 2, 3, 4, 5  # kinds of voucher


@dataclass(frozen=True)
class Office:
    ca: object  # private key
    master_tx: bytes
    master_ld: bytes
    scheme: bytes

    @property
    def ca_point(self):
        return point_of(self.ca)

    def certificate(self, card_id, point, last_day, flags=0):
        return Certificate.issue(self.ca, key_id(self.ca_point), card_id, point, self.scheme, last_day, flags)

    def k_tx(self, card_id):
        return card_key(self.master_tx, b"LYL1-TX", card_id)

    def k_ld(self, card_id):
        return card_key(self.master_ld, b"LYL1-LD", card_id)

    # 3.9 Vouchers

    def voucher(self, card_id, seq, kind, amount=0, ref=bytes(8)):
        body = u32(seq) + bytes([kind]) + i32(amount) + ref
        return body + cmac(self.k_ld(card_id), b"LV1" + card_id + body)

    def limits(self, card_id, seq, single, cumulative):
        return self.voucher(card_id, seq, LIMITS, ref=u32(single) + u32(cumulative))

    def info(self, card_id, seq, tier, language=""):
        amount = int.from_bytes(language.encode("ascii"), "big")
        return self.voucher(card_id, seq, INFO, amount, tier.encode("ascii").ljust(8, b"\x00"))

    # 3.10 What a card says that it did

    def txmac(self, card_id, record):
        body = (u32(record.ctr) + bytes([record.type]) + i32(record.amount) + u32(record.balance) + u32(record.store)
                + bytes([record.lane]) + record.txid)
        return cmac(self.k_tx(card_id), b"LT1" + card_id + body)[:8]

    # 3.11 Renewal

    def renewal_mac(self, card_id, certificate):
        return cmac(self.k_ld(card_id), b"LC1" + card_id + certificate)

    # 5.2 and 6: the same content, for a card in a reader and for a simulated one

    def personalisation(self, certificate, member):
        rows = [(0x70, certificate.encoded), (0x71, self.k_tx(certificate.card_id)), (0x72, self.k_ld(certificate.card_id)),
                (0x73, tlv.encode((0x61, member.number.encode()), (0x62, self.scheme), (0x63, member.tier.encode()),
                                  (0x64, member.language.encode())))]
        if member.pin:
            rows.append((0x74, pin_block(member.pin)))
        if member.puk:
            rows.append((0x75, pin_block(member.puk)))
        if member.limits != (0, 0):
            rows.append((0x76, u32(member.limits[0]) + u32(member.limits[1])))
        return tlv.encode(*rows)

    def personalisation_file(self, certificate, member):
        return json.dumps({
            "card_id": certificate.card_id.hex(), "certificate": certificate.encoded.hex(),
            "k_tx": self.k_tx(certificate.card_id).hex(), "k_ld": self.k_ld(certificate.card_id).hex(),
            "number": member.number, "scheme": self.scheme.hex(), "tier": member.tier, "language": member.language,
            "pin": member.pin, "puk": member.puk,
            "no_pin_single": member.limits[0], "no_pin_cumulative": member.limits[1]})


@dataclass(frozen=True)
class Member:
    number: str = "6034000000000018"
    tier: str = ""
    language: str = "lv"
    pin: str = "4711"
    puk: str = "12345678"
    limits: tuple = (0, 0)  # single, cumulative
