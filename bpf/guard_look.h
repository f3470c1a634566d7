/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* What the guard looks up in a task: whether it is one of ours, sealed, in which namespaces. */
#ifndef GUARD_LOOK_H
#define GUARD_LOOK_H

static __always_inline bool watched(void)
{
	return bpf_get_current_cgroup_id() == cgroup_id ||
	       (cgroup_level && bpf_get_current_ancestor_cgroup_id(cgroup_level) == cgroup_id);
}

static __always_inline bool sealed(struct task_struct *task)
{
	return (__u32)task->seccomp.filter_count.counter > agent_filters;
}

static __always_inline __u64 argument(const struct pt_regs *regs, __u8 number)
{
	return number == 1 ? regs->di : number == 2 ? regs->si : number == 3 ? regs->dx : 0;
}

/* Without a branch: the verifier would follow all combinations of them. */
static __always_inline __u32 flag_if_not_zero(__u64 n, __u32 flag)
{
	n |= -n;
	asm volatile("" : "+r"(n)); /* or the compiler makes a branch of it again */
	return flag & -(__u32)(n >> 63);
}
#define DIFFERS(a, b, ns, flag) flag_if_not_zero((__u64)BPF_CORE_READ(a, ns) ^ (__u64)BPF_CORE_READ(b, ns), flag)

/* CLONE_NEW* of what the child does not share with its parent. */
static __always_inline __u32 new_namespaces(struct task_struct *parent, struct task_struct *child)
{
	struct nsproxy *a = parent->nsproxy, *b = child->nsproxy;

	return DIFFERS(parent->real_cred, child->real_cred, user_ns, 0x10000000) | DIFFERS(a, b, uts_ns, 0x04000000) |
	       DIFFERS(a, b, ipc_ns, 0x08000000) | DIFFERS(a, b, mnt_ns, 0x00020000) | DIFFERS(a, b, net_ns, 0x40000000) |
	       DIFFERS(a, b, pid_ns_for_children, 0x20000000) | DIFFERS(a, b, cgroup_ns, 0x02000000) |
	       DIFFERS(a, b, time_ns_for_children, 0x00000080);
}

#endif
