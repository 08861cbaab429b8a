"""docs/card-vectors.txt, line by line: what this client computes, without a card."""

import unittest
from datetime import date
from pathlib import Path

from lyl1 import algorithms as a
from lyl1.blank import Blank, derive
from lyl1.card import agreed, lock_of, pin_block
from lyl1.certificate import LENGTH, PLAIN_VERIFY, Certificate, day, key_id
from lyl1.channel import Channel
from lyl1.office import LIMITS, POINTS, TERMINATE, Office
from lyl1.purse import Loaded, Purse, Record

SCHEME = bytes.fromhex("4c595431")
FILE = Path(__file__).resolve().parents[4] / "docs" / "card-vectors.txt"


class Lines(dict):
    """The file's lines by name. It remembers which were looked at."""

    def __init__(self):
        rows = (line.split("=") for line in FILE.read_text().splitlines() if line and not line.startswith("#"))
        super().__init__((name.strip(), bytes.fromhex(value)) for name, value in rows)
        self.unread = set(self)

    def __getitem__(self, name):
        self.unread.discard(name)
        return super().__getitem__(name)


class Vectors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.v = Lines()

    @classmethod
    def tearDownClass(cls):
        assert not cls.v.unread, f"lines that nothing was compared with: {cls.v.unread}"

    def setUp(self):
        self.office = Office(a.key_from(self.v["ca_private"]), self.v["master_tx"], self.v["master_ld"], SCHEME)

    def check(self, **computed):
        for name, value in computed.items():
            self.assertEqual(value.hex(), self.v[name].hex(), name)

    def script(self, *names):
        """A card that expects these commands and gives these answers."""
        turns = iter(names)

        def link(command):
            self.check(**{next(turns): command})
            answer = self.v[next(turns)]
            return answer[:-2], int.from_bytes(answer[-2:], "big")
        return link

    def test_keys_of_a_card(self):
        v = self.v
        self.check(k_tx=self.office.k_tx(v["card_id"]), k_ld=self.office.k_ld(v["card_id"]))

    def test_certificate(self):
        v = self.v
        self.check(ca_public=self.office.ca_point, ca_key_id=key_id(self.office.ca_point),
                   card_public=a.point_of(a.key_from(v["card_private"])))
        c = Certificate.parse(v["certificate"])
        c.check(v["ca_public"], SCHEME, date(2031, 12, 31))
        self.assertEqual((c.card_id, c.point, c.last_day, c.flags),
                         (v["card_id"], v["card_public"], day(date(2031, 12, 31)), PLAIN_VERIFY))
        self.check(certificate_hash=c.hash)
        again = self.office.certificate(c.card_id, c.point, c.last_day, c.flags)
        self.assertEqual(again.encoded[:-64], c.encoded[:-64])

    def test_key_agreement(self):
        v = self.v
        host = a.key_from(v["host_private"])
        info = b"LYL1" + v["card_id"] + v["certificate_hash"] + v["nh"] + v["nc"]
        self.check(host_public=a.point_of(host), z=a.ecdh(host, v["card_public"]), info=info, k=b"".join(a.session_keys(v["z"], info)))
        _, purse = agreed(None, host, v["nh"], Certificate.parse(v["certificate"]), v["nc"] + v["sealed"] + v["cryptogram"])
        self.assertEqual(purse, Purse.parse(v["state"]))

    def test_secure_messaging(self):
        v = self.v
        link = self.script("verify_command", "verify_answer", "debit_command", "debit_answer")
        channel = Channel(link, v["k"][16:32], v["k"][32:48], v["k"][48:])
        self.check(lock=lock_of(v["r"]), debit_data=a.u32(200) + a.u32(7) + b"\x03" + v["txid"] + v["lock"])
        self.assertEqual(channel.command(0x04, 0x20, 0, 1, pin_block("4711")), b"")
        self.check(debit_answer_data=channel.command(0x84, 0x54, 0, 0, v["debit_data"]))

    def test_purse(self):
        v, card = self.v, self.v["card_id"]
        ref = v["voucher_points"][9:17]
        self.check(voucher_points=self.office.voucher(card, 1, POINTS, 250, ref),
                   voucher_limits=self.office.limits(card, 2, 100, 300), voucher_terminate=self.office.voucher(card, 3, TERMINATE))
        load = Record(1, 3, 250, 250, 0, 0, ref + v["voucher_points"][17:25], b"", 1)
        debit = Record.parse(v["debit_record"])
        self.assertEqual((debit.amount, debit.balance, debit.store, debit.lane, debit.txid), (200, 50, 7, 3, v["txid"]))
        self.assertEqual(v["debit_answer_data"], a.u32(debit.ctr) + a.u32(debit.balance) + debit.txmac)
        self.check(load_txmac=self.office.txmac(card, load))
        self.assertEqual(self.office.txmac(card, debit), debit.txmac)

    def test_renewal(self):
        certificate, mac = self.v["renewal"][:LENGTH], self.v["renewal"][LENGTH:]
        renewed = Certificate.parse(certificate)
        renewed.check(self.v["ca_public"], SCHEME, date(2036, 12, 31))
        self.check(renewed_hash=renewed.hash)
        self.assertEqual(self.office.renewal_mac(self.v["card_id"], certificate), mac)

    def test_personalisation_channel(self):
        v = self.v
        challenges = v["host_challenge"] + v["card_challenge"]
        self.check(s_enc=derive(v["k_enc"], 4, 128, challenges), s_mac=derive(v["k_mac"], 6, 128, challenges),
                   s_rmac=derive(v["k_mac"], 7, 128, challenges), card_cryptogram=derive(v["s_mac"], 0, 64, challenges),
                   host_cryptogram=derive(v["s_mac"], 1, 64, challenges))
        initial = bytes(10) + b"\x01\x03\x60" + v["card_challenge"] + v["card_cryptogram"]
        v.update(initialize=bytes.fromhex("8050000008") + v["host_challenge"] + b"\x00", initial=initial + b"\x90\x00", done=b"\x90\x00")
        blank = Blank(self.script("initialize", "initial", "external_authenticate", "done", "generate_key_command", "generate_key_answer"))
        blank.open(v["k_enc"], v["k_mac"], challenge=v["host_challenge"])
        self.assertEqual(blank.generate_key(), v["card_public"])
        iv = a.aes_block(v["s_enc"], (2).to_bytes(16, "big"))
        piece = a.decrypt(v["s_enc"], iv, v["store_data_command"][5:-9])
        self.check(store_data_command=blank.channel.wrap(0x84, 0xE2, 0, 0, piece))
