/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * steer: hands every TCP connection and every UDP datagram that enters the simulated internet, whatever address and port it was
 * sent to, to the sinkhole's one listener and one UDP socket. Attached to the world's network namespace; sockets of connections
 * that stand already are found before this program is asked.
 */
#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_helpers.h>

enum { STEER_TCP = 0, STEER_UDP = 1 };

struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} sockets SEC(".maps");

/* Packets that found no socket to go to, by protocol slot: the agent counts them as lost. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} unsteered SEC(".maps");

SEC("sk_lookup")
int steer(struct bpf_sk_lookup *ctx)
{
	__u32 slot = ctx->protocol == IPPROTO_TCP ? STEER_TCP : STEER_UDP;
	struct bpf_sock *socket = bpf_map_lookup_elem(&sockets, &slot);
	__u64 *count;
	long error = -1;

	if (socket) {
		error = bpf_sk_assign(ctx, socket, 0);
		bpf_sk_release(socket);
	}
	if (error) {
		count = bpf_map_lookup_elem(&unsteered, &slot);
		if (count)
			__sync_fetch_and_add(count, 1);
	}
	return SK_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
