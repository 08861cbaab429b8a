"""DEBIT, UNDO, QUERY and the journal (3.5 to 3.8, 3.10)."""

import os

from lyl1.card import lock_of
from lyl1.purse import DEBIT, LOAD, UNDO
from world import LANE, OFFICE, STORE, Story


class Debit(Story):
    def test_what_a_debit_leaves_behind(self):
        with self.charged(250) as (card, plastic):
            intent = self.intent(card, 200)
            done = self.debit(card, intent)
            self.assertEqual((done.ctr, done.balance), (2, 50))
            record = card.query(intent.txid).record
            self.assertEqual((record.ctr, record.type, record.amount, record.balance, record.store, record.lane, record.txid, record.txmac),
                             (2, DEBIT, 200, 50, STORE, LANE, intent.txid, done.txmac))
            self.genuine(plastic, record)
            self.assertEqual(card.read_journal(1), record)
            load = card.read_journal(2)
            self.assertEqual((load.type, load.amount, load.store, load.lane), (LOAD, 250, 0, 0))
            self.genuine(plastic, load)
            with self.refused(0x6A83):
                card.read_journal(3)

    def test_the_same_debit_again_is_answered_and_not_done(self):
        with self.charged() as (card, _):
            intent = self.intent(card, 200)
            done = self.debit(card, intent)
            self.assertEqual(self.debit(card, intent), done)
            for other in ({"amount": 201}, {"store": 8}, {"lane": 4}, {"lock": bytes(16)}):
                with self.subTest(**other), self.refused(0x9402):
                    self.debit(card, intent, **other)
            self.debit(card, self.intent(card, 1))
            self.assertEqual(self.debit(card, intent), done, "also when another debit came after")
            self.assertEqual(self.debit(card, intent, lock=bytes(16)), done, "whose lock replaced this one's")
            with self.refused(0x9402):
                self.debit(card, intent, store=8)
            self.assertEqual(card.balance().balance, 799)

    def test_refusals(self):
        with self.charged(250) as (card, _):
            for amount, sw in ((0, 0x6A80), (0x80000000, 0x6A80), (0xFFFFFFFF, 0x6A80), (251, 0x9401), (0x7FFFFFFF, 0x9401)):
                with self.subTest(amount), self.refused(sw):
                    self.debit(card, self.intent(card, amount))
            for length in (0, 40, 42):
                with self.refused(0x6700):
                    card.wrapped(0x84, 0x54, data=bytes(length))
            self.assertEqual((card.balance().balance, card.balance().ctr), (250, 1))

    def test_without_a_pin_only_up_to_the_limits(self):
        with self.charged(1000, pin=None, limits=(100, 150)) as (card, plastic):
            with self.refused(0x6982):
                self.debit(card, self.intent(card, 101))
            self.debit(card, self.intent(card, 100))
            self.assertEqual(card.balance().spent_without_pin, 100)
            with self.refused(0x6982):
                self.debit(card, self.intent(card, 51))
            self.debit(card, self.intent(card, 50))
            card.verify("4711")
            self.debit(card, self.intent(card, 500))
            self.assertEqual(card.balance().spent_without_pin, 0)
            card.load(OFFICE.limits(plastic.card_id, 2, 10, 20))
            self.agree(card, plastic)
            with self.refused(0x6982):
                self.debit(card, self.intent(card, 11))
            self.debit(card, self.intent(card, 10))

    def test_without_limits_every_debit_needs_the_pin(self):
        with self.charged(1000, pin=None) as (card, _), self.refused(0x6982):
            self.debit(card, self.intent(card, 1))

    def test_counter_at_its_end(self):
        with self.charged(1000) as (card, plastic):
            card.channel.link.close()
            self.put(plastic, "counter-ending")
            with self.session(plastic, "4711") as card:
                self.assertEqual(card.query(bytes(16)).oldest, 0, "the journal counts as empty")
                intent = self.intent(card, 1)
                self.assertEqual(self.debit(card, intent).ctr, 0xFFFFFFFF)
                for change in (lambda: self.debit(card, self.intent(card, 1)), lambda: card.undo(intent.txid, intent.r),
                               lambda: card.load(OFFICE.voucher(plastic.card_id, card.balance().load_sequence + 1, 1, 1))):
                    with self.refused(0x9403):
                        change()
                self.debit(card, intent)  # its answer again


class Undo(Story):
    def test_who_has_r_takes_the_last_debit_back_once(self):
        with self.charged(250, pin=None, limits=(500, 500)) as (card, plastic):
            intent = self.intent(card, 200)
            self.debit(card, intent)
            with self.refused(0x9407):
                card.undo(intent.txid, bytes(16))
            with self.refused(0x9406):
                card.undo(os.urandom(16), intent.r)
            done = card.undo(intent.txid, intent.r)
            self.assertEqual((done.ctr, done.balance), (3, 250))
            self.assertEqual(card.undo(intent.txid, intent.r), done, "its answer again")
            with self.refused(0x9407):
                card.undo(intent.txid, bytes(16))
            record = card.query(intent.txid).record
            self.assertEqual((record.type, record.amount, record.balance, record.store, record.lane, record.txmac),
                             (UNDO, 200, 250, STORE, LANE, done.txmac))
            self.genuine(plastic, record)
            with self.refused(0x9402):
                self.debit(card, intent)  # a txid that was undone is known

    def test_only_the_last_record(self):
        with self.charged() as (card, plastic):
            first, second = self.intent(card, 1), self.intent(card, 2)
            self.debit(card, first)
            self.debit(card, second)
            with self.refused(0x9406):
                card.undo(first.txid, first.r)
            card.load(OFFICE.voucher(plastic.card_id, 2, 1, 5))
            with self.refused(0x9406):
                card.undo(second.txid, second.r)


class Journal(Story):
    def test_ring_of_sixteen_tells_what_it_no_longer_knows(self):
        with self.charged() as (card, plastic):
            lost = self.intent(card, 1)  # never sent
            first = self.intent(card, 1)
            self.assertTrue(card.query(lost.txid).proves_nothing_happened(lost.ctr0))
            self.debit(card, first)
            for _ in range(15):
                self.debit(card, self.intent(card, 1))
            found = card.query(lost.txid)
            self.assertEqual((found.ctr, found.oldest), (17, 2))
            self.assertTrue(found.proves_nothing_happened(lost.ctr0))
            self.assertEqual(card.query(first.txid).record.ctr, 2)
            self.debit(card, self.intent(card, 1))
            self.assertIsNone(card.query(first.txid).record, "fallen out of the ring")
            self.assertFalse(card.query(lost.txid).proves_nothing_happened(lost.ctr0))
            records = [card.read_journal(n) for n in range(1, 17)]
            self.assertEqual([r.ctr for r in records], list(range(18, 2, -1)))
            for record in records:
                self.genuine(plastic, record)
            for n in (17, 255):
                with self.refused(0x6A83):
                    card.read_journal(n)

    def test_forked_cards_make_two_records_with_one_counter(self):
        with self.charged() as (card, plastic):
            card.channel.link.close()
            twin = self.copy(plastic, "fork")
            with self.session(plastic, "4711") as card:
                self.debit(card, self.intent(card, 10))
                one = card.read_journal()
            self.insert(twin)
            with self.session(plastic, "4711") as card:
                self.debit(card, self.intent(card, 20))
                other = card.read_journal()
            self.assertEqual(one.ctr, other.ctr)
            self.assertNotEqual(one.txmac, other.txmac)
            self.genuine(plastic, one)
            self.genuine(plastic, other)
