"""Rows of TLVs: tag one byte, length one byte."""


def encode(*rows):
    return b"".join(bytes([tag, len(value)]) + value for tag, value in rows)


def decode(data, *tags):
    """The values of exactly these tags in this order. ValueError for anything else."""
    values, rest = [], data
    for tag in tags:
        if len(rest) < 2 or rest[0] != tag or len(rest) < 2 + rest[1]:
            raise ValueError(f"no TLV {tag:02X} at {len(data) - len(rest)}")
        values.append(rest[2:2 + rest[1]])
        rest = rest[2 + rest[1]:]
    if rest:
        raise ValueError(f"{len(rest)} bytes too many")
    return values
