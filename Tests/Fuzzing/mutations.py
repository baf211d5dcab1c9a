"""Mutations of inputs: of bytes, of texts with numbers, of JSON, of tables, and of binary headers whose fields are known."""

import json
import re
import struct

# Numbers at which arithmetic breaks, and words that are none.
NUMBERS = [
    "0", "-0", "1", "-1", "2", "3", "7", "127", "128", "255", "256", "65535", "65536", "2147483647", "2147483648", "-2147483648",
    "4294967295", "4294967296", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551615",
    "18446744073709551616", "1e9", "1e18", "1e19", "1e25", "1e38", "3e38", "4e38", "1e308", "1e309", "-1e308", "1e-30", "1e-300",
    "5e-324", "0.1", "-0.5", "0.5", "1.5", "nan", "NaN", "inf", "-inf", "Infinity", "0x10", "1_000", "1,5", "+5", "", " ", "١", "x",
    "1" * 400, "0." + "0" * 400 + "1",
]
FRAGMENTS = [
    b"\0", b"\xff", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\xff" * 8, b"\xff" * 7 + b"\x7f",
    b"\0" * 8, b"\0" * 16, b"\x01" + b"\0" * 7, b"\n", b"\r\n", b"\t", b"\"", b"'", b"{", b"}", b"[", b"]", b"<", b">", b"&amp;", b"&#0;",
    b"%s%n", b"../", b"/", b"\xef\xbb\xbf", b"\xc3\x28", "\u202e".encode(), "e\u0301".encode(), b"-", b",", b":", b"#", b"- ", b"*a", b"&a ",
]
VALUES = [
    None, True, False, 0, -1, 1, 2, 65536, 2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**63), 1e18, 1e308, -1e308, 5e-324, 0.5, "", "x", "0",
    "1e308ms", "9223372036854775807ms", "-1ms", "nan", "3T", "1mm", "0mm", "1e-300mm", "ellipse", [], [[]], {}, {"a": 1}, [1], [1, 2, 3],
    [0, 0, 0], [2**62, 2**62, 2**62], [-1, -1, -1], ["1mm"], "4294967296x4294967296", "1x1", "0x0", "é", "\0", "a" * 5000, [1] * 2000,
]


def bytes_changed(data, chance, spots=()):
    """One change of bytes; `spots` are places around which changes matter most."""
    data = bytearray(data)
    if not data:
        return bytes(chance.choice(FRAGMENTS))
    if spots and chance.random() < 0.7:
        place = min(len(data) - 1, max(0, chance.choice(spots) + chance.randrange(0, 64)))
    else:
        place = chance.randrange(len(data))
    kind = chance.randrange(9)
    if kind == 0:
        data[place] ^= 1 << chance.randrange(8)
    elif kind == 1:
        data[place] = chance.randrange(256)
    elif kind == 2:
        piece = chance.choice(FRAGMENTS)
        data[place : place + len(piece)] = piece
    elif kind == 3:
        data[place:place] = chance.choice(FRAGMENTS)
    elif kind == 4:
        del data[place : place + chance.choice([1, 2, 4, 8, 16, 100, 1000])]
    elif kind == 5:
        other, length = chance.randrange(len(data)), chance.choice([1, 2, 4, 8, 16, 64])
        data[place : place + length] = data[other : other + length]
    elif kind == 6:
        del data[place:]
    elif kind == 7:
        data[place : place + 8] = struct.pack("<q", chance.choice([-1, 0, 1, 2**31, 2**62, 2**63 - 1, len(data), place, chance.randrange(len(data))]))
    else:
        data[place : place + 4] = struct.pack("<f", chance.choice([0, -1, 1e38, float("inf"), float("nan"), 1e-40]))
    return bytes(data)


NUMBER = re.compile(rb"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")


def text_changed(data, chance):
    """One change of a text: of a number, of a line, of a piece, or of bytes."""
    kind = chance.randrange(7)
    numbers = list(NUMBER.finditer(data))
    if kind < 3 and numbers:
        found = chance.choice(numbers)
        return data[: found.start()] + chance.choice(NUMBERS).encode() + data[found.end() :]
    if kind == 3:
        lines = data.split(b"\n")
        place = chance.randrange(len(lines))
        if chance.random() < 0.5:
            lines.insert(place, chance.choice(lines))
        else:
            del lines[place]
        return b"\n".join(lines)
    if kind == 4 and data:
        words = list(re.finditer(rb"[A-Za-z_]+", data))
        if words:
            found, other = chance.choice(words), chance.choice(words)
            return data[: found.start()] + other.group(0) + data[found.end() :]
    if kind == 5 and data:
        place, length = chance.randrange(len(data)), chance.choice([2, 10, 50])
        piece = data[place : place + length]
        return data[:place] + piece * chance.choice([2, 3, 1000]) + data[place + length :]
    return bytes_changed(data, chance)


def xml_changed(data, chance):
    """One change of an XML text: of a number, an element, or as any text."""
    elements = list(re.finditer(rb"<([A-Za-z_0-9]+)>[^<]*</\1>", data))
    kind = chance.randrange(8)
    if kind < 3 and elements:
        found = chance.choice(elements)
        name = found.group(1)
        value = chance.choice([v.encode() for v in NUMBERS] + [b"<a/>", b"&x;", b"<![CDATA[1]]>", b"<!-- -->", b"true"])
        return data[: found.start()] + b"<" + name + b">" + value + b"</" + name + b">" + data[found.end() :]
    if kind == 3 and elements:
        found = chance.choice(elements)
        return data[: found.start()] + data[found.end() :]
    if kind == 4 and elements:
        found, other = chance.choice(elements), chance.choice(elements)
        return data[: other.start()] + found.group(0) * chance.choice([1, 2, 50]) + data[other.start() :]
    if kind == 5:
        opened = list(re.finditer(rb"<([A-Za-z_0-9]+)>", data))
        if opened:
            # A whole branch, removed or put twice.
            name = chance.choice(opened).group(1)
            start, end = data.find(b"<" + name + b">"), data.find(b"</" + name + b">")
            if 0 <= start < end:
                end += len(name) + 3
                return data[:start] + data[start:end] * chance.choice([0, 2, 3]) + data[end:]
    if kind == 6:
        head = chance.choice([
            b'<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;&x;">]>', b'<?xml version="1.0" encoding="UTF-16"?>', b"<" * 500,
            b"<a>" * 2000, b'<!DOCTYPE a SYSTEM "file:///etc/passwd">',
        ])
        return head + data
    return text_changed(data, chance)


def places(value, path=()):
    """All places within JSON."""
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, path + (key,))
    elif isinstance(value, list):
        for index, inner in enumerate(value[:20]):
            yield from places(inner, path + (index,))


def json_changed(data, chance):
    """One change of a JSON text: of a value, a key, or as any text."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return text_changed(data, chance)
    kind = chance.randrange(8)
    if kind == 7:
        return text_changed(data, chance)
    spots = [place for place in places(value) if place]
    if not spots:
        return text_changed(data, chance)
    place = chance.choice(spots)
    parent = value
    for step in place[:-1]:
        parent = parent[step]
    if kind < 4:
        parent[place[-1]] = chance.choice(VALUES)
    elif kind == 4:
        del parent[place[-1]]
    elif kind == 5 and isinstance(parent, dict):
        parent[chance.choice(["x", "", place[-1].upper() if isinstance(place[-1], str) else "y", "name"])] = parent.pop(place[-1])
    else:
        other = value
        for step in chance.choice(spots):
            other = other[step]
        parent[place[-1]] = json.loads(json.dumps(other))
    text = json.dumps(value, ensure_ascii=chance.random() < 0.5)
    return text.encode(errors="surrogatepass")


def table_changed(data, chance, separator):
    """One change of a table: of a cell, a column, a row, or as any text."""
    kind = chance.randrange(6)
    rows = [line.split(separator) for line in data.split(b"\n")]
    filled = [index for index, row in enumerate(rows) if any(row)]
    if kind > 3 or not filled:
        return text_changed(data, chance)
    row = rows[chance.choice(filled)]
    cell = chance.randrange(len(row))
    if kind < 2:
        row[cell] = chance.choice([v.encode() for v in NUMBERS] + [b"n/a", b"../../etc", b"/etc/passwd", b"\xff\xfe", b"a b", b"-"])
    elif kind == 2:
        row.insert(cell, row[cell])
    else:
        del row[cell]
    return b"\n".join(separator.join(row) for row in rows)


def fields_changed(data, chance, fields, base=0):
    """One change of a field of a binary header; `fields` are (offset, struct code)."""
    offset, code = chance.choice(fields)
    offset += base
    size = struct.calcsize("<" + code)
    if offset + size > len(data):
        return bytes_changed(data, chance)
    if code in "fd":
        value = chance.choice([0.0, -0.0, 1.0, -1.0, 1e-30, -1e30, 3e38, float("inf"), float("-inf"), float("nan"), 1e-42, 0.5, 1e6])
    elif code == "s":
        value = bytes([chance.randrange(256)])
    else:
        bits = 8 * size
        value = chance.choice([0, 1, 2, 3, 4, 5, 8, 16, 64, 127, 255, 256, 512, 1024, 32767, 2**(bits - 1) - 1, 2**(bits - 1), 2**bits - 1])
        value %= 2**bits
        if code.islower() and value >= 2 ** (bits - 1):
            value -= 2**bits
    return data[:offset] + struct.pack("<" + code, value) + data[offset + size :]
