/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* Packet headers to a flow's key and the bounds of the payload. */
#ifndef FLOWS_PARSE_H
#define FLOWS_PARSE_H

#define ETH_LEN 14
#define FIN 1
#define SYN 2
#define RST 4
#define ACK 16

struct packet {
	struct farm_flow_key key;
	__u32 at;  /* offset of the payload */
	__u32 end; /* of the IP packet, padding left out */
	__u32 seq;
	__u32 flags;
	bool fragment; /* not the first: no header of TCP or the like in it */
	bool payload;  /* TCP, UDP or ICMP, and `at` is behind its header */
};

/* IPv6 extension headers, of which a guest may put many: four are looked behind. */
static __always_inline void skip_extensions(struct __sk_buff *skb, struct packet *p)
{
	__u8 h[8] = {};
	int i;

	for (i = 0; i < 4; i++) {
		__u8 type = p->key.proto;

		if ((type != 0 && type != 43 && type != 44 && type != 60) || bpf_skb_load_bytes(skb, p->at, h, 8))
			return;
		p->key.proto = h[0];
		p->at += type == 44 ? 8 : (h[1] + 1) * 8;
		if (type == 44 && (h[2] || h[3] & 0xf8)) {
			p->fragment = true;
			return;
		}
	}
}

/* Fills addresses as sent; `src` and `dst` point into the key by direction. False: not IP. */
static __always_inline bool parse_ip(struct __sk_buff *skb, struct packet *p, __u8 *src, __u8 *dst)
{
	__u8 ip[40] = {};

	if (skb->protocol == bpf_htons(0x0800)) {
		if (bpf_skb_load_bytes(skb, ETH_LEN, ip, 20))
			return false;
		p->at = ETH_LEN + (ip[0] & 15) * 4;
		p->end = ETH_LEN + (ip[2] << 8 | ip[3]);
		p->key.proto = ip[9];
		src[10] = src[11] = dst[10] = dst[11] = 0xff;
		__builtin_memcpy(src + 12, ip + 12, 4);
		__builtin_memcpy(dst + 12, ip + 16, 4);
		p->fragment = (ip[6] & 0x1f) || ip[7];
		return true;
	}
	if (skb->protocol != bpf_htons(0x86dd) || bpf_skb_load_bytes(skb, ETH_LEN, ip, 40))
		return false;
	p->at = ETH_LEN + 40;
	p->end = ETH_LEN + 40 + (ip[4] << 8 | ip[5]);
	p->key.proto = ip[6];
	__builtin_memcpy(src, ip + 8, 16);
	__builtin_memcpy(dst, ip + 24, 16);
	skip_extensions(skb, p);
	return true;
}

/* False: the link's own chatter, neighbour discovery and group membership. */
static __always_inline bool parse_ports(struct __sk_buff *skb, struct packet *p, __u16 *src, __u16 *dst)
{
	__u8 h[20] = {};

	if (p->fragment)
		return true;
	if (p->key.proto == 6 && !bpf_skb_load_bytes(skb, p->at, h, 20)) {
		p->seq = (__u32)h[4] << 24 | h[5] << 16 | h[6] << 8 | h[7];
		p->flags = h[13];
		p->at += (h[12] >> 4) * 4;
	} else if (p->key.proto == 17 && !bpf_skb_load_bytes(skb, p->at, h, 8)) {
		p->at += 8;
	} else if ((p->key.proto == 1 || p->key.proto == 58) && !bpf_skb_load_bytes(skb, p->at, h, 8)) {
		p->at += 8;
		p->payload = true;
		return p->key.proto == 1 || !((h[0] >= 130 && h[0] <= 137) || h[0] == 143);
	} else {
		return true;
	}
	p->payload = true;
	*src = h[0] << 8 | h[1];
	*dst = h[2] << 8 | h[3];
	return true;
}

#endif
