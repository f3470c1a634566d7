/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * How the witness copies guest memory into a record: strings, buffers, argument vectors. Every read is bounded by a constant; what is not
 * resident reads as nothing (no page is faulted in from a tracepoint).
 */
#ifndef WITNESS_READ_H
#define WITNESS_READ_H

struct buffer {
	struct farm_witness head;
	__u8 bytes[FARM_BYTES + FARM_PATH_MAX]; /* room for the longest read at the highest offset */
};

static __always_inline __u32 put_string(struct buffer *b, __u32 at, __u64 from, __u32 max)
{
	long n = from ? bpf_probe_read_user_str(b->bytes + (at & (FARM_BYTES - 1)), max, (const void *)from) : 0;

	return n > 0 ? n : 0;
}

static __always_inline __u32 put_data(struct buffer *b, __u32 at, __u64 from, __u64 length, __u32 flags)
{
	__u64 vec[2] = {};

	if (flags & FARM_MSGHDR) /* msg_iov */
		if (bpf_probe_read_user(&from, sizeof(from), (const void *)(from + 16)))
			return 0;
	if (flags & (FARM_MSGHDR | FARM_IOVEC)) {
		if (bpf_probe_read_user(vec, sizeof(vec), (const void *)from))
			return 0;
		from = vec[0];
		length = vec[1];
	}
	b->head.data_full = length;
	if (length > FARM_DATA_MAX)
		length = FARM_DATA_MAX;
	if (!length || bpf_probe_read_user(b->bytes + (at & (FARM_BYTES - 1)), length, (const void *)from))
		return 0;
	return length;
}

static __always_inline __u32 put_address(struct buffer *b, __u32 at, __u64 from)
{
	__u8 *to = b->bytes + (at & (FARM_BYTES - 1));

	/* a sockaddr_in6, or a sockaddr_in where that is all there is before unmapped memory */
	if (from && !bpf_probe_read_user(to, 28, (const void *)from))
		return 28;
	return from && !bpf_probe_read_user(to, 16, (const void *)from) ? 16 : 0;
}

static __always_inline __u32 put_argv(struct buffer *b, __u32 at, __u64 argv)
{
	__u32 start = at;

	for (int i = 0; i <= FARM_ARGS; i++) {
		__u64 arg = 0;

		if (bpf_probe_read_user(&arg, sizeof(arg), (const void *)(argv + i * 8)) || !arg)
			break;
		if (i == FARM_ARGS) {
			b->head.argv_more = 1;
			break;
		}
		at += put_string(b, at, arg, FARM_ARG_MAX);
		b->head.argv_count = i + 1;
	}
	return at - start;
}

static __always_inline __u64 arg(const struct buffer *b, __u32 number)
{
	return number >= 1 && number <= 6 ? b->head.args[number - 1] : 0;
}

#define FARM_WAITS (FARM_TIMESPEC | FARM_TIMEOUT)
#define TIMER_ABSTIME 1

/* The struct timespec or timeval of a call that waits. */
struct wait {
	__s64 seconds, fraction;
	__u64 readable;
};

static __always_inline __u64 reg(struct pt_regs *regs, __u32 number)
{
	switch (number) {
	case 1: return BPF_CORE_READ(regs, di);
	case 2: return BPF_CORE_READ(regs, si);
	case 3: return BPF_CORE_READ(regs, dx);
	case 4: return BPF_CORE_READ(regs, r10);
	case 5: return BPF_CORE_READ(regs, r8);
	}
	return 0;
}

/* Whether the call waits long enough to be told. What cannot be read is told without its time. */
static __always_inline bool read_wait(struct wait *wait, struct pt_regs *regs, const volatile struct farm_call *call, __u32 least)
{
	__u64 from = reg(regs, call->buffer);

	if (call->length && (__u32)reg(regs, call->length))
		return false;
	if (call->flags & FARM_TIMEOUT)
		return (__s32)from >= (__s32)(least * 1000);
	if (!from)
		return false;
	if (bpf_probe_read_user(wait, 16, (const void *)from))
		return true;
	wait->readable = 1;
	if ((call->flags & FARM_ABSTIME) && (reg(regs, 2) & TIMER_ABSTIME))
		return true;
	return wait->seconds >= (__s64)least;
}

static __always_inline __u32 put_wait(struct buffer *b, __u32 at, const struct wait *wait)
{
	if (!wait->readable)
		return 0;
	__builtin_memcpy(b->bytes + (at & (FARM_BYTES - 1)), wait, 16);
	return 16;
}

#endif
