"""From a blank to a member's card through the reader (5)."""

from lyl1 import tlv
from lyl1.algorithms import key_from, point_of
from lyl1.blank import PIECE, Blank
from lyl1.card import BLANK, PIN_SET, RATIFIED
from lyl1.certificate import NotGenuine
from lyl1.office import Member
from world import K_ENC, K_MAC, LAST_DAY, OFFICE, Plastic, Story

CARD_ID = bytes.fromhex("00000000000F4240")


class Personalisation(Story):
    def setUp(self):

        self.name, _ = self.blank()
        self.insert(self.name)

    def open(self, card):
        self.assertTrue(card.select().flags & BLANK)
        blank = Blank(card.link)
        blank.open(K_ENC, K_MAC, key_version=1)
        return blank

    def data(self, point, member=Member()):
        certificate = OFFICE.certificate(CARD_ID, point, LAST_DAY)
        return certificate, OFFICE.personalisation(certificate, member)

    def test_blank_becomes_a_card_that_pays(self):
        with self.tap() as card:
            blank = self.open(card)
            certificate, data = self.data(blank.generate_key(), Member(tier="gold", limits=(10, 20)))
            blank.store(data)
            with self.refused(0x6985):
                blank.open(K_ENC, K_MAC)  # its transport keys are gone
        plastic = Plastic(self.name, certificate, Member())
        with self.session(plastic, "4711") as card:
            self.assertEqual((card.selected.flags, card.read_info().tier), (PIN_SET | RATIFIED, "gold"))
            self.agree(card, plastic)
            card.load(OFFICE.voucher(CARD_ID, 1, 1, 100))
            self.debit(card, self.intent(card, 10))
            card.unblock("12345678", "2580")

    def test_member_may_have_no_pin_yet(self):
        with self.tap() as card:
            blank = self.open(card)
            _, data = self.data(blank.generate_key(), Member(pin="", puk=""))
            blank.store(data)
            self.assertEqual(card.select().flags, RATIFIED)

    def test_key_is_kept_until_the_next_one_also_without_power(self):
        with self.tap() as card:
            first = self.open(card).generate_key()
        with self.tap() as card:
            blank = self.open(card)
            second = blank.generate_key()
            self.assertNotEqual(first, second)
        with self.tap() as card:
            blank = self.open(card)
            _, data = self.data(first)
            with self.refused(0x6A80):
                blank.store(data)
            certificate, data = self.data(second)
            blank.store(data)
            self.assertEqual(card.select().certificate_hash, certificate.hash)

    def test_pieces_out_of_order(self):
        with self.tap() as card:
            blank = self.open(card)
            certificate, data = self.data(blank.generate_key())
            blank.store_data(0, b"something else")
            with self.refused(0x6A86):
                blank.store_data(2, b"x")
            with self.refused(0x6A86):
                blank.store_data(1, b"x")  # after an error from the beginning
            with self.refused(0x6A86):
                blank.channel.command(0x84, 0xE2, 0x40, 0, b"x")
            with self.refused(0x6700):
                blank.store_data(0, b"")
            blank.store_data(0, bytes(PIECE))
            blank.store_data(1, bytes(PIECE))
            with self.refused(0x6A84):
                blank.store_data(2, bytes(512 - 2 * PIECE + 1))
            blank.store_data(0, b"begins anew")
            blank.store(data)
            self.assertEqual(card.select().certificate_hash, certificate.hash)

    def test_content_of_another_form(self):
        with self.tap() as card:
            blank = self.open(card)
            certificate, data = self.data(blank.generate_key())
            _, stranger = self.data(point_of(key_from(b"\x01" * 32)))
            cases = {"a key that is not the card's": stranger, "nothing": data[:1], "a byte missing": data[:-1], "a byte too much": data + b"\x00",
                     "a PIN block of another form": data.replace(b"4711\xff", b"4711\x00"), "twice the same": data + data[-10:],
                     "an unknown tag": data + tlv.encode((0x77, b""))}
            for name, wrong in cases.items():
                with self.subTest(name), self.refused(0x6A80):
                    blank.store(wrong)
            self.assertTrue(card.select().flags & BLANK, "nothing half done")

    def test_channel_needs_the_transport_keys_and_its_own_order(self):
        with self.tap() as card:
            card.select()
            blank = Blank(card.link)
            with self.assertRaises(NotGenuine):
                blank.open(K_ENC, bytes(16))
            with self.refused(0x6A88):
                blank.open(K_ENC, K_MAC, key_version=9)
            for command, sw in (("8050000100", 0x6A86), ("8050000107" + "00" * 7, 0x6A86), ("8050000007" + "00" * 7, 0x6700),
                                ("8482330010" + "00" * 16, 0x6985), ("8446000008" + "00" * 8, 0x6985)):
                with self.subTest(command), self.refused(sw):
                    card.plain(bytes.fromhex(command))
            for command, sw in (("8482010010" + "00" * 16, 0x6A86), ("848233000F" + "00" * 15, 0x6700), ("8482330010" + "00" * 16, 0x6300)):
                card.plain(bytes.fromhex("8050000008") + bytes(8))
                with self.subTest(command), self.refused(sw):
                    card.plain(bytes.fromhex(command))
                with self.subTest("the challenge is used up"), self.refused(0x6985):
                    card.plain(bytes.fromhex("8482330010") + bytes(16))

    def test_right_cryptogram_with_a_wrong_mac(self):
        with self.tap() as card:
            card.select()

            def spoil(command, link=card.link):
                return link(command[:-1] + bytes([command[-1] ^ 1]) if command[1] == 0x82 else command)
            with self.refused(0x6988):
                Blank(spoil).open(K_ENC, K_MAC)
