"""Secure messaging (3.2), the same for a session and for the personalisation channel."""

from .algorithms import aes_block, cmac, decrypt, encrypt, equal


class Unknown(Exception):
    """The answer proves nothing: the command may have been done or not. QUERY at the next tap."""


class Refused(Exception):
    """The card's own answer: not done, and this is why."""

    def __init__(self, sw, data=b""):
        super().__init__(f"{sw:04X}")
        self.sw, self.data = sw, data


class Channel:
    def __init__(self, link, s_enc, s_mac, s_rmac, chain=bytes(16)):
        self.link, self.s_enc, self.s_mac, self.s_rmac = link, s_enc, s_mac, s_rmac
        self.chain, self.counter = chain, 0

    def wrap(self, cla, ins, p1, p2, data=b""):
        """The bytes of the next wrapped command."""
        self.counter += 1
        iv = aes_block(self.s_enc, self.counter.to_bytes(16, "big"))
        body = encrypt(self.s_enc, iv, data)
        head = bytes([cla, ins, p1, p2, len(body) + 8])
        self.chain = cmac(self.s_mac, self.chain + head + body)
        return head + body + self.chain[:8] + b"\x00"

    def unwrap(self, answer, sw):
        """The data of the answer, once its R-MAC proves that card and status word are true."""
        body, mac = answer[:-8], answer[-8:]
        if len(mac) != 8 or not equal(mac, cmac(self.s_rmac, self.chain + body + sw.to_bytes(2, "big"))[:8]):
            raise Unknown(f"{sw:04X} without a right R-MAC")
        iv = aes_block(self.s_enc, b"\x80" + self.counter.to_bytes(15, "big"))
        try:
            return decrypt(self.s_enc, iv, body)
        except ValueError as wrong:
            raise Unknown(f"an answer of {len(body)} bytes: {wrong}") from wrong

    def command(self, cla, ins, p1, p2, data=b""):
        """The data of an answer that is 9000. Refused and Unknown are different things, see them."""
        answer, sw = self.link(self.wrap(cla, ins, p1, p2, data))
        plain = self.unwrap(answer, sw)
        if sw != 0x9000:
            raise Refused(sw, plain)
        return plain
