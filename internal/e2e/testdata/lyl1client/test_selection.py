"""SELECT, the free files, and what the card says to commands that it does not know (2)."""

from datetime import timedelta

from lyl1.card import AID, BLANK, DONE, EF_CERT, EF_INFO, PIN_BLOCKED, PIN_SET, PUK_BLOCKED, RATIFIED, TERMINATED
from lyl1.certificate import LENGTH, NotGenuine, day
from lyl1.office import POINTS, TERMINATE, Member
from world import OFFICE, TODAY, Story


class Selection(Story):
    def test_every_field_of_an_active_card(self):
        plastic = self.plastic()
        self.insert(plastic.name)
        with self.tap() as card:
            s = card.select()
        self.assertEqual((s.sw, s.version, s.card_id, s.ca_key_id, s.certificate_hash, s.ctr, s.load_sequence, s.flags, s.pin_tries),
                         (DONE, 1, plastic.card_id, plastic.certificate.ca_key_id, plastic.certificate.hash, 0, 0, PIN_SET | RATIFIED, 3))

    def test_a_blank_card_says_that_it_is_one_and_takes_nothing_else(self):
        name, _ = self.blank()
        self.insert(name)
        with self.tap() as card:
            s = card.select()
            self.assertEqual((s.card_id, s.ca_key_id, s.certificate_hash, s.flags, s.pin_tries), (bytes(8),) * 3 + (BLANK | RATIFIED, 0))
            for command in ("00B08100", "00200001", "80DA010101AA", "0088010151" + "00" * 81):
                with self.refused(0x6985):
                    card.plain(bytes.fromhex(command))

    def test_flags_and_tries_follow_pin_and_puk(self):
        for state, flags, tries in (("pin-last-try", PIN_SET, 1), ("pin-blocked", PIN_SET | PIN_BLOCKED, 0),
                                    ("puk-blocked", PIN_SET | PUK_BLOCKED, 3), ("pin-not-set", 0, 0)):
            with self.subTest(state):
                plastic = self.plastic()
                self.put(plastic, state)
                self.insert(plastic.name)
                with self.tap() as card:
                    s = card.select()
                self.assertEqual((s.flags & (PIN_SET | PIN_BLOCKED | PUK_BLOCKED), s.pin_tries), (flags, tries))

    def test_before_select_every_command_gets_6985(self):
        self.insert(self.plastic().name)
        with self.tap() as card:
            for command in ("00B0810000", "00200001", "0088010151" + "00" * 81, "80DA0101B9" + "00" * 185, "8050000008" + "00" * 8):
                with self.refused(0x6985):
                    card.plain(bytes.fromhex(command))

    def test_ratified_is_cleared_by_a_change_and_set_by_the_next_command(self):
        with self.charged() as (card, plastic):
            card.channel.link.close()
            with self.tap() as card:
                self.assertFalse(card.select().flags & RATIFIED, "the LOAD's answer may not have arrived")
                self.agree(card, plastic)
                self.assertFalse(card.select().flags & RATIFIED, "no command was accepted in that session")
            with self.session(plastic) as card:
                card.balance()
                self.assertFalse(card.select().flags & RATIFIED, "that was another session than the LOAD's")
                self.agree(card, plastic)
                card.load(OFFICE.voucher(plastic.card_id, 2, POINTS, 1))
                card.balance()
                self.assertTrue(card.select().flags & RATIFIED, "the LOAD's answer has arrived")

    def test_terminated_card_still_answers_select_and_changes_no_more(self):
        with self.charged(250) as (card, plastic):
            voucher = OFFICE.voucher(plastic.card_id, 2, TERMINATE)
            loaded = card.load(voucher)
            self.assertEqual((loaded.balance, loaded.taken), (0, -250))
            self.assertEqual(card.load(voucher), loaded, "the same voucher answers again")
            self.assertEqual(card.select().sw, TERMINATED)
            self.agree(card, plastic)
            intent = self.intent(card, 1)
            for change in (lambda: self.debit(card, intent), lambda: card.undo(intent.txid, intent.r), lambda: card.verify("4711"),
                           lambda: card.change("4711", "2580"), lambda: card.unblock("12345678", "2580"),
                           lambda: card.load(OFFICE.voucher(plastic.card_id, 3, 1, 5))):
                with self.refused(0x6985):
                    change()
            self.assertEqual(card.read_journal().amount, -250, "what it did can still be read")
            card.select()
            with self.refused(0x6985):
                card.renew(plastic.certificate.encoded, OFFICE.renewal_mac(plastic.card_id, plastic.certificate.encoded))


class Files(Story):
    def test_certificate_and_info_whole_and_in_pieces(self):
        plastic = self.plastic(Member(number="6034000000000026", tier="gold", language="fa"))
        self.insert(plastic.name)
        with self.tap() as card:
            card.select()
            whole = card.read_binary(EF_CERT)
            self.assertEqual((whole, len(whole)), (plastic.certificate.encoded, LENGTH))
            self.assertEqual(b"".join(card.read_binary(EF_CERT, at, 50) for at in range(0, LENGTH, 50)), whole)
            info = card.read_info()
            self.assertEqual((info.number, info.scheme, info.tier, info.language), ("6034000000000026", OFFICE.scheme, "gold", "fa"))
            length = len(card.read_binary(EF_INFO))
            self.assertEqual(len(card.read_binary(EF_INFO, length - 1)), 1)
            for sfi, end in ((EF_CERT, LENGTH), (EF_INFO, length)):
                for offset in (end, 255):
                    with self.refused(0x6B00):
                        card.read_binary(sfi, offset)

    def test_cards_that_this_chain_did_not_make(self):
        for state, why in (("counterfeit", "issuing key"), ("forged", "signature")):
            with self.subTest(state):
                plastic = self.plastic()
                self.put(plastic, state)
                self.insert(plastic.name)
                with self.tap() as card, self.assertRaisesRegex(NotGenuine, why):
                    self.agree(card, plastic)

    def test_certificate_that_has_ended_and_one_of_another_chain(self):
        plastic = self.plastic(last_day=day(TODAY))
        plastic.certificate.check(OFFICE.ca_point, OFFICE.scheme, TODAY)
        with self.assertRaisesRegex(NotGenuine, "ended"):
            plastic.certificate.check(OFFICE.ca_point, OFFICE.scheme, TODAY + timedelta(days=1))
        with self.assertRaisesRegex(NotGenuine, "chain"):
            plastic.certificate.check(OFFICE.ca_point, bytes(4), TODAY)

    def test_copy_of_what_can_be_read_fails_at_key_agree(self):
        plastic = self.plastic()
        self.insert(self.copy(plastic, "clone"))
        with self.tap() as card, self.assertRaisesRegex(NotGenuine, "has not the key"):
            self.agree(card, plastic)


class Strangers(Story):
    def test_commands_that_the_card_does_not_know(self):
        self.insert(self.plastic().name)
        with self.tap() as card:
            for command, sw in (("00A4040005F000000001", 0x6A82), ("00A4020009" + AID.hex(), 0x6A86)):
                with self.subTest(command), self.refused(sw):
                    card.plain(bytes.fromhex(command))
            card.select()
            for command, sw in (("00CA0000", 0x6D00), ("80CA0000", 0x6D00), ("90200001", 0x6E00), ("B0B08100", 0x6E00),
                                ("01B08100", 0x6881), ("0CB08100", 0x6882), ("00B08300", 0x6A86), ("00880000", 0x6A86),
                                ("80DA0102", 0x6A86)):
                with self.subTest(command), self.refused(sw):
                    card.plain(bytes.fromhex(command))
