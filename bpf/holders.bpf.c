// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Finds the tasks in fences that hold a listening socket, in one pass over the descriptors of all tasks. The kernel
 * visits a descriptor table that threads share once, by the leader (task_file_seq_get_next, kernel/bpf/task_iter.c).
 */
#include "kernel_types.bpf.h"
#include "numbers.bpf.h"
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <cgfence/verdict.h>

#define SOCKFS_MAGIC 0x534F434B
#define S_IFMT 0170000
#define S_IFSOCK 0140000

/*
 * Levels of cgroups below a fence root. A task that sits deeper is reported with fence 0, and user space finds its
 * fence.
 */
#define CGROUP_DEPTH_MAX 256

/* The ids of the fence roots. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, __u8);
} cgfence_roots SEC(".maps");

/* About the task whose descriptors are visited now, so that each task is judged once. */
struct {
	struct task_struct *task;
	int pid;
	bool fenced;
	__u64 fence_id;
	__u64 cgroup_id;
} current_task;

static __always_inline void judge_task(struct task_struct *task)
{
	struct cgroup *cgroup = task->cgroups->dfl_cgrp;

	current_task.task = task;
	current_task.pid = task->pid;
	current_task.fence_id = 0;
	current_task.cgroup_id = cgroup->kn->id;
	current_task.fenced = true;
	for (int depth = 0; depth < CGROUP_DEPTH_MAX; depth++) {
		struct cgroup_subsys_state *parent;
		__u64 id = cgroup->kn->id;

		if (bpf_map_lookup_elem(&cgfence_roots, &id)) {
			current_task.fence_id = id;
			return;
		}
		parent = cgroup->self.parent;
		if (!parent) {
			current_task.fenced = false;
			return;
		}
		cgroup = parent->cgroup;
	}
}

static __always_inline bool is_socket(struct inode *inode)
{
	return (inode->i_mode & S_IFMT) == S_IFSOCK && inode->i_sb->s_magic == SOCKFS_MAGIC;
}

static __always_inline bool is_listener(struct sock *sock)
{
	__u16 protocol = BPF_CORE_READ(sock, sk_protocol);
	__u16 family = BPF_CORE_READ(sock, __sk_common.skc_family);
	__u8 state = BPF_CORE_READ(sock, __sk_common.skc_state);

	if (family != AF_INET && family != AF_INET6)
		return false;
	if (cgfence_is_tcp(protocol))
		return state == TCP_LISTEN;
	return cgfence_is_udp(protocol) && state == TCP_CLOSE &&
	       BPF_CORE_READ(sock, __sk_common.skc_num);
}

SEC("iter/task_file")
int cgfence_holders(struct bpf_iter__task_file *ctx)
{
	struct cgfence_holder holder = { 0 };
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct socket *socket;
	struct sock *sock;

	if (!task || !file)
		return 0;
	if (task != current_task.task || task->pid != current_task.pid)
		judge_task(task);
	if (!current_task.fenced || !is_socket(file->f_inode))
		return 0;
	socket = file->private_data;
	sock = BPF_CORE_READ(socket, sk);
	if (!sock || !is_listener(sock))
		return 0;
	holder.fence_id = current_task.fence_id;
	holder.cgroup_id = current_task.cgroup_id;
	holder.inode = file->f_inode->i_ino;
	holder.netns_inum = BPF_CORE_READ(sock, __sk_common.skc_net.net, ns.inum);
	holder.pid = task->tgid;
	holder.thread = task->pid;
	holder.fd = ctx->fd;
	__builtin_memcpy(holder.comm, task->comm, sizeof(holder.comm));
	/* The kernel asks again for a record that does not fit (bpf_seq_read, kernel/bpf/bpf_iter.c). */
	bpf_seq_write(ctx->meta->seq, &holder, sizeof(holder));
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
