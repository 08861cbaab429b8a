"""What the purse says: the answers of 3.4 to 3.10 as values."""

from dataclasses import dataclass

DEBIT, UNDO, LOAD = 1, 2, 3  # types of a record


def _u32(b):
    return int.from_bytes(b, "big")


def _i32(b):
    return int.from_bytes(b, "big", signed=True)


def _fields(data, *lengths):
    if len(data) != sum(lengths):
        raise ValueError(f"{len(data)} bytes instead of {sum(lengths)}")
    at, out = 0, []
    for n in lengths:
        out.append(data[at:at + n])
        at += n
    return out


@dataclass(frozen=True)
class Purse:
    balance: int
    ctr: int
    load_sequence: int
    spent_without_pin: int

    @staticmethod
    def parse(data):
        return Purse(*map(_u32, _fields(data, 4, 4, 4, 4)))


@dataclass(frozen=True)
class Done:
    """The answer to DEBIT and UNDO."""
    ctr: int
    balance: int
    txmac: bytes

    @staticmethod
    def parse(data):
        ctr, balance, txmac = _fields(data, 4, 4, 8)
        return Done(_u32(ctr), _u32(balance), txmac)


@dataclass(frozen=True)
class Loaded:
    ctr: int
    balance: int
    taken: int
    txmac: bytes

    @staticmethod
    def parse(data):
        ctr, balance, taken, txmac = _fields(data, 4, 4, 4, 8)
        return Loaded(_u32(ctr), _u32(balance), _i32(taken), txmac)


@dataclass(frozen=True)
class Record:
    ctr: int
    type: int
    amount: int
    balance: int
    store: int
    lane: int
    txid: bytes
    txmac: bytes
    load_sequence: int

    @staticmethod
    def parse(data):
        ctr, kind, amount, balance, store, lane, txid, txmac, seq, end = _fields(data, 4, 1, 4, 4, 4, 1, 16, 8, 4, 2)
        if end != b"\x00\x00":
            raise ValueError("a record that does not end with 0000")
        return Record(_u32(ctr), kind[0], _i32(amount), _u32(balance), _u32(store), lane[0], txid, txmac, _u32(seq))


@dataclass(frozen=True)
class Found:
    """The answer to QUERY."""
    record: Record | None
    ctr: int
    oldest: int

    @staticmethod
    def parse(data):
        found, rest = data[0], data[1:]
        if found not in (0, 1):
            raise ValueError(f"found {found:02X}")
        record, ctr, oldest = _fields(rest, 48 * found, 4, 4)
        return Found(Record.parse(record) if found else None, _u32(ctr), _u32(oldest))

    def proves_nothing_happened(self, ctr0):
        """ctr0 is the card's ctr when the intent was written (3.7)."""
        return self.record is None and self.oldest <= ctr0 + 1
