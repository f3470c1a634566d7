/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* The ABI between BPF programs and the agent: fixed width, explicit padding. Sizes are asserted on the C++ side. */
#ifndef FARM_EVENT_H
#define FARM_EVENT_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

/* Per-CPU counters that every program keeps. */
enum farm_counter {
	FARM_LOST = 0,       /* ring or map full */
	FARM_SUPPRESSED = 1, /* repeats beyond a call's budget, left out on purpose */
	FARM_COUNTERS = 2,
};

/* ---- witness ---- */

#define FARM_CALLS 512     /* system call numbers known to the table */
#define FARM_PATH_MAX 512  /* with the final NUL */
#define FARM_DATA_MAX 256
#define FARM_ARG_MAX 128   /* one argument of execve, with its NUL */
#define FARM_ARGS 8
#define FARM_BYTES 4096    /* a power of two, above the sum of all strings of a record */

enum farm_call_flag {
	FARM_WANTED = 1,
	FARM_ARGV = 2,     /* `buffer` is a char *[] */
	FARM_IOVEC = 4,    /* `buffer` is a struct iovec[]: the first one is read */
	FARM_MSGHDR = 8,   /* `buffer` is a struct msghdr */
	/* A call that waits: left out, without touching a budget, if for less than sleep_seconds, or for something (`length` is not 0). */
	FARM_TIMESPEC = 16, /* `buffer` is a struct timespec or timeval: how long */
	FARM_TIMEOUT = 32,  /* `buffer` is an int of milliseconds */
	FARM_ABSTIME = 64,  /* with FARM_TIMESPEC, where argument 2 has TIMER_ABSTIME: until when; always reported */
};

/* How to read one system call. Arguments count from 1; 0: none. */
struct farm_call {
	__u8 flags;
	__u8 path, path2;
	__u8 buffer, length;
	__u8 address; /* a struct sockaddr, recorded in place of path2 */
	__u16 budget; /* records per stub process; 0: no limit */
};

/* Followed by path, path2 (each with its NUL), data and argv (each with its NUL), of the given lengths; 0: none, or not readable. */
struct farm_witness {
	__u64 time_ns; /* CLOCK_MONOTONIC */
	__u64 args[6];
	__u64 data_full; /* length of the whole buffer in the guest */
	__u32 host_tid, host_pid;
	__u32 sysno;
	__u16 path_len, path2_len;
	__u16 data_len, argv_len;
	__u16 argv_count;
	__u16 argv_more; /* there were more arguments than FARM_ARGS */
};

/* ---- flows ---- */

#define FARM_PAYLOAD_MAX 2048 /* of one packet; a power of two */
#define FARM_PAYLOAD_PACKETS 4 /* data packets recorded in each direction of a flow (DNS: all) */

/* One flow, seen from the guest. IPv4 addresses are mapped (::ffff:a.b.c.d). Ports in host order; 0 for protocols without. */
struct farm_flow_key {
	__u8 guest[16], peer[16];
	__u16 guest_port, peer_port;
	__u8 proto; /* IPPROTO_ */
	__u8 pad[3];
};

enum farm_direction { FARM_OUT = 0, FARM_IN = 1 }; /* out: from the guest */
enum farm_flow_flag { FARM_FIN = 1, FARM_RST = 2, FARM_BEGAN = 4 }; /* each direction's own, so that two CPUs never write one word */

struct farm_flow {
	__u64 first_ns, last_ns; /* CLOCK_MONOTONIC */
	__u64 bytes[2], packets[2]; /* of the IP packets, by farm_direction */
	__u32 data_packets[2];
	__u32 first_seq[2]; /* TCP: sequence number of the stream's first byte */
	__u32 flags[2];     /* farm_flow_flag, by farm_direction */
};

enum farm_flow_record_type { FARM_FLOW_START = 1, FARM_FLOW_PAYLOAD = 2, FARM_FLOW_END = 3 };

/* Followed by data_len bytes of payload. */
struct farm_flow_record {
	__u64 time_ns;
	struct farm_flow_key key;
	__u32 type;
	__u32 direction; /* of the packet */
	__u32 offset;    /* TCP: of the payload in its stream */
	__u32 data_len;
	__u32 data_full;
	__u32 pad;
};

#endif
