/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Which part of the runtime a process is. It follows from what the kernel knows: who forked it, which file it executed, whether its
 * forefather had sealed itself by then. A name counts once only, when the runtime, before there is a guest, starts its two services.
 */
#ifndef GUARD_PARTS_H
#define GUARD_PARTS_H

enum { CHILD_OF_RUNTIME = 1, BORN_SEALED = 2 };

struct part {
	__u64 start; /* of its first thread: tells a number's next owner */
	__u8 part, flags;
	__u8 pad[6];
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct part);
} parts SEC(".maps");

static __always_inline struct part part_of(struct task_struct *task)
{
	struct part stranger = {.part = FARM_STRANGER};
	__u32 tgid = task->tgid;
	struct part *p = bpf_map_lookup_elem(&parts, &tgid);

	return p && p->start == task->group_leader->start_time ? *p : stranger;
}

static __always_inline void set_part(struct task_struct *task, __u8 part, __u8 flags)
{
	struct part p = {.start = task->group_leader->start_time, .part = part, .flags = flags};
	__u32 tgid = task->tgid;

	if (bpf_map_update_elem(&parts, &tgid, &p, BPF_ANY)) /* full: it is a stranger, and will be told of as one */
		farm_count(FARM_LOST);
}

/* Of a process that `parent` has just forked. */
static __always_inline void inherit(struct task_struct *child, const struct part *parent, bool sealed)
{
	switch (parent->part) {
	case FARM_SANDBOX:
	case FARM_STUB:
		return set_part(child, FARM_STUB, parent->flags | (sealed || parent->part == FARM_STUB ? BORN_SEALED : 0));
	case FARM_RUNTIME:
		return set_part(child, FARM_RUNTIME, CHILD_OF_RUNTIME);
	case FARM_LAUNCHER:
		return set_part(child, FARM_STRANGER, 0);
	default:
		return set_part(child, parent->part, parent->flags);
	}
}

static __always_inline bool begins_with(const char *text, const char *prefix, int length)
{
	for (int i = 0; i < length; i++)
		if (text[i] != prefix[i])
			return false;
	return true;
}

static __always_inline __u8 service(struct task_struct *task)
{
	char name[16] = "";

	bpf_probe_read_user_str(name, sizeof(name), (const void *)task->mm->arg_start);
	if (begins_with(name, "runsc-sandbox", 14))
		return FARM_SANDBOX;
	return begins_with(name, "runsc-gofer", 12) ? FARM_GOFER : FARM_HELPER;
}

/* Of a process that has executed the runtime's own file. */
static __always_inline __u8 part_after_exec(struct task_struct *task, const struct part *before)
{
	switch (before->part) {
	case FARM_LAUNCHER:
		return FARM_RUNTIME;
	case FARM_RUNTIME:
		return before->flags & CHILD_OF_RUNTIME ? service(task) : FARM_RUNTIME;
	case FARM_STUB: /* no stub yet: a child of the Sentry's, from before it was sealed */
		return before->flags & BORN_SEALED ? FARM_STRANGER : FARM_HELPER;
	default:
		return before->part;
	}
}

#endif
