// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * egress: on the world's end of a sandbox's veth, where the guest is let out to the real network: drops what goes to a refused range
 * (tables filled by user space), what is neither TCP nor UDP, and everything once the scan's bytes are used up. What was refused is
 * recorded once a flow and counted by packet. What the world itself begins (our own looks at the guest's ports) passes.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include "farm_event.h"
#include "farm_counters.h"
#include "flows_parse.h"
#include "egress_tables.h"

#define TCX_NEXT -1
#define TCX_DROP 2
#define DNS_PORT 53

const volatile __u8 gateway4[16] = {}, gateway6[16] = {}; /* IPv4 mapped; all zero: there is none */
const volatile __u64 byte_limit = 0;                     /* of IP packets, both ways; 0: none */

static __always_inline int refuse(struct packet *p, __u32 direction, __u32 reason)
{
	struct told known = {.key = p->key, .reason = reason};
	struct farm_refused record = {};
	__u32 one = 1;

	add(&refusals, reason, 1);
	if (bpf_map_update_elem(&told, &known, &one, BPF_NOEXIST) && bpf_map_lookup_elem(&told, &known))
		return TCX_DROP;
	record.time_ns = bpf_ktime_get_ns();
	record.key = p->key;
	record.reason = reason;
	record.direction = direction;
	record.length = p->end - ETH_LEN;
	record.flags = p->flags;
	record.seq = p->seq;
	if (bpf_ringbuf_output(&ring, &record, sizeof(record), BPF_RB_NO_WAKEUP))
		farm_count(FARM_LOST);
	return TCX_DROP;
}

static __always_inline bool is_gateway(const __u8 *address)
{
	bool four = true, six = true;
	__u8 any = 0;
	int i;

	for (i = 0; i < 16; i++) {
		four &= address[i] == gateway4[i];
		six &= address[i] == gateway6[i];
		any |= address[i];
	}
	return any && (four || six);
}

static __always_inline __u32 refusal_of(struct __sk_buff *skb, const struct packet *p)
{
	struct farm_range4 four = {.prefix = 32};
	struct farm_range6 six = {.prefix = 128};
	__u32 *reason;

	if (is_gateway(p->key.peer)) {
		if (p->key.proto == 1 || p->key.proto == 58)
			return FARM_REFUSED_NOT;
		return p->key.peer_port == DNS_PORT ? FARM_REFUSED_NOT : FARM_REFUSED_NEIGHBOUR;
	}
	if (skb->protocol == bpf_htons(0x0800)) {
		__builtin_memcpy(four.addr, p->key.peer + 12, 4);
		reason = bpf_map_lookup_elem(&ranges4, &four);
	} else {
		__builtin_memcpy(six.addr, p->key.peer, 16);
		reason = bpf_map_lookup_elem(&ranges6, &six);
	}
	if (reason)
		return *reason < FARM_REFUSALS ? *reason : FARM_REFUSED_PROTOCOL;
	return p->key.proto == 6 || p->key.proto == 17 ? FARM_REFUSED_NOT : FARM_REFUSED_PROTOCOL;
}

/* Whether the scan's bytes are used up; counts the packet if not. */
static __always_inline bool used_up(const struct packet *p)
{
	__u32 zero = 0;
	__u64 *bytes = bpf_map_lookup_elem(&passed, &zero);

	if (!bytes)
		return true;
	if (byte_limit && *bytes >= byte_limit)
		return true;
	__sync_fetch_and_add(bytes, p->end - ETH_LEN);
	return false;
}

SEC("tcx/ingress")
int farm_egress_out(struct __sk_buff *skb)
{
	struct packet p = {};
	__u32 reason;

	if (skb->protocol == bpf_htons(0x0806))
		return TCX_NEXT;
	if (!parse_ip(skb, &p, p.key.guest, p.key.peer))
		return TCX_DROP; /* not IP: nothing that the world would take */
	p.end = skb->len > ETH_LEN ? skb->len : ETH_LEN;
	if (!parse_ports(skb, &p, &p.key.guest_port, &p.key.peer_port) || p.key.proto == 2)
		return TCX_NEXT; /* the link's own chatter */
	if (bpf_map_lookup_elem(&begun, &p.key))
		return TCX_NEXT;
	reason = refusal_of(skb, &p);
	if (!reason && used_up(&p))
		reason = FARM_REFUSED_BYTES;
	return reason ? refuse(&p, FARM_OUT, reason) : TCX_NEXT;
}

SEC("tcx/egress")
int farm_egress_in(struct __sk_buff *skb)
{
	struct packet p = {};
	__u32 one = 1;

	if (skb->protocol == bpf_htons(0x0806) || !parse_ip(skb, &p, p.key.peer, p.key.guest))
		return TCX_NEXT;
	p.end = skb->len > ETH_LEN ? skb->len : ETH_LEN;
	if (!parse_ports(skb, &p, &p.key.peer_port, &p.key.guest_port))
		return TCX_NEXT;
	if (is_gateway(p.key.peer) && p.key.peer_port != DNS_PORT) {
		if (p.key.proto == 6 || p.key.proto == 17)
			bpf_map_update_elem(&begun, &p.key, &one, BPF_ANY);
		return TCX_NEXT;
	}
	return used_up(&p) ? refuse(&p, FARM_IN, FARM_REFUSED_BYTES) : TCX_NEXT;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
