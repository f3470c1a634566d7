#!/bin/bash
# Attestations and tools that are not ours: what `assay attest` writes is verified by sigstore's library for JavaScript and by openssl, and
# refused by both once anything of it was changed; and what that library makes is verified, or refused, by `assay verify`. What it needs is
# installed by ./run test.
set -euo pipefail
cd "$(dirname "$0")/../.."
fail() {
  echo "$*"
  exit 1
}
assay=${ASSAY_BIN_DIR:-build/release/bin}/assay
[[ -x $assay ]] || fail "no $assay: ./run build"
if ! command -v node npm >/dev/null; then
  [[ -z ${CI-} ]] || fail 'needs node and npm'
  echo 'skipped: no npm'
  exit 77
fi
readers=${ASSAY_READERS_DIR:-build/readers}
cmp -s tests/readers/package-lock.json "$readers/installed" || fail "the readers are not installed: ./run test does it (log: build/readers.log)"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp tests/readers/attestation.mjs "$readers" # beside its packages, where node looks for these
sigstore() { node "$readers/attestation.mjs" "$@"; }

# refused WHAT COMMAND...: it ends with an error
refused() {
  local what=$1
  shift
  ! "$@" >"$scratch/said" 2>&1 || fail "taken: $what"
}
# ends CODE COMMAND...
ends() {
  local wanted=$1 code=0
  shift
  "$@" >"$scratch/said" 2>&1 || code=$?
  [[ $code -eq $wanted ]] || fail "exit code $code, not $wanted: $* ($(cat "$scratch/said"))"
}
# change BUNDLE JAVASCRIPT: a copy in which the statements were carried out on `bundle`, and on its `statement`
change() {
  node -e 'const fs = require("fs"), bundle = JSON.parse(fs.readFileSync(process.argv[1])), envelope = bundle.dsseEnvelope;
    let statement = Buffer.from(envelope.payload, "base64").toString();
    eval(process.argv[2]);
    envelope.payload = Buffer.from(statement).toString("base64");
    fs.writeFileSync(process.argv[3], JSON.stringify(bundle));' "$1" "$2" "$scratch/changed.json"
}
flipped='const sig = Buffer.from(envelope.signatures[0].sig, "base64"); sig[sig.length - 1] ^= 1; envelope.signatures[0].sig = sig.toString("base64");'

for kind in ecdsa-p256 ed25519; do "$assay" attest --make-key "$scratch/$kind" --key-kind "$kind" >/dev/null 2>&1; done
"$assay" attest --make-key "$scratch/other" >/dev/null 2>&1
ends 1 "$assay" attest --make-key "$scratch/other"
for name in miner nginx; do
  case $name in
    miner) result=FAILED code=10 ;;
    nginx) result=PASSED code=0 ;;
  esac
  id=$("$assay" trace import "tests/traces/$name.trace" --data "$scratch/data" | cut -d ' ' -f 1)
  digest=$("$assay" report "$id" --data "$scratch/data" --format json | node -e 'console.log(JSON.parse(require("fs").readFileSync(0)).image.digest)')
  hex=${digest#sha256:}
  for kind in ecdsa-p256 ed25519; do
    bundle=$scratch/$name-$kind.json key=$scratch/$kind
    "$assay" attest "$id" --data "$scratch/data" --offline --key "$key.key" --output "$bundle" 2>/dev/null
    said=$(sigstore verify "$key.pub" "$hex" "$bundle") || fail "sigstore refuses $bundle"
    [[ $said == *"test-result/v0.1 $result" ]] || fail "$name: $said"
    ends "$code" "$assay" verify --bundle "$bundle" --digest "$digest" --key "$key.pub"
    # Anything that is changed is seen by either.
    for how in 'statement = statement.replace("\"result\":\"FAILED\"", "\"result\":\"PASSED\"").replace("\"score\":", "\"score\": ");' "$flipped" \
      'envelope.payloadType = "application/vnd.in-toto+jsom";'; do
      change "$bundle" "$how"
      refused "$how" sigstore verify "$key.pub" "$hex" "$scratch/changed.json"
      ends 1 "$assay" verify --bundle "$scratch/changed.json" --digest "$digest" --key "$key.pub"
    done
    change "$bundle" ''
    sigstore verify "$key.pub" "$hex" "$scratch/changed.json" >/dev/null || fail 'what was not changed is refused'
    refused 'another key' sigstore verify "$scratch/other.pub" "$hex" "$bundle"
    ends 1 "$assay" verify --bundle "$bundle" --digest "$digest" --key "$scratch/other.pub"
    refused 'another image' sigstore verify "$key.pub" "${hex//[0-7]/8}" "$bundle"
    ends 1 "$assay" verify --bundle "$bundle" --digest "sha256:${hex//[0-7]/8}" --key "$key.pub"
    # The other way: the same statement, signed by sigstore.
    node -e 'const { dsseEnvelope } = JSON.parse(require("fs").readFileSync(process.argv[1])); process.stdout.write(Buffer.from(dsseEnvelope.payload, "base64"));' \
      "$bundle" >"$scratch/statement"
    sigstore sign "$key.key" "$scratch/statement" >"$scratch/theirs.json"
    ends "$code" "$assay" verify --bundle "$scratch/theirs.json" --digest "$digest" --key "$key.pub"
    ends 1 "$assay" verify --bundle "$scratch/theirs.json" --digest "$digest" --key "$scratch/other.pub"
    sigstore sign "$key.key" "$scratch/statement" text/plain >"$scratch/theirs.json"
    ends 1 "$assay" verify --bundle "$scratch/theirs.json" --digest "$digest" --key "$key.pub"
    grep -q "what was signed is 'text/plain'" "$scratch/said" || fail "text/plain: $(cat "$scratch/said")"
  done
  # openssl, with nothing of sigstore's: the signature is over the specification's encoding.
  # shellcheck disable=SC2016  # the dollars are JavaScript's
  node -e 'const fs = require("fs"), [, file, to] = process.argv, { dsseEnvelope: e } = JSON.parse(fs.readFileSync(file)), payload = Buffer.from(e.payload, "base64");
    fs.writeFileSync(`${to}.pae`, Buffer.concat([Buffer.from(`DSSEv1 ${e.payloadType.length} ${e.payloadType} ${payload.length} `), payload]));
    fs.writeFileSync(`${to}.sig`, Buffer.from(e.signatures[0].sig, "base64"));' "$scratch/$name-ecdsa-p256.json" "$scratch/raw"
  openssl dgst -sha256 -verify "$scratch/ecdsa-p256.pub" -signature "$scratch/raw.sig" "$scratch/raw.pae" >/dev/null || fail "openssl refuses $name"
  printf x >>"$scratch/raw.pae"
  refused 'a longer payload' openssl dgst -sha256 -verify "$scratch/ecdsa-p256.pub" -signature "$scratch/raw.sig" "$scratch/raw.pae"
done

# Keys of openssl's making do, and an encrypted one only with its passphrase.
openssl genpkey -algorithm ed25519 -aes-256-cbc -pass pass:horse -out "$scratch/ssl.key" 2>/dev/null
chmod 600 "$scratch/ssl.key"
openssl pkey -in "$scratch/ssl.key" -passin pass:horse -pubout -out "$scratch/ssl.pub"
ASSAY_KEY_PASSPHRASE=horse "$assay" attest "$id" --data "$scratch/data" --offline --key "$scratch/ssl.key" --output "$scratch/ssl.json" 2>/dev/null
ends 0 "$assay" verify --bundle "$scratch/ssl.json" --digest "$digest" --key "$scratch/ssl.pub"
ends 1 "$assay" attest "$id" --data "$scratch/data" --offline --key "$scratch/ssl.key" --output "$scratch/no.json"
grep -q 'no passphrase was given' "$scratch/said" || fail "an encrypted key: $(cat "$scratch/said")"
# And one of ours is one to openssl.
ASSAY_KEY_PASSPHRASE=horse "$assay" attest --make-key "$scratch/sealed" >/dev/null 2>&1
openssl pkey -in "$scratch/sealed.key" -passin pass:horse -pubout | cmp - "$scratch/sealed.pub" || fail 'openssl reads another key'
refused 'a wrong passphrase' openssl pkey -in "$scratch/sealed.key" -passin pass:cow -noout

# What is asked for beside a result.
bundle=$scratch/nginx-ed25519.json
own() { "$assay" verify --bundle "$bundle" --digest "$digest" --key "$scratch/ed25519.pub" "$@"; }
ends 0 own --verdict clean
ends 1 own --policy-name prod
ends 1 own --max-age 1m
ends 1 own --rules 0000
ends 2 own --verdict good
ends 2 own --max-age soon
ends 2 "$assay" verify --bundle "$bundle" --key "$scratch/ed25519.pub"
ends 2 "$assay" verify --bundle "$bundle" --digest "$digest"
ends 2 "$assay" attest "$id" --data "$scratch/data" --offline --key "$scratch/ed25519.key"
echo 'attestations are one thing to sigstore, to openssl and to assay'
