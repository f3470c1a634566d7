// SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause)
/*
 * guard: what the processes of one control group do on the host that the runtime never does. Each act has a key: whose (part), after it was
 * sealed or before, what. User space says which keys are allowed (the runtime's profile) and which system calls are acts at all.
 * A guest's system calls are caught by seccomp before sys_enter: what is seen there the runtime itself has asked of the host.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include "farm_event.h"
#include "farm_counters.h"

const volatile __u64 cgroup_id = 0;
const volatile int cgroup_level = 0;
const volatile __u64 runtime_inode = 0; /* of the runsc binary */
const volatile __u32 runtime_dev = 0;
const volatile __u32 agent_filters = 0; /* system call filters that the agent itself is under, and all that it starts */
const volatile bool observe = false;    /* no profile: count, tell nothing */
const volatile struct farm_guard_call calls[FARM_CALLS] = {};
__u32 agent_tgid = 0; /* as this kernel's first pid namespace numbers it */

#include "guard_look.h"
#include "guard_parts.h"
#include "guard_act.h"

#define SIGSYS 31
#define SYS_SECCOMP 1
#define TS_COMPAT 2
#define X32_BIT 0x40000000
#define ATTACHED_IN 0
#define ATTACHED_OUT 1

static __always_inline int did(struct task_struct *me, __u8 act, __u16 call, __u32 detail)
{
	struct act a = {.key = {.part = part_of(me).part, .sealed = sealed(me), .act = act, .call = call, .detail = detail}};

	return tell(me, &a);
}

SEC("syscall")
int farm_guard_self(void *ctx)
{
	agent_tgid = bpf_get_current_pid_tgid() >> 32;
	return 0;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(farm_guard_call, struct pt_regs *regs, long id)
{
	struct task_struct *me = bpf_get_current_task_btf();
	const volatile struct farm_guard_call *call;
	struct act a = {.has_args = true};

	if ((me->thread_info.status & TS_COMPAT) || (id > 0 && (id & X32_BIT)))
		return watched() ? did(me, FARM_ACT_KERNEL, FARM_CALL_COMPAT, 0) : 0;
	if ((__u64)id >= FARM_CALLS)
		return 0;
	call = &calls[id];
	if (!call->act || !watched())
		return 0;
	a.key.part = part_of(me).part;
	a.key.sealed = sealed(me);
	a.key.act = call->act;
	a.key.call = id;
	a.key.detail = argument(regs, call->detail) & call->mask;
	a.path = (const void *)argument(regs, call->path);
	return tell(me, &a);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(farm_guard_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 namespaces;
	struct part part;
	__u16 call;

	if (!watched())
		return 0;
	call = ((struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf()))->orig_ax;
	namespaces = new_namespaces(parent, child);
	if (parent->cgroups->dfl_cgrp != child->cgroups->dfl_cgrp)
		did(parent, FARM_ACT_CGROUP, call, ATTACHED_OUT);
	if (namespaces)
		did(parent, FARM_ACT_NAMESPACE, call, namespaces);
	if (child->tgid == parent->tgid)
		return 0;
	if (!namespaces)
		did(parent, FARM_ACT_FORK, call, 0);
	part = part_of(parent);
	inherit(child, &part, sealed(parent));
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(farm_guard_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct act a = {.path = bprm->filename, .kernel_path = true};
	struct inode *inode = bprm->file->f_inode;
	struct part before;

	if (!watched())
		return 0;
	before = part_of(task);
	if (inode->i_ino == runtime_inode && inode->i_sb->s_dev == runtime_dev)
		a.key.detail = part_after_exec(task, &before);
	a.key.part = before.part;
	a.key.sealed = sealed(task);
	a.key.act = FARM_ACT_EXEC;
	a.key.call = 59;
	set_part(task, a.key.detail, a.key.detail == before.part ? before.flags : 0);
	return tell(task, &a);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(farm_guard_exit, struct task_struct *task)
{
	__u32 tgid = task->tgid;

	if (!task->signal->live.counter)
		bpf_map_delete_elem(&parts, &tgid);
	return 0;
}

SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(farm_guard_attach, struct cgroup *to, const char *path, struct task_struct *task)
{
	__u32 tgid = task->tgid;

	if (to->root->hierarchy_id != 0) /* not v2's */
		return 0;
	if (to->kn->id != cgroup_id)
		return bpf_map_lookup_elem(&parts, &tgid) ? did(task, FARM_ACT_CGROUP, FARM_CALL_ATTACH, ATTACHED_OUT) : 0;
	if ((__u32)task->real_parent->tgid == agent_tgid) {
		set_part(task, FARM_LAUNCHER, 0);
		return 0;
	}
	set_part(task, FARM_STRANGER, 0);
	return did(task, FARM_ACT_CGROUP, FARM_CALL_ATTACH, ATTACHED_IN);
}

SEC("tp_btf/signal_generate")
int BPF_PROG(farm_guard_signal, int sig, struct kernel_siginfo *info)
{
	struct task_struct *me = bpf_get_current_task_btf();
	struct act a = {.has_args = true};

	if (sig != SIGSYS || !watched())
		return 0;
	a.key.part = part_of(me).part;
	if (a.key.part == FARM_STUB || BPF_CORE_READ(info, si_code) != SYS_SECCOMP) /* a stub's are the guest's calls */
		return 0;
	a.key.sealed = sealed(me);
	a.key.act = FARM_ACT_SECCOMP;
	a.key.call = BPF_CORE_READ(info, _sifields._sigsys._syscall);
	return tell(me, &a);
}

/* Kernels without modules do not have these two. */
SEC("raw_tp/module_load")
int farm_guard_module(void *ctx)
{
	return watched() ? did(bpf_get_current_task_btf(), FARM_ACT_MODULE, FARM_CALL_MODULE_LOAD, 0) : 0;
}

SEC("raw_tp/module_request")
int farm_guard_module_request(void *ctx)
{
	return watched() ? did(bpf_get_current_task_btf(), FARM_ACT_MODULE, FARM_CALL_MODULE_REQUEST, 0) : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
