#!/bin/bash
# The recorded flows of the traces in tests/traces, as pcapng, open in Wireshark's own reader: every packet is well-formed and has right
# checksums, names and hosts are those of the trace, and a stream's bytes are what was recorded.
set -euo pipefail
cd "$(dirname "$0")/../.."
fail() {
  echo "$*"
  exit 1
}
if ! command -v tshark >/dev/null; then
  [[ -z ${CI-} ]] || fail 'needs tshark'
  echo 'skipped: no tshark'
  exit 77
fi
assay=build/release/bin/assay
[[ -x $assay ]] || fail "no $assay: ./run build"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# read_flows NAME [OPTION...]: what tshark says of a trace's flows; checksums are looked at
read_flows() {
  local name=$1
  shift
  HOME=$scratch tshark -r "$scratch/$name.pcapng" -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE "$@" 2>/dev/null
}
# is WHAT WANTED FOUND
is() { [[ $2 == "$3" ]] || fail "$1: $3, not $2"; }
# events NAME KIND KEY VALUE: how many of a trace's
events() { "$assay" trace "tests/traces/$1.trace" --format json | grep -c "\"kind\":\"$2\".*\"source\":\"flows\".*\"$3\":\"$4\"" || true; }

for name in thief dropper miner nginx escape; do
  "$assay" report "tests/traces/$name.trace" --format pcapng --output "$scratch/$name.pcapng" 2>/dev/null
  bad=$(read_flows "$name" -Y '_ws.malformed || _ws.expert.severity == error || ip.checksum.status == "Bad" || tcp.checksum.status == "Bad" || udp.checksum.status == "Bad"')
  is "$name: packets that are malformed or have a wrong checksum" '' "$bad"
  flows=$("$assay" trace "tests/traces/$name.trace" --format json | grep -c '"kind":"flow_start"' || true)
  streams=$(for proto in tcp udp; do read_flows "$name" -T fields -e "$proto.stream" -Y "$proto" | sort -u; done | wc -l)
  pings=$(read_flows "$name" -Y 'icmp || icmpv6' | wc -l)
  [[ $pings -gt 0 ]] || is "$name: conversations" "$flows" "$streams"
  is "$name: DNS queries" "$(events "$name" dns call query)" "$(read_flows "$name" -Y 'udp && dns.flags.response == 0' | wc -l)"
  is "$name: DNS responses" "$(events "$name" dns call response)" "$(read_flows "$name" -Y 'udp && dns.flags.response == 1' | wc -l)"
done

# A checksum that is wrong would have been found.
cp "$scratch/miner.pcapng" "$scratch/broken.pcapng"
at=$(grep -obUa 'XMRig' "$scratch/broken.pcapng" | tail -n 1 | cut -d: -f1)
printf 'x' | dd of="$scratch/broken.pcapng" bs=1 seek="$at" conv=notrunc status=none
is 'a changed byte' 1 "$(read_flows broken -Y 'tcp.checksum.status == "Bad"' | wc -l)"

is 'names asked for by the miner' pool.minexmr.com "$(read_flows miner -T fields -e dns.qry.name -Y dns | sort -u)"
is 'hosts of the dropper' $'198.51.100.23:8080\ncdn.update-service.example' "$(read_flows dropper -T fields -e http.host -Y http.request | sort -u)"
names=$("$assay" trace tests/traces/thief.trace --format json | grep '"kind":"tls"' | grep -c '"name":')
is 'names in the TLS of the thief' "$names" "$(read_flows thief -T fields -e tls.handshake.extensions_server_name -Y tls.handshake.extensions_server_name | wc -l)"
is 'names of addresses' $'198.19.123.152\tcdn.update-service.example' "$(read_flows dropper -q -z hosts,ipv4 | grep cdn)"

# A stream, both ways, byte by byte: hex digits of what the trace has and of what tshark follows.
port=4444
recorded() { # FIELD: payloads whose FIELD is the port
  "$assay" trace tests/traces/miner.trace --format json | grep '"kind":"payload"' | grep "\"$1\":$port" |
    node -e 'for (const line of require("fs").readFileSync(0, "utf8").trim().split("\n")) {
      const text = JSON.parse(line).data.replace(/\\(x[0-9a-f]{2}|\\)/g, (_, c) => (c === "\\" ? "\\" : String.fromCharCode(parseInt(c.slice(1), 16))));
      process.stdout.write(Buffer.from(text, "latin1").toString("hex"));
    }'
}
followed=$(read_flows miner -q -z follow,tcp,raw,0)
is 'bytes from the miner' "$(recorded dst_port)" "$(grep -E '^[0-9a-f]+$' <<<"$followed" | tr -d '\n')"
is 'bytes to the miner' "$(recorded src_port)" "$(grep -E $'^\t[0-9a-f]+$' <<<"$followed" | tr -d '\t\n')"
echo 'the flows of five traces are whole to tshark'
