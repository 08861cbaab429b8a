"""What head office sends to cards: vouchers of every kind and renewed certificates (3.9, 3.11)."""

from datetime import date

from lyl1.algorithms import new_key, point_of
from lyl1.certificate import Certificate, day, key_id
from lyl1.office import INFO, LIMITS, POINTS, TERMINATE, UNBLOCK, Office
from lyl1.purse import LOAD
from world import LAST_DAY, OFFICE, Story


class Load(Story):
    def test_points_are_added_and_taken_as_far_as_they_go(self):
        with self.charged(250) as (card, plastic):
            take = OFFICE.voucher(plastic.card_id, 2, POINTS, -100, b"reason-1")
            loaded = card.load(take)
            self.assertEqual((loaded.ctr, loaded.balance, loaded.taken), (2, 150, -100))
            record = card.read_journal()
            self.assertEqual((record.type, record.amount, record.balance, record.store, record.lane, record.txid, record.load_sequence),
                             (LOAD, -100, 150, 0, 0, take[9:25], 2))
            self.genuine(plastic, record)
            self.assertEqual(card.load(OFFICE.voucher(plastic.card_id, 3, POINTS, -1000)).taken, -150)
            self.assertEqual(card.load(OFFICE.voucher(plastic.card_id, 4, POINTS, 0x7FFFFFFF)).balance, 0x7FFFFFFF)
            self.assertEqual(card.load(OFFICE.voucher(plastic.card_id, 5, POINTS, 0x7FFFFFFF)).balance, 0xFFFFFFFE)
            with self.refused(0x6A80):
                card.load(OFFICE.voucher(plastic.card_id, 6, POINTS, 2))  # beyond u32
            card.load(OFFICE.voucher(plastic.card_id, 6, POINTS, 1))

    def test_order_of_the_checks(self):
        with self.charged(250) as (card, plastic):
            first = OFFICE.voucher(plastic.card_id, 1, POINTS, 250)
            self.assertEqual(card.load(first).ctr, 1, "the last one's answer again")
            forged = first[:-1] + bytes([first[-1] ^ 1])
            other = OFFICE.voucher(bytes(8), 2, POINTS, 5)
            for voucher, sw in ((forged, 0x9405), (other, 0x9405), (OFFICE.voucher(plastic.card_id, 1, POINTS, 251), 0x9404),
                                (OFFICE.voucher(plastic.card_id, 3, POINTS, 5), 0x9404), (OFFICE.voucher(plastic.card_id, 0, POINTS, 5), 0x9404),
                                (first[:-1], 0x6700)):
                with self.refused(sw):
                    card.load(voucher)
            self.assertEqual(card.balance().balance, 250)

    def test_rows_of_the_table_and_nothing_else(self):
        wrong = ((0, 0, b""), (6, 0, b""), (UNBLOCK, 2, b""), (UNBLOCK, -1, b""), (LIMITS, 1, b""), (TERMINATE, 1, b""),
                 (INFO, 0x6C, b""), (INFO, 0x4C56, b""), (INFO, 0x10000 + 0x6C76, b""), (INFO, 0, b"\x00gold"), (INFO, 0, b"go\x00ld"),
                 (INFO, 0, b"g\x1f"), (INFO, 0, b"g\x7f"))
        with self.charged(250) as (card, plastic):
            for kind, amount, ref in wrong:
                with self.subTest(kind=kind, amount=amount, ref=ref), self.refused(0x6A80):
                    card.load(OFFICE.voucher(plastic.card_id, 2, kind, amount, ref.ljust(8, b"\x00")))
            self.assertEqual(card.balance().load_sequence, 1)

    def test_info_changes_tier_and_language(self):
        with self.charged(250, tier="basic") as (card, plastic):
            for seq, tier, language, want in ((2, "gold", "", ("gold", "lv")), (3, "12345678", "fa", ("12345678", "fa")), (4, "", "", ("", "fa"))):
                self.assertEqual(card.load(OFFICE.info(plastic.card_id, seq, tier, language)).taken, 0)
                card.select()
                info = card.read_info()
                self.assertEqual((info.tier, info.language, info.number), want + ("6034000000000018",))
                self.agree(card, plastic)

    def test_terminate_takes_what_the_record_can_say(self):
        with self.charged(0x7FFFFFFF) as (card, plastic):
            card.load(OFFICE.voucher(plastic.card_id, 2, POINTS, 0x7FFFFFFF))
            loaded = card.load(OFFICE.voucher(plastic.card_id, 3, TERMINATE))
            self.assertEqual((loaded.taken, loaded.balance), (-0x80000000, 0x7FFFFFFE))


class Renew(Story):
    def renewed(self, plastic, last_day=LAST_DAY + 366, office=OFFICE, **other):
        words = dict(card_id=plastic.card_id, point=plastic.certificate.point) | other
        return office.certificate(last_day=last_day, **words)

    def mac(self, plastic, certificate):
        return OFFICE.renewal_mac(plastic.card_id, certificate)

    def test_later_certificate_also_from_another_issuing_key(self):
        plastic = self.plastic()
        self.insert(plastic.name)
        office = Office(new_key(), OFFICE.master_tx, OFFICE.master_ld, OFFICE.scheme)
        certificate = self.renewed(plastic, office=office)
        with self.session(plastic) as card:
            channel = card.channel
            for _ in range(2):
                self.assertEqual(card.renew(certificate.encoded, self.mac(plastic, certificate.encoded)), certificate.hash)
            self.assertEqual(card.link(channel.wrap(0x84, 0x5C, 0, 0)), (b"", 0x6985), "it ends a session")
            selected = card.select()
            self.assertEqual((selected.certificate_hash, selected.ca_key_id), (certificate.hash, key_id(office.ca_point)))
            self.assertEqual(card.read_certificate(), certificate)
            card.key_agree(certificate)
            self.assertEqual(card.balance().ctr, 0, "renewing is no entry of the purse")

    def test_refusals_in_their_order(self):
        plastic = self.plastic()
        self.insert(plastic.name)
        good = self.renewed(plastic)
        stranger = Office(OFFICE.ca, OFFICE.master_tx, OFFICE.master_ld, bytes(4))
        cases = {
            "another form": (b"\x51" + good.encoded[1:], 0x6A80),
            "of another card": (self.renewed(plastic, card_id=bytes(8)).encoded, 0x6A80),
            "for another key": (self.renewed(plastic, point=point_of(new_key())).encoded, 0x6A80),
            "of another chain": (self.renewed(plastic, office=stranger).encoded, 0x6A80),
            "an older one": (self.renewed(plastic, last_day=day(date(2030, 1, 1))).encoded, 0x9404),
        }
        with self.tap() as card:
            card.select()
            for name, (certificate, sw) in cases.items():
                with self.subTest(name), self.refused(sw):
                    card.renew(certificate, self.mac(plastic, certificate))
            with self.refused(0x9405):
                card.renew(good.encoded, bytes(16))
            with self.refused(0x6700):
                card.renew(good.encoded, bytes(15))
            held = plastic.certificate.encoded
            self.assertEqual(card.renew(held, self.mac(plastic, held)), plastic.certificate.hash, "the one that it holds")
            same_day = self.renewed(plastic, last_day=LAST_DAY)
            self.assertEqual(card.renew(same_day.encoded, self.mac(plastic, same_day.encoded)), same_day.hash)
