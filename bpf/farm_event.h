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
	FARM_ACTS = 2,       /* of the guard: all that it looked at */
	FARM_COUNTERS = 3,
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

/* ---- guard ---- */

#define FARM_GUARD_PATH 256  /* with the final NUL */
#define FARM_GUARD_REPEATS 64 /* records of one key; what is beyond is only counted */
#define FARM_GUARD_KEYS 4096

/* What a process of the sandbox's cgroup is, by descent and by what it executed. */
enum farm_part {
	FARM_STRANGER = 0, /* none of the runtime's */
	FARM_LAUNCHER = 1, /* the agent's child, before it has executed the runtime */
	FARM_RUNTIME = 2,  /* runsc run */
	FARM_SANDBOX = 3,  /* the Sentry */
	FARM_GOFER = 4,
	FARM_HELPER = 5,   /* runsc, executed by one of the above for something else */
	FARM_STUB = 6,     /* forked by the Sentry: the guest's address spaces */
	FARM_PARTS = 7,
};

enum farm_act {
	FARM_ACT_NONE = 0,
	FARM_ACT_EXEC = 1,      /* detail: the part it is from then on */
	FARM_ACT_FORK = 2,
	FARM_ACT_CREDENTIALS = 3,
	FARM_ACT_MOUNT = 4,
	FARM_ACT_NAMESPACE = 5, /* detail: CLONE_NEW* */
	FARM_ACT_MODULE = 6,
	FARM_ACT_BPF = 7,       /* detail: command */
	FARM_ACT_PTRACE = 8,    /* detail: request */
	FARM_ACT_KERNEL = 9,
	FARM_ACT_SECCOMP = 10,  /* call: what its own filter forbids */
	FARM_ACT_CGROUP = 11,   /* detail: 0 came in, 1 went out */
	FARM_ACT_KINDS = 12,
};

/* In place of a system call's number. */
enum farm_guard_source {
	FARM_CALL_ATTACH = 0xfffc,         /* moved between cgroups */
	FARM_CALL_MODULE_REQUEST = 0xfffd, /* made the kernel look for a module */
	FARM_CALL_MODULE_LOAD = 0xfffe,
	FARM_CALL_COMPAT = 0xffff,         /* a call by a 32-bit or x32 entry */
};

struct farm_guard_key {
	__u8 part, sealed; /* sealed: it has installed a system call filter of its own */
	__u8 act, pad;
	__u16 call, pad2;
	__u32 detail;
};

/* How to take one system call. Arguments count from 1; 0: none. */
struct farm_guard_call {
	__u8 act;
	__u8 detail, path;
	__u8 pad;
	__u32 mask; /* of detail */
};

struct farm_guard {
	__u64 time_ns; /* CLOCK_MONOTONIC */
	__u64 args[6];
	struct farm_guard_key key;
	__u32 host_pid, host_tid, uid;
	char comm[16];
	char path[FARM_GUARD_PATH]; /* executed, or the call's first path */
};

/* ---- egress ---- */

/* Why a packet was refused the way out. As agent/egress/policy.h has them. */
enum farm_refusal {
	FARM_REFUSED_NOT = 0,
	FARM_REFUSED_NEIGHBOUR = 8,
	FARM_REFUSED_PROTOCOL = 9,
	FARM_REFUSED_BYTES = 10,
	FARM_REFUSALS = 13,
};

struct farm_range4 {
	__u32 prefix;
	__u8 addr[4];
};
struct farm_range6 {
	__u32 prefix;
	__u8 addr[16];
};

/* The first packet of a flow that was refused for this reason; further ones are counted only. */
struct farm_refused {
	__u64 time_ns; /* CLOCK_MONOTONIC */
	struct farm_flow_key key;
	__u32 reason; /* farm_refusal */
	__u32 direction;
	__u32 length; /* of the IP packet */
	__u32 flags;  /* TCP's, as in its header */
	__u32 seq;    /* and its sequence number */
	__u32 pad;
};

#endif
