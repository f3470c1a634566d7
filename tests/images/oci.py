#!/usr/bin/python3
"""oci: writes OCI layers and image archives, byte for byte the same from the same input (image-spec layer.md, manifest.md, image-layout.md).

  oci.py layer OUT CREATED_BY FULL.tar [BELOW.tar]   OUT.tar.gz and OUT.json: what FULL adds to BELOW, or all of FULL
  oci.py image OUT.tar IMAGE.json [LAYER.json...]   an oci-archive of the layers, base first, with IMAGE.json's "config"; where it has
                                                    "variants" {TAG: CMD}, one image for each of them instead, with that command; or
                                                    {TAG: CONFIG}, with what that says besides, or instead

Does not run or download anything; tests/images/build feeds it, and tests/images/hostile uses its functions to break the rules.
"""
import gzip
import hashlib
import io
import json
import os
import platform
import sys
import tarfile

EPOCH = int(os.environ.get("SOURCE_DATE_EPOCH", "1735689600"))
CREATED = "2025-01-01T00:00:00Z"
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def to_json(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def descriptor(media_type, data, **more):
    return {"mediaType": media_type, "digest": digest(data), "size": len(data), **more}


def clean_name(name):
    name = name.removeprefix("./").rstrip("/")
    return "" if name == "." else name


def fingerprint(tar, member):
    """All that makes two entries the same; times are left out: they are clamped, so they say nothing."""
    content = hashlib.sha256(tar.extractfile(member).read()).digest() if member.isreg() else b""
    return (member.type, member.mode, member.uid, member.gid, member.linkname, content, sorted(member.pax_headers.items()))


def read_tar(path):
    tar = tarfile.open(path)
    return tar, {clean_name(member.name): member for member in tar}


def is_left_out(name):
    return not name or name.startswith(("dev/", "proc/", "sys/"))  # the runtime's own


def changed_names(full, members, below_path):
    """Names of `members` that differ from the tar below, with their parent directories, and names that are gone."""
    below, old = read_tar(below_path) if below_path else (None, {})
    changed = {name for name, member in members.items()
               if not is_left_out(name) and (name not in old or fingerprint(full, member) != fingerprint(below, old[name]))}
    for name in list(changed):
        while "/" in name:
            name = name.rpartition("/")[0]
            if name in members:
                changed.add(name)
    gone = {name for name in old if not is_left_out(name) and name not in members}
    return changed, gone


def write_layer(out, created_by, full_path, below_path=None):
    full, members = read_tar(full_path)
    changed, gone = changed_names(full, members, below_path)
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as layer:
        for name in sorted(gone):
            parent, _, last = name.rpartition("/")
            if parent not in gone:
                whiteout = tarfile.TarInfo(f"{parent}/.wh.{last}" if parent else f".wh.{last}")
                whiteout.mtime = EPOCH
                layer.addfile(whiteout)
        for name in sorted(changed):
            member = members[name]
            target = clean_name(member.linkname) if member.islnk() else ""
            data = full.extractfile(member).read() if member.isreg() or member.islnk() else b""
            if member.islnk() and (target not in changed or target > name):  # its other name comes later, or not at all
                member.type, member.linkname = tarfile.REGTYPE, ""
            member.name = name
            if member.islnk():
                member.linkname = target
            member.size = len(data) if member.isreg() else 0
            member.mtime = min(int(member.mtime), EPOCH)
            member.uname = member.gname = ""
            member.pax_headers = {k: v for k, v in member.pax_headers.items() if k.startswith("SCHILY.xattr.")}
            layer.addfile(member, io.BytesIO(data) if member.isreg() else None)
    tar_bytes = raw.getvalue()
    blob = gzip.compress(tar_bytes, compresslevel=6, mtime=0)
    with open(out + ".tar.gz", "wb") as file:
        file.write(blob)
    with open(out + ".json", "w", encoding="utf-8") as file:
        json.dump({"blob": os.path.abspath(out + ".tar.gz"), "digest": digest(blob), "size": len(blob),
                   "diff_id": digest(tar_bytes), "created_by": created_by}, file)


def write_archive(out, blobs, index):
    """An image layout (image-layout.md) in a tar: `blobs` are bytes, or (digest, path) of a file."""
    files = {"oci-layout": to_json({"imageLayoutVersion": "1.0.0"}), "index.json": to_json(index)}
    for blob in blobs:
        name, data = (blob[0], None) if isinstance(blob, tuple) else (digest(blob), blob)
        if data is None:
            with open(blob[1], "rb") as file:
                data = file.read()
        files["blobs/sha256/" + name.removeprefix("sha256:")] = data
    with tarfile.open(out + ".new", "w", format=tarfile.PAX_FORMAT) as tar:
        for name in ("blobs", "blobs/sha256"):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode, entry.mtime = tarfile.DIRTYPE, 0o755, EPOCH
            tar.addfile(entry)
        for name, data in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(data), EPOCH
            tar.addfile(entry, io.BytesIO(data))
    os.replace(out + ".new", out)


def image_config(config, diff_ids, history):
    return {"architecture": ARCHITECTURE, "os": "linux", "created": CREATED, "config": config,
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
            "history": [{"created": CREATED, "created_by": line} for line in history]}


def index_of(manifest_bytes, tag="latest"):
    return index_of_all({tag: manifest_bytes})


def index_of_all(manifests):
    return {"schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor(
        MANIFEST, manifest, annotations={"org.opencontainers.image.ref.name": tag},
        platform={"architecture": ARCHITECTURE, "os": "linux"}) for tag, manifest in manifests.items()]}


def write_image(out, image_path, layer_paths):
    def load(path):
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    image = load(image_path)
    layers = [load(path) for path in layer_paths]
    blobs = [(layer["digest"], layer["blob"]) for layer in layers]
    manifests = {}
    for tag, own in image.get("variants", {"latest": {}}).items():
        config = to_json(image_config(image["config"] | (own if isinstance(own, dict) else {"Cmd": own}),
                                      [layer["diff_id"] for layer in layers], [layer["created_by"] for layer in layers]))
        manifests[tag] = to_json({"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(CONFIG, config),
                                  "layers": [{"mediaType": LAYER, "digest": layer["digest"], "size": layer["size"]} for layer in layers]})
        blobs += [config, manifests[tag]]
    write_archive(out, blobs, index_of_all(manifests))


def main():
    if len(sys.argv) in (5, 6) and sys.argv[1] == "layer":
        write_layer(*sys.argv[2:])
    elif len(sys.argv) >= 4 and sys.argv[1] == "image":
        write_image(sys.argv[2], sys.argv[3], sys.argv[4:])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
