#!/usr/bin/python3
"""trace_grow: what a later schema does to an earlier one and the other way round, with capnp's own tool.

  trace_grow.py FILE OUT    FILE (of an early release) as a release would write it whose header, image, footer and chunk have further fields, and
                          whose events have one, too

Beside writing OUT, it reads FILE's header by the grown schema, and fails unless the new fields have their defaults there and all else is as it was.
"""
import copy
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import zlib

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import trace_reader  # noqa: E402  pylint: disable=wrong-import-position

SCHEMA = trace_reader.ROOT / "schema"
FRAME_TYPES = {"C": (1, "Chunk"), "H": (2, "Header"), "F": (3, "Footer")}


def grown_schema(folder):
    """schema/trace.capnp with a number and a text more in each struct of a message."""
    text = (SCHEMA / "trace.capnp").read_text(encoding="utf-8")
    for name in ("Chunk", "Header", "Image", "Footer"):
        body = re.search(rf"struct {name} {{\n(.*?)\n}}", text, re.S)
        last = max(int(number) for number in re.findall(r"@(\d+) :", body[1]))
        more = f"\n  laterNumber @{last + 1} :UInt64 = 7;\n  laterText @{last + 2} :Text = \"none\";"
        text = text[:body.end(1)] + more + text[body.end(1):]
    (folder / "trace.capnp").write_text(text, encoding="utf-8")
    (folder / "job.capnp").write_bytes((SCHEMA / "job.capnp").read_bytes())
    return folder / "trace.capnp"


def convert(how, schema, struct_name, data):
    return subprocess.run(["capnp", "convert", how, str(schema), struct_name], input=data, stdout=subprocess.PIPE, check=True).stdout


def frame(kind, message):
    """Version 2: as it is, behind its CRC-32."""
    return struct.pack("<4sHHII", b"ASY1", 2, kind, len(message), zlib.crc32(message)) + message


def check_defaults(new, old, name):
    """`new` (by the grown schema) says of an old message what `old` (by today's) does, and the defaults beside."""
    for where in [new] + ([new["image"]] if name == "Header" else []):
        # capnp's JSON leaves out a text that is not in the message.
        if (where.pop("laterNumber"), where.pop("laterText", "none")) != ("7", "none"):
            sys.exit(f"{name}: a field that an old message lacks has no default")
    if new != old:
        sys.exit(f"{name}: an old message reads otherwise by the grown schema")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    data = pathlib.Path(sys.argv[1]).read_bytes()
    out = data[:8]
    with tempfile.TemporaryDirectory() as folder:
        grown = grown_schema(pathlib.Path(folder))
        for kind, body, _ in trace_reader.records(data):
            number, name = FRAME_TYPES[kind]
            message = trace_reader.unframe(body, number)
            new = json.loads(convert("binary:json", grown, name, message))
            old = json.loads(convert("binary:json", SCHEMA / "trace.capnp", name, message))
            check_defaults(copy.deepcopy(new), old, name)
            new |= {"laterNumber": "12345678901234567890", "laterText": "a later release's word"}
            if name == "Header":
                new["image"] |= {"laterNumber": "8", "laterText": "and of the image"}
            for group in new.get("groups", []):  # a field of events: a constant, 5
                group["columns"].append({"field": 200, "part": 0, "values": [0, 5]})
            body = frame(number, convert("json:binary", grown, name, json.dumps(new).encode()))
            out += kind.encode() + struct.pack("<I", len(body)) + body
    pathlib.Path(sys.argv[2]).write_bytes(out)


if __name__ == "__main__":
    main()
