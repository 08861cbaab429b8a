"""The simulator beside the tests: makes cards with test keys, puts them into readers and lets accidents happen.

The Go test that runs these tests has started pcscd and firmware-sim and says in the environment where they are.
"""

import itertools
import json
import os
import subprocess
import unittest
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.request import Request, urlopen

from lyl1.algorithms import key_from, sha256
from lyl1.card import Card, lock_of
from lyl1.certificate import day
from lyl1.channel import Refused, Unknown
from lyl1.office import POINTS, Member, Office
from lyl1.reader import Connection, wait_until_empty

TODAY, LAST_DAY = date(2026, 11, 22), day(date(2031, 12, 31))
OFFICE = Office(key_from(bytes([0x11]) * 32), master_tx=bytes(range(16)), master_ld=bytes(range(16, 32)), scheme=b"LYL1")
K_ENC = K_MAC = bytes(range(0x40, 0x50))  # what makers put into samples, simulator.md
STORE, LANE = 7, 3


@dataclass
class Plastic:
    """A card, and what head office wrote down about it."""
    name: str
    certificate: object
    member: Member

    @property
    def card_id(self):
        return self.certificate.card_id


@dataclass
class Intent:
    """What a store writes to its disk before DEBIT (4)."""
    txid: bytes
    r: bytes
    amount: int
    ctr0: int


class Simulator:
    """Commands of firmware-sim and its control interface, simulator.md."""

    def __init__(self):
        self.program, self.folder = os.environ["LYL1_SIMULATOR"], os.environ["LYL1_CARDS"]
        self.control, self.prefix = os.environ["LYL1_CONTROL"], os.environ["LYL1_PREFIX"]
        self.readers = json.loads(os.environ["LYL1_READERS"])  # the simulator's name: the name in PC/SC
        self.turn = itertools.cycle(self.readers)
        self.serial = itertools.count(1)

    def card(self, *words):
        return subprocess.run([self.program, "card", words[0], "--cards", self.folder, *words[1:]],
                              check=True, capture_output=True, text=True).stdout

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(self.control + path, data, {"Content-Type": "application/json"}, method=method), timeout=5) as answer:
            text = answer.read()
        return json.loads(text) if text else None


SIMULATOR = Simulator() if "LYL1_SIMULATOR" in os.environ else None


class Story(unittest.TestCase):
    """A test with cards, each in a reader that was empty for a while: pcscd looks only a few times a second."""

    lane = None

    # Cards

    def blank(self):
        """The name and the public point of a new card, which lies on the table."""
        name = f"{SIMULATOR.prefix}-{next(SIMULATOR.serial)}"
        request = json.loads(SIMULATOR.card("create", name))
        return name, bytes.fromhex(request["public_key"])

    def plastic(self, member=Member(), flags=0, last_day=LAST_DAY):
        """An active card, by the quick way of section 6."""
        name, point = self.blank()
        card_id = sha256(name.encode())[:8]
        made = Plastic(name, OFFICE.certificate(card_id, point, last_day, flags), member)
        file = Path(SIMULATOR.folder, name + ".perso.json")
        file.write_text(OFFICE.personalisation_file(made.certificate, member))
        SIMULATOR.card("personalise", name, str(file))
        file.unlink()
        return made

    def insert(self, name, fault=None):
        """Puts a card into the next reader, which is the one of the taps from now on."""
        self.empty()
        self.lane = next(SIMULATOR.turn)
        wait_until_empty(SIMULATOR.readers[self.lane])
        if fault:
            self.fault(**fault)
        SIMULATOR.call("PUT", f"/readers/{self.lane}/card", {"card": name})

    def empty(self):
        if self.lane:
            SIMULATOR.call("DELETE", f"/readers/{self.lane}/card")

    def tearDown(self):
        self.empty()

    def put(self, plastic, state):
        SIMULATOR.call("PUT", f"/cards/{plastic.name}/state", {"state": state})

    def copy(self, plastic, kind):
        """The name of a second card: fork or clone."""
        name = f"{plastic.name}-{kind}"
        SIMULATOR.call("POST", f"/cards/{plastic.name}/copies", {"name": name, "kind": kind})
        return name

    def fault(self, **fault):
        SIMULATOR.call("PUT", f"/readers/{self.lane}/fault", fault)

    # Taps

    @contextmanager
    def tap(self):
        with Connection(SIMULATOR.readers[self.lane]) as connection:
            yield Card(connection)

    @contextmanager
    def session(self, plastic, pin=None):
        """A session with the card in the reader. The client checks what a store checks."""
        with self.tap() as card:
            self.agree(card, plastic, pin)
            yield card

    def agree(self, card, plastic, pin=None):
        card.select()
        certificate = card.read_certificate()
        certificate.check(OFFICE.ca_point, OFFICE.scheme, TODAY)
        self.assertEqual(certificate, plastic.certificate)
        card.purse = card.key_agree(certificate)
        if pin:
            card.verify(pin)

    @contextmanager
    def charged(self, points=1000, pin="4711", **member):
        """A session with a new card in the reader, with points and its PIN verified."""
        plastic = self.plastic(Member(**member))
        self.insert(plastic.name)
        with self.session(plastic, pin) as card:
            card.load(OFFICE.voucher(plastic.card_id, 1, POINTS, points))
            yield card, plastic

    def intent(self, card, amount):
        return Intent(os.urandom(16), os.urandom(16), amount, card.balance().ctr)

    def debit(self, card, intent, **other):
        words = dict(amount=intent.amount, store=STORE, lane=LANE, txid=intent.txid, lock=lock_of(intent.r)) | other
        return card.debit(**words)

    # Checks

    @contextmanager
    def refused(self, sw):
        """The card's own answer, and no other."""
        with self.assertRaises(Refused) as caught:
            yield
        self.assertEqual(f"{caught.exception.sw:04X}", f"{sw:04X}")

    @contextmanager
    def unknown(self):
        with self.assertRaises(Unknown):
            yield

    def genuine(self, plastic, record):
        """Head office recomputes what only it and the card can."""
        self.assertEqual(OFFICE.txmac(plastic.card_id, record), record.txmac)
