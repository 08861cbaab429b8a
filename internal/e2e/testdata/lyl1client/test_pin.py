"""VERIFY, CHANGE, UNBLOCK, and the plain VERIFY of a pinpad (3.3)."""

from lyl1.certificate import PLAIN_VERIFY
from lyl1.office import UNBLOCK, Member
from world import OFFICE, Story


class PIN(Story):
    def open(self, member=Member(), flags=0, state=None):
        plastic = self.plastic(member, flags)
        if state:
            self.put(plastic, state)
        self.insert(plastic.name)
        return plastic

    def test_verify_counts_down_blocks_and_is_unblocked_by_the_puk(self):
        with self.session(self.open()) as card:
            for sw in (0x63C2, 0x63C1, 0x6983, 0x6983):
                with self.refused(sw):
                    card.verify("0000")
            for attempt in (lambda: card.verify("4711"), card.verify_status, lambda: card.change("4711", "2580")):
                with self.refused(0x6983):
                    attempt()
            with self.refused(0x63C9):
                card.unblock("00000000", "2580")
            card.unblock("12345678", "2580")
            with self.refused(0x63C3):
                card.verify_status()  # UNBLOCK verifies nothing
            card.verify("2580")
            card.verify_status()

    def test_right_pin_gives_the_tries_back(self):
        with self.session(self.open()) as card:
            with self.refused(0x63C2):
                card.verify("0000")
            card.verify("4711")
            card.verify_status()
            with self.refused(0x63C2):
                card.verify("0000")  # and ends the verified state
            with self.refused(0x63C2):
                card.verify_status()

    def test_tries_are_kept_over_taps_and_the_verified_state_is_not(self):
        plastic = self.open()
        with self.session(plastic) as card, self.refused(0x63C2):
            card.verify("0000")
        with self.session(plastic, "4711") as card:
            card.verify_status()
        with self.session(plastic) as card, self.refused(0x63C3):
            card.verify_status()

    def test_block_of_another_form_spends_no_try(self):
        with self.session(self.open()) as card:
            for block in (b"471\xff\xff\xff\xff\xff", b"4711\x00\x00\x00\x00", b"47a1\xff\xff\xff\xff", b"4711\xff5\xff\xff", b"\xff" * 8):
                with self.subTest(block), self.refused(0x6A80):
                    card.wrapped(0x04, 0x20, 0, 1, block)
                with self.refused(0x6A80):
                    card.wrapped(0x04, 0x24, 0, 1, b"4711\xff\xff\xff\xff" + block)
                with self.refused(0x6A80):
                    card.wrapped(0x04, 0x2C, 0, 1, block + b"4711\xff\xff\xff\xff")
            for length in (1, 7, 9):
                with self.refused(0x6700):
                    card.wrapped(0x04, 0x20, 0, 1, b"4" * length)
            with self.refused(0x63C3):
                card.verify_status()

    def test_change(self):
        with self.session(self.open()) as card:
            with self.refused(0x63C2):
                card.change("0000", "2580")
            card.change("4711", "25802580")
            with self.refused(0x63C3):
                card.verify_status()  # CHANGE verifies nothing
            card.verify("25802580")

    def test_member_without_a_pin_chooses_one(self):
        with self.session(self.open(Member(pin="", puk=""))) as card:
            for attempt in (lambda: card.verify("4711"), card.verify_status, lambda: card.change("4711", "2580"),
                            lambda: card.unblock("12345678", "2580")):
                with self.refused(0x6984):
                    attempt()
            card.change(None, "2580")
            card.verify("2580")
            with self.refused(0x6A80):
                card.change(None, "4711")  # only while there is none

    def test_puk_blocks_too(self):
        with self.session(self.open()) as card:
            for left in range(9, 0, -1):
                with self.refused(0x63C0 + left):
                    card.unblock("00000000", "2580")
            for puk in ("00000000", "12345678"):
                with self.refused(0x6983):
                    card.unblock(puk, "2580")

    def test_voucher_unblocks_and_may_forget_the_pin(self):
        plastic = self.open(state="puk-blocked")
        with self.session(plastic) as card:
            for _ in range(3):
                with self.assertRaises(Exception):
                    card.verify("0000")
            card.load(OFFICE.voucher(plastic.card_id, 1, UNBLOCK))
            card.verify("4711")
            card.load(OFFICE.voucher(plastic.card_id, 2, UNBLOCK, 1))
            with self.refused(0x6984):
                card.verify_status()
            card.change(None, "2580")
            card.verify("2580")
            card.unblock("12345678", "4711")

    def test_blocked_pin_takes_vouchers_and_pays_nothing(self):
        plastic = self.open(state="pin-blocked")
        with self.session(plastic) as card:
            card.load(OFFICE.voucher(plastic.card_id, 1, 1, 100))
            with self.refused(0x6982):
                self.debit(card, self.intent(card, 1))


class PlainVerify(Story):
    def test_card_that_allows_it(self):
        plastic = self.plastic(flags=PLAIN_VERIFY)
        self.insert(plastic.name)
        with self.tap() as card:
            card.select()
            with self.refused(0x63C3):
                card.verify_plainly()
            card.verify_plainly("4711")
            with self.refused(0x63C2):
                card.verify_plainly("0000")
        with self.session(plastic) as card:
            card.verify_plainly("4711")  # the one plain command that a session survives
            card.verify_status()

    def test_card_that_does_not(self):
        plastic = self.plastic()
        self.insert(plastic.name)
        with self.tap() as card:
            card.select()
            for pin in (None, "4711", "0000"):
                with self.refused(0x6982):
                    card.verify_plainly(pin)
            self.assertEqual(card.select().pin_tries, 3)
