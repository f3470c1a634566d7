/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* What becomes of an act: it is counted; what the profile does not allow is told as well. */
#ifndef GUARD_ACT_H
#define GUARD_ACT_H

struct act {
	struct farm_guard_key key;
	bool has_args;
	bool kernel_path;
	const void *path;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} ring SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FARM_GUARD_KEYS);
	__type(key, struct farm_guard_key);
	__type(value, __u8);
} allowed SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FARM_GUARD_KEYS);
	__type(key, struct farm_guard_key);
	__type(value, __u64);
} seen SEC(".maps");

/* How often before; -1: too many different acts to tell. */
static __always_inline __s64 note(const struct farm_guard_key *key)
{
	__u64 none = 0, *n;

	farm_count(FARM_ACTS);
	n = bpf_map_lookup_elem(&seen, key);
	if (!n) {
		bpf_map_update_elem(&seen, key, &none, BPF_NOEXIST);
		n = bpf_map_lookup_elem(&seen, key);
	}
	return n ? (__s64)__sync_fetch_and_add(n, 1) : -1;
}

static __noinline int tell(struct task_struct *task, const struct act *act)
{
	struct farm_guard_key key = act->key;
	__s64 before = note(&key);
	struct pt_regs *regs;
	struct farm_guard *r;

	if (observe || bpf_map_lookup_elem(&allowed, &key))
		return 0;
	if (before < 0 || before >= FARM_GUARD_REPEATS) {
		farm_count(FARM_SUPPRESSED);
		return 0;
	}
	r = bpf_ringbuf_reserve(&ring, sizeof(*r), 0);
	if (!r) {
		farm_count(FARM_LOST);
		return 0;
	}
	__builtin_memset(r, 0, sizeof(*r));
	r->time_ns = bpf_ktime_get_ns();
	r->key = key;
	r->host_pid = BPF_CORE_READ(task, tgid);
	r->host_tid = BPF_CORE_READ(task, pid);
	r->uid = BPF_CORE_READ(task, real_cred, uid.val);
	BPF_CORE_READ_STR_INTO(&r->comm, task, comm);
	if (act->has_args) {
		regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
		r->args[0] = regs->di;
		r->args[1] = regs->si;
		r->args[2] = regs->dx;
		r->args[3] = regs->r10;
		r->args[4] = regs->r8;
		r->args[5] = regs->r9;
	}
	if (act->path && act->kernel_path)
		bpf_probe_read_kernel_str(r->path, sizeof(r->path), act->path);
	else if (act->path)
		bpf_probe_read_user_str(r->path, sizeof(r->path), act->path);
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	return 0;
}

#endif
