"""A card in a reader, through PC/SC."""

import time

from smartcard.Exceptions import SmartcardException
from smartcard.scard import (SCARD_E_TIMEOUT, SCARD_LEAVE_CARD, SCARD_RESET_CARD, SCARD_S_SUCCESS, SCARD_SCOPE_USER,
                             SCARD_STATE_EMPTY, SCARD_STATE_PRESENT, SCARD_STATE_UNAWARE, SCardEstablishContext,
                             SCardGetErrorMessage, SCardGetStatusChange, SCardReleaseContext)
from smartcard.System import readers

from .channel import Unknown

LOOK_MS = 500


class Connection:
    """One tap. Use it as a context; calling it sends a command. Ending it resets the card, which forgets its session."""

    def __init__(self, reader, wait=20):
        """wait seconds for a card in the reader of that name. TimeoutError when none comes."""
        found = [r for r in readers() if r.name == reader]
        if not found:
            raise LookupError(f"no reader {reader}; there are {[r.name for r in readers()]}")
        wait_until(reader, SCARD_STATE_PRESENT, wait)
        self.card = found[0].createConnection()
        try:
            self.card.connect(disposition=SCARD_RESET_CARD)
        except SmartcardException as gone:
            raise TimeoutError(f"the card left {reader} at once") from gone
        self.atr, self.lost = bytes(self.card.getATR()), False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.lost:
            # pcscd calls the reader empty when this reset fails, without an event: a card that comes before its next look is
            # never seen.
            self.card.component.disposition = SCARD_LEAVE_CARD
        try:
            self.card.disconnect()
        except SmartcardException:
            pass  # it was taken away

    def __call__(self, command):
        """The answer's data and status word. Unknown when there is none, however the reader says so."""
        try:
            data, sw1, sw2 = self.card.transmit(list(command))
        except (SmartcardException, IndexError) as lost:  # IndexError: pyscard looks for a status word in an empty answer
            self.lost = True
            raise Unknown("no answer") from lost
        return bytes(data), sw1 << 8 | sw2


def wait_until_empty(reader, wait=20):
    """Waits until PC/SC, too, has noticed that the card is gone: until then a new one meets what the old one left."""
    wait_until(reader, SCARD_STATE_EMPTY, wait)


def wait_until(reader, state, wait):
    result, context = SCardEstablishContext(SCARD_SCOPE_USER)
    if result != SCARD_S_SUCCESS:
        raise OSError(SCardGetErrorMessage(result))
    try:
        seen, end = SCARD_STATE_UNAWARE, time.monotonic() + wait
        while time.monotonic() < end:
            result, states = SCardGetStatusChange(context, LOOK_MS, [(reader, seen)])
            if result not in (SCARD_S_SUCCESS, SCARD_E_TIMEOUT):
                raise OSError(SCardGetErrorMessage(result))
            seen = states[0][1]
            if seen & state:
                return
    finally:
        SCardReleaseContext(context)
    raise TimeoutError(f"{reader}: state {seen:X} after {wait} s")
