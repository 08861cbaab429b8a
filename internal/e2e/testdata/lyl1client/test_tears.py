"""Power lost and answers lost: what the page promises at the next tap (4)."""

from lyl1.card import RATIFIED
from lyl1.office import POINTS
from lyl1.purse import DEBIT, UNDO
from lyl1.reader import Connection
from world import OFFICE, SIMULATOR, Story

BEFORE = ({"kind": "tear-before"}, {"kind": "power-loss", "write": 1, "written": "0000FFFF"}, {"kind": "power-loss", "write": 7, "written": "00FF00FF"})


class Tears(Story):
    def torn(self, plastic, ins, act, then=None, **fault):
        """A command that nobody hears the end of. The card is in another reader afterwards, where then may wait for it."""
        with self.session(plastic, "4711") as card:
            self.fault(ins=ins, **fault)
            with self.unknown():
                act(card)
        self.insert(plastic.name, then)

    def test_debit_that_never_happened(self):
        for fault in BEFORE:
            with self.subTest(**fault):
                with self.charged(250) as (card, plastic):
                    intent = self.intent(card, 200)
                    card.channel.link.close()
                self.torn(plastic, "54", lambda card: self.debit(card, intent), **fault)
                with self.session(plastic) as card:
                    found = card.query(intent.txid)
                    self.assertTrue(found.proves_nothing_happened(intent.ctr0))
                    self.assertEqual((found.ctr, card.balance().balance), (1, 250))

    def test_debit_that_happened_unheard_is_completed_with_its_record(self):
        with self.charged(250) as (card, plastic):
            intent = self.intent(card, 200)
        self.torn(plastic, "54", lambda card: self.debit(card, intent), kind="tear-after")
        with self.session(plastic, "4711") as card:
            self.assertFalse(card.selected.flags & RATIFIED)
            record = card.query(intent.txid).record
            self.assertEqual((record.type, record.amount, record.balance), (DEBIT, 200, 50))
            self.genuine(plastic, record)
            self.assertEqual(self.debit(card, intent).txmac, record.txmac, "sent again it is answered, not done")

    def test_debit_of_a_dropped_sale_is_undone_also_when_that_is_torn(self):
        with self.charged(250) as (card, plastic):
            intent = self.intent(card, 200)
        self.torn(plastic, "54", lambda card: self.debit(card, intent), kind="tear-after")
        self.torn(plastic, "56", lambda card: card.undo(intent.txid, intent.r), kind="power-loss", write=3, written="FFFF0000")
        self.torn(plastic, "56", lambda card: card.undo(intent.txid, intent.r), kind="tear-after")
        with self.session(plastic) as card:
            record = card.query(intent.txid).record
            self.assertEqual((record.type, record.balance, card.balance().balance), (UNDO, 250, 250))
            self.assertEqual(card.undo(intent.txid, intent.r).txmac, record.txmac)

    def test_power_lost_again_while_the_card_recovers(self):
        with self.charged(250) as (card, plastic):
            intent = self.intent(card, 200)
        self.torn(plastic, "54", lambda card: self.debit(card, intent), then={"kind": "start-loss", "write": 2, "written": "0F0F0F0F"},
                  kind="power-loss", write=52, written="FFFF0000")
        with self.assertRaises(TimeoutError):
            Connection(SIMULATOR.readers[self.lane], wait=1)
        self.insert(plastic.name)
        with self.session(plastic) as card:
            self.assertEqual((card.query(intent.txid).record.balance, card.balance().balance), (50, 50))

    def test_load_torn_on_either_side(self):
        for fault, sequence in (("tear-before", 1), ("tear-after", 2)):
            with self.subTest(fault):
                with self.charged(250) as (card, plastic):
                    voucher = OFFICE.voucher(plastic.card_id, 2, POINTS, 100)
                self.torn(plastic, "52", lambda card: card.load(voucher), kind=fault)
                with self.session(plastic) as card:
                    self.assertEqual(card.selected.load_sequence, sequence)
                    self.agree(card, plastic)
                    self.assertEqual(card.load(voucher).balance, 350)
                    self.assertEqual(card.balance().balance, 350)

    def test_pin_try_is_spent_before_the_comparison(self):
        with self.charged(250) as (_, plastic):
            pass
        self.torn(plastic, "20", lambda card: card.verify("0000"), kind="tear-after", nth=1)
        with self.tap() as card:
            self.assertEqual(card.select().pin_tries, 2)

    def test_renewal_torn_on_either_side(self):
        for fault in ("tear-before", "tear-after"):
            with self.subTest(fault):
                with self.charged(250) as (_, plastic):
                    pass
                renewed = OFFICE.certificate(plastic.card_id, plastic.certificate.point, plastic.certificate.last_day + 366)
                mac = OFFICE.renewal_mac(plastic.card_id, renewed.encoded)
                self.torn(plastic, "DA", lambda card: card.renew(renewed.encoded, mac), kind=fault)
                with self.tap() as card:
                    want = renewed if fault == "tear-after" else plastic.certificate
                    self.assertEqual(card.select().certificate_hash, want.hash)
                    card.renew(renewed.encoded, mac)
                    self.assertEqual(card.select().certificate_hash, renewed.hash)
