"""KEY AGREE and secure messaging (3.1, 3.2)."""

from lyl1.algorithms import new_key, point_of
from lyl1.purse import Purse
from world import Story

G_X = "6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"


class KeyAgree(Story):
    def test_the_purse_comes_sealed_with_the_session(self):
        with self.charged(250) as (card, plastic):
            self.agree(card, plastic)
            self.assertEqual(card.purse, Purse(balance=250, ctr=1, load_sequence=1, spent_without_pin=0))
            self.assertEqual(card.balance(), card.purse)

    def test_points_and_lengths_that_are_refused(self):
        plastic = self.plastic()
        self.insert(plastic.name)
        good = point_of(new_key())
        off = good[:-1] + bytes([good[-1] ^ 1])
        with self.tap() as card:
            card.select()
            for name, point, sw in (("not on the curve", off, 0x6A80), ("compressed", b"\x02" + good[1:33] + bytes(32), 0x6A80),
                                    ("compressed, shorter", b"\x02" + good[1:33], 0x6700), ("at infinity", bytes(65), 0x6A80),
                                    ("a byte too much", good + b"\x00", 0x6700)):
                with self.subTest(name), self.refused(sw):
                    data = bytes(16) + point
                    card.plain(bytes.fromhex("00880101") + bytes([len(data)]) + data)
            with self.refused(0x6700):
                card.plain(bytes.fromhex("00880101"))


class SecureMessaging(Story):
    def setUp(self):

        self.plastic_ = self.plastic()
        self.insert(self.plastic_.name)

    def gone(self, card):
        """The card has no session any more: its next answer is 6985, bare."""
        self.assertEqual(card.link(card.channel.wrap(0x84, 0x5C, 0, 0)), (b"", 0x6985))

    def test_command_with_another_mac_ends_the_session(self):
        with self.session(self.plastic_) as card:
            command = bytearray(card.channel.wrap(0x84, 0x5C, 0, 0))
            command[-2] ^= 1
            self.assertEqual(card.link(command), (b"", 0x6988))
            self.gone(card)

    def test_command_that_is_sent_again_ends_the_session(self):
        with self.session(self.plastic_) as card:
            command = card.channel.wrap(0x84, 0x5C, 0, 0)
            card.channel.unwrap(*card.link(command))
            self.assertEqual(card.link(command), (b"", 0x6988))
            self.gone(card)

    def test_command_that_was_dropped_ends_the_session(self):
        with self.session(self.plastic_) as card:
            card.channel.wrap(0x84, 0x5C, 0, 0)
            self.assertEqual(card.link(card.channel.wrap(0x84, 0x5C, 0, 0)), (b"", 0x6988))

    def test_what_else_ends_a_session(self):
        plain = {"SELECT": "00A4040009F04C594C545931000100", "READ BINARY": "00B0810000", "an unknown instruction": "00CA000000",
                 "a command that lacks its protection": "805C000000"}
        for name, command in plain.items():
            with self.subTest(name), self.session(self.plastic_) as card:
                card.link(bytes.fromhex(command))
                self.gone(card)
        with self.session(self.plastic_) as card:
            before = card.channel
            card.key_agree(self.plastic_.certificate)
            before, card.channel = card.channel, before
            self.assertEqual(card.link(card.channel.wrap(0x84, 0x5C, 0, 0)), (b"", 0x6988), "the older session's keys")
        with self.session(self.plastic_) as card:
            channel = card.channel
        with self.tap() as card:  # the tap before ended with a reset
            card.select()
            card.channel = channel
            channel.link = card.link
            self.gone(card)

    def test_commands_that_need_protection(self):
        with self.session(self.plastic_) as card:
            with self.refused(0x6982):
                card.plain(bytes.fromhex("805C000000"))

    def test_refusal_inside_a_session_is_proven_and_ends_nothing(self):
        with self.session(self.plastic_) as card:
            for cla, ins, p2, sw in ((0x84, 0xCA, 0, 0x6D00), (0x84, 0x20, 1, 0x6E00), (0x04, 0x5C, 0, 0x6E00), (0x84, 0x5C, 1, 0x6A86),
                                     (0x04, 0x20, 2, 0x6A86), (0x04, 0xB2, 0x1D, 0x6A86), (0x04, 0xB0, 0, 0x6882)):
                with self.subTest(f"{cla:02X} {ins:02X}"), self.refused(sw):
                    card.wrapped(cla, ins, 0, p2)
            with self.refused(0x6700):
                card.wrapped(0x84, 0x54, data=bytes(3))
            with self.refused(0x6A83):
                card.read_journal(1)
            self.assertEqual(card.balance().balance, 0)

    def test_answers_that_prove_nothing(self):
        for fault in ({"kind": "bit-flip", "bit": 3}, {"kind": "truncated", "bytes": 4}, {"kind": "over-long", "bytes": 7},
                      {"kind": "sw", "sw": "9000"}, {"kind": "sw", "sw": "9401"}, {"kind": "stale-session"}, {"kind": "short", "bytes": 1}):
            with self.subTest(**fault), self.session(self.plastic_) as card:
                self.fault(ins="5C", **fault)
                with self.unknown():
                    card.balance()
