#!/usr/bin/python3
"""trace_reader: an independent reader of Assay's trace files, made from docs/trace.md and schema/trace.capnp alone; it shares no code with Assay.

  trace_reader.py FILE      every event as one line of JSON, as `assay trace FILE --format json` has them
  trace_reader.py -i FILE   instead, one line of JSON on the file itself: format, writer, scan, counts, whether it is sealed

Container, frames, columns and numbers are decoded here; the Cap'n Proto messages by capnp's own tool, zstd by its program (or
python3-zstandard, where it is installed). Field ids, types and names are read from the tables of docs/trace.md, so what is proved is that page.
Exit code 1, with the rule that was broken, when a file is damaged or not understood. It trusts its files with memory: it is a test's.
"""
import hashlib
import json
import pathlib
import re
import struct
import subprocess
import sys
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
KNOWN = "SHCFARE"
EVERY_KIND = 255


class Broken(Exception):
    """A file that does not keep to the format."""


def need(condition, rule):
    if not condition:
        raise Broken(rule)


# ---- docs/trace.md

def tables():
    """Fields {id: (name, type, default)} and the enums' names by number, from the page."""
    page = (ROOT / "docs/trace.md").read_text(encoding="utf-8")
    fields = {int(m[1]): (m[2], m[3], int(m[4])) for m in re.finditer(r"^\| (\d+) \| `(\w+)` \| (\w+) \| (-?\d+) \|$", page, re.M)}
    names = {m[1]: m[2].split(", ") for m in re.finditer(r"^\| `(\w+)` \| ([\w, ]+) \|$", page, re.M)}
    return fields, names


# ---- container

def records(data):
    need(data[:7] == b"ASSAYTR", "is no trace file")
    need(data[7] == 1, f"has container version {data[7]}")
    at = 8
    while at < len(data):
        need(at + 5 <= len(data), "is cut off")
        kind, size = chr(data[at]), struct.unpack_from("<I", data, at + 1)[0]
        need(at + 5 + size <= len(data), "is cut off")
        yield kind, data[at + 5:at + 5 + size], at
        at += 5 + size


def read_container(data):
    """{type: [bytes]} of the known types, checked for order and seal."""
    found, last = {kind: [] for kind in KNOWN}, -1
    for kind, body, at in records(data):
        need(not found["E"], "goes on after its end")
        place = KNOWN.find(kind)
        if place < 0:
            continue  # of a later release
        need(place > last or (place == last and kind in "CA"), f"has a record {kind} where none belongs")
        last = place
        found[kind].append(body)
        if kind == "S":
            about = json.loads(body)
            need(about["format"] == "assay.trace/1", "has format " + about["format"])
        if kind == "E":
            end = json.loads(body)
            need(end["sha256"] == hashlib.sha256(data[:at]).hexdigest(), "does not match its SHA-256")
            need((end["chunks"], end["pieces"]) == (len(found["C"]), len(found["A"])), "has other counts than its end says")
    need(found["H"] and found["F"], "has no header or no footer")
    need(not found["S"] or found["E"], "is cut off")
    return found


# ---- frames

def inflate(body, size):
    try:
        import zstandard  # pylint: disable=import-outside-toplevel
        return zstandard.ZstdDecompressor().decompress(body, max_output_size=size)
    except ImportError:
        return subprocess.run(["zstd", "-dcq"], input=body, stdout=subprocess.PIPE, check=True).stdout


def unframe(frame, wanted):
    magic, version, kind, size = struct.unpack_from("<4sHHI", frame)
    need(magic == b"ASY1" and kind == wanted, f"a frame of type {kind} where {wanted} belongs")
    body = frame[12:]
    if version == 2:
        need(zlib.crc32(body[4:]) == struct.unpack_from("<I", body)[0], "a frame does not match its CRC-32")
        message = body[4:]
    else:
        need(version == 1, f"frame version {version}")
        message = inflate(body, size)
    need(len(message) == size, "a frame holds another size than it says")
    return message


def chunks_of(frames):
    """The chunks' messages as JSON objects, by one process for all."""
    stream = b"".join(unframe(frame, 1) for frame in frames)
    if not stream:
        return
    done = subprocess.run(["capnp", "convert", "binary:json", str(ROOT / "schema/trace.capnp"), "Chunk"], input=stream,
                          stdout=subprocess.PIPE, check=True).stdout.decode()
    at, decoder = 0, json.JSONDecoder()
    while at < len(done):
        value, at = decoder.raw_decode(done, at)
        yield value
        while at < len(done) and done[at].isspace():
            at += 1


# ---- numbers

class Bytes:
    """A cursor over bytes."""

    def __init__(self, data):
        self.data, self.at = bytes(data), 0

    def varint(self):
        value = shift = 0
        while True:
            need(self.at < len(self.data), "a number is cut off")
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7f) << shift
            if byte < 0x80:
                return value & (1 << 64) - 1
            shift += 7

    def rest(self):
        return self.data[self.at:]


def unzigzag(value):
    return value >> 1 ^ -(value & 1)


def planes(data, count):
    width, data = data[0], data[1:]
    need(len(data) == width * count, "planes of the wrong size")
    return [sum(data[plane * count + i] << 8 * plane for plane in range(width)) for i in range(count)]


def integers(data, count):
    """An integer column of `count` unsigned numbers."""
    encoding, cursor = data[0], Bytes(data[1:])
    if encoding == 0:
        return [cursor.varint()] * count
    if encoding == 2:
        out, at = [0] * count, 0
        for _ in range(cursor.varint()):
            at += cursor.varint()
            out[at] = cursor.varint()
            at += 1
        return out
    need(encoding in (1, 3, 4, 5), f"integer encoding {encoding}")
    out = planes(data[1:], count) if encoding in (4, 5) else [cursor.varint() for _ in range(count)]
    if encoding in (3, 5):
        before = 0
        for i, step in enumerate(out):
            before = out[i] = before + unzigzag(step) & (1 << 64) - 1
    return out


# ---- columns

class Chunk:
    def __init__(self, plain, fields, names):
        self.fields, self.names = fields, names
        self.count = plain.get("eventCount", 0)
        sizes, text = Bytes(plain.get("stringSizes", [])), bytes(plain.get("stringBytes", []))
        self.strings, at = [], 0
        while sizes.rest():
            size = sizes.varint()
            self.strings.append(text[at:at + size])
            at += size
        lists = Bytes(plain.get("lists", []))
        self.lists = [self.read_list(lists) for _ in range(plain.get("listCount", 0))]
        self.groups = plain.get("groups", [])

    def read_list(self, cursor):
        number, items = 0, []
        for _ in range(cursor.varint()):
            number += unzigzag(cursor.varint())
            items.append(self.strings[number])
        return items

    def column(self, column, count):
        """Field id and one value an event, or None for a field that the page does not know."""
        field = column.get("field", 0)
        if field not in self.fields:
            return field, None
        kind, default = self.fields[field][1:]
        values = integers(bytes(column["values"]), count)
        if kind == "string":
            dictionary = Bytes(column.get("dictionary", []))
            numbers = self.numbers(dictionary)
            fresh, out = iter(numbers), []
            for value in values:
                out.append(b"" if value == 0 else self.strings[next(fresh) if value == 1 else numbers[value - 2]])
            return field, out
        if kind == "list":
            return field, [[] if value == 0 else self.lists[value - 1] for value in values]
        if kind in ("unsigned", "array"):
            return field, values
        return field, [unzigzag(value) + default for value in values]

    @staticmethod
    def numbers(dictionary):
        if not dictionary.rest():
            return []
        count = dictionary.varint()
        return integers(dictionary.rest(), count)

    def fill(self, events, group):
        for column in group.get("columns", []):
            field, values = self.column(column, len(events))
            if values is None:
                continue
            name, kind = self.fields[field][:2]
            for event, value in zip(events, values):
                if kind == "array":
                    event.setdefault(name, [0] * 6)[column.get("part", 0)] = value
                else:
                    event[name] = value

    def events(self):
        events = [{} for _ in range(self.count)]
        if not events:
            return []
        need(self.groups and self.groups[0].get("kind") == EVERY_KIND, "the columns of all kinds are missing")
        self.fill(events, self.groups[0])
        default = next(d for name, _, d in self.fields.values() if name == "kind")
        for group in self.groups[1:]:
            self.fill([e for e in events if e.get("kind", default) == group.get("kind", 0)], group)
        return [e for e in events if e.get("kind", default) < len(self.names["kind"])]


# ---- events as Assay prints them

def hidden(point):
    """Characters that move, hide or reorder what a reader sees."""
    spans = ((0, 0x1f), (0x7f, 0x9f), (0x200b, 0x200f), (0x2028, 0x202e), (0x2060, 0x206f), (0xfff9, 0xfffb), (0xe0000, 0xe0fff))
    return any(low <= point <= high for low, high in spans) or point in (0xad, 0x34f, 0x61c, 0x180e, 0xfeff)


def printable(data):
    out, at = [], 0
    while at < len(data):
        for size in (1, 2, 3, 4):
            try:
                char = data[at:at + size].decode()
                break
            except UnicodeDecodeError:
                char = None
        if char is None or len(char) != 1:
            size = 1
        if char == "\\":
            out.append("\\\\")
        elif char is None or hidden(ord(char)):
            out += [f"\\x{byte:02x}" for byte in data[at:at + size]]
        else:
            out.append(char)
        at += size
    return "".join(out)


def shown(event, fields, names):
    """Without what is at its default, but for the first five fields; enums by name, bytes escaped."""
    out = {}
    for field, (name, kind, default) in sorted(fields.items()):
        empty = {"string": b"", "list": [], "array": [0] * 6}.get(kind, default)
        value = event.get(name, empty)
        if value == empty and field > 5:
            continue
        if kind == "enum":
            value = names[name][value]
        elif kind == "string":
            value = printable(value)
        elif kind == "list":
            value = [printable(item) for item in value]
        out[name] = value
    return out


def main():
    about = sys.argv[1:2] == ["-i"]
    if len(sys.argv) != 2 + about:
        sys.exit(__doc__)
    path = sys.argv[-1]
    fields, names = tables()
    try:
        found = read_container(pathlib.Path(path).read_bytes())
        lines, count = [], 0
        for plain in chunks_of(found["C"]):
            events = Chunk(plain, fields, names).events()
            count += plain.get("eventCount", 0)
            if not about:
                lines += [json.dumps(shown(event, fields, names)) for event in events]
        end = json.loads(found["E"][0]) if found["E"] else {"events": count}
        need(end["events"] == count, "has other counts than its end says")
        for piece in found["A"]:
            unframe(piece, 8)
    except (Broken, struct.error, IndexError, KeyError, ValueError, StopIteration, subprocess.CalledProcessError) as error:
        sys.exit(f"{path}: {error}")
    if about:
        told = json.loads(found["S"][0]) if found["S"] else {}
        lines = [json.dumps(told | {"sealed": bool(found["E"]), "chunks": len(found["C"]), "events": count, "pieces": len(found["A"]),
                                    "report": bool(found["R"])})]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
