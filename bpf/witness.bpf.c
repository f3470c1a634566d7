// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * witness: guest system calls as the host sees them. Under systrap an unpatched system call raises SIGSYS in the stub thread;
 * registers and memory there are the guest's own. The table `calls` (filled by user space) says which arguments are strings.
 * Sees the first call from every call site (systrap patches a site after its first trap), not each call.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include "farm_event.h"
#include "farm_counters.h"
#include "witness_read.h"

#define SIGSYS 31
#define SYS_SECCOMP 1
#define AUDIT_ARCH_X86_64 0xc000003e

const volatile __u64 cgroup_id = 0;
const volatile int cgroup_level = 0;
const volatile __u32 sleep_seconds = 5;
const volatile struct farm_call calls[FARM_CALLS] = {};

struct repeat {
	__u32 host_pid, sysno;
};
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} ring SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct buffer);
} scratch SEC(".maps"); /* safe: the tracepoint fires under a lock with interrupts off */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct repeat);
	__type(value, __u32);
} repeats SEC(".maps");

static __always_inline bool over_budget(__u32 host_pid, __u32 sysno, __u32 budget)
{
	struct repeat key = {.host_pid = host_pid, .sysno = sysno};
	__u32 one = 1, *n = bpf_map_lookup_elem(&repeats, &key);

	if (!n)
		bpf_map_update_elem(&repeats, &key, &one, BPF_ANY);
	else if (*n >= budget)
		return true;
	else
		__sync_fetch_and_add(n, 1);
	return false;
}

SEC("tp_btf/signal_generate")
int BPF_PROG(farm_witness, int sig, struct kernel_siginfo *info, struct task_struct *task)
{
	__u32 zero = 0, at = 0, sysno;
	const volatile struct farm_call *call;
	struct task_struct *me;
	struct pt_regs *regs;
	struct buffer *b;
	struct wait wait = {};

	if (sig != SIGSYS)
		return 0;
	if (bpf_get_current_cgroup_id() != cgroup_id &&
	    !(cgroup_level && bpf_get_current_ancestor_cgroup_id(cgroup_level) == cgroup_id))
		return 0;
	if (BPF_CORE_READ(info, si_code) != SYS_SECCOMP)
		return 0;
	/* int $0x80 has numbers of its own, and no meaning in gVisor */
	if (BPF_CORE_READ(info, _sifields._sigsys._arch) != AUDIT_ARCH_X86_64)
		return 0;
	sysno = BPF_CORE_READ(info, _sifields._sigsys._syscall);
	if (sysno >= FARM_CALLS)
		return 0;
	call = &calls[sysno];
	me = bpf_get_current_task_btf();
	if (!(call->flags & FARM_WANTED))
		return 0;
	regs = (struct pt_regs *)bpf_task_pt_regs(me);
	if ((call->flags & FARM_WAITS) && !read_wait(&wait, regs, call, sleep_seconds))
		return 0;
	if (call->budget && over_budget(me->tgid, sysno, call->budget)) {
		farm_count(FARM_SUPPRESSED);
		return 0;
	}
	b = bpf_map_lookup_elem(&scratch, &zero);
	if (!b)
		return 0;
	__builtin_memset(&b->head, 0, sizeof(b->head));
	b->head.time_ns = bpf_ktime_get_ns();
	b->head.args[0] = BPF_CORE_READ(regs, di);
	b->head.args[1] = BPF_CORE_READ(regs, si);
	b->head.args[2] = BPF_CORE_READ(regs, dx);
	b->head.args[3] = BPF_CORE_READ(regs, r10);
	b->head.args[4] = BPF_CORE_READ(regs, r8);
	b->head.args[5] = BPF_CORE_READ(regs, r9);
	b->head.host_tid = me->pid;
	b->head.host_pid = me->tgid;
	b->head.sysno = sysno;
	at += b->head.path_len = put_string(b, at, arg(b, call->path), FARM_PATH_MAX);
	if (call->address)
		at += b->head.path2_len = put_address(b, at, arg(b, call->address));
	else
		at += b->head.path2_len = put_string(b, at, arg(b, call->path2), FARM_PATH_MAX);
	if (call->flags & FARM_WAITS)
		at += b->head.data_len = put_wait(b, at, &wait);
	else if (call->flags & FARM_ARGV)
		at += b->head.argv_len = put_argv(b, at, arg(b, call->buffer));
	else if (call->buffer)
		at += b->head.data_len = put_data(b, at, arg(b, call->buffer), arg(b, call->length), call->flags);
	if (bpf_ringbuf_output(&ring, b, sizeof(b->head) + (at & (FARM_BYTES - 1)), BPF_RB_NO_WAKEUP))
		farm_count(FARM_LOST);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
