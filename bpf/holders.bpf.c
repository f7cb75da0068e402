// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Finds the tasks in fences that hold a listening socket, or a file that may carry one, in one pass over the descriptors
 * of all tasks and one over the tasks. The kernel visits a descriptor table that threads share once, by the leader
 * (task_file_seq_get_next, kernel/bpf/task_iter.c), so the second one tells of threads that are in a fence without theirs.
 */
#include "kernel_types.bpf.h"
#include "socket_file.bpf.h"

/*
 * Levels of cgroups below a fence root. A task that sits deeper is reported with fence 0, and user space finds its
 * fence. Of few tasks the second program asks, so its loops are short, which the kernel verifies sooner.
 */
#define CGROUP_DEPTH_MAX 256
#define CGROUP_DEPTH_OF_TASKS 16

/* The ids of the fence roots; user space has other keys for itself (kernel/holders_pins.h). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1); /* set before loading */
	__type(key, __u64);
	__type(value, __u64);
} cgfence_roots SEC(".maps");

/* About the task whose descriptors are visited now, so that each task is judged once in a pass. */
struct {
	__u64 session_id;
	struct task_struct *task;
	int pid;
	bool fenced;
	__u64 fence_id;
	__u64 cgroup_id;
} current_task;

static __always_inline void judge_task(struct task_struct *task, int depth_max)
{
	struct cgroup *cgroup = task->cgroups->dfl_cgrp;

	current_task.task = task;
	current_task.pid = task->pid;
	current_task.fence_id = 0;
	current_task.cgroup_id = cgroup->kn->id;
	current_task.fenced = true;
	for (int depth = 0; depth < depth_max; depth++) {
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

/* The kernel asks again for a record that does not fit (bpf_seq_read, kernel/bpf/bpf_iter.c). */
static __always_inline void write_holder(struct bpf_iter_meta *meta, struct task_struct *task,
					 struct cgfence_holder *holder)
{
	holder->fence_id = current_task.fence_id;
	holder->cgroup_id = current_task.cgroup_id;
	holder->pid = task->tgid;
	holder->thread = task->pid;
	__builtin_memcpy(holder->comm, task->comm, sizeof(holder->comm));
	bpf_seq_write(meta->seq, holder, sizeof(*holder));
}

/* Return: whether the socket is a listener or carries descriptors. */
static __always_inline bool read_socket(struct file *file, struct cgfence_holder *holder)
{
	struct socket *socket = file->private_data;
	struct sock *sock = BPF_CORE_READ(socket, sk);
	__u16 family = BPF_CORE_READ(sock, __sk_common.skc_family);

	if (family == AF_UNIX) {
		holder->holding = CGFENCE_HOLDING_UNIX;
		holder->cookie = (__u64)sock;
		return unix_socket_carries(sock);
	}
	holder->holding = CGFENCE_HOLDING_DESCRIPTOR;
	if (!sock || !is_listener(sock, family))
		return false;
	holder->cookie = listener_cookie(sock);
	holder->netns_inum = BPF_CORE_READ(sock, __sk_common.skc_net.net, ns.inum);
	return true;
}

SEC("cgfence.iter/task_file")
int cgfence_holders(struct bpf_iter__task_file *ctx)
{
	struct cgfence_holder holder = { 0 };
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;

	if (!task || !file)
		return 0;
	if (task != current_task.task || task->pid != current_task.pid ||
	    ctx->meta->session_id != current_task.session_id) {
		current_task.session_id = ctx->meta->session_id;
		judge_task(task, CGROUP_DEPTH_MAX);
	}
	if (!current_task.fenced)
		return 0;
	if (is_socket(file->f_inode)) {
		if (!read_socket(file, &holder))
			return 0;
	} else {
		if (file->f_inode->i_sb->s_magic != ANON_INODE_FS_MAGIC || !is_io_uring(file))
			return 0;
		holder.holding = CGFENCE_HOLDING_URING;
		holder.cookie = (__u64)file->private_data;
	}
	holder.inode = file->f_inode->i_ino;
	holder.fd = ctx->fd;
	write_holder(ctx->meta, task, &holder);
	return 0;
}

/* Only a threaded cgroup (cgroups(7)) can hold a thread whose leader is elsewhere. Too deep to tell is apart. */
static __always_inline bool is_apart(struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;
	__u64 fence_id;
	bool fenced;

	if (leader == task || leader->cgroups->dfl_cgrp == task->cgroups->dfl_cgrp)
		return false;
	judge_task(leader, CGROUP_DEPTH_OF_TASKS);
	fenced = current_task.fenced;
	fence_id = current_task.fence_id;
	judge_task(task, CGROUP_DEPTH_OF_TASKS);
	return current_task.fenced && !(fenced && fence_id && fence_id == current_task.fence_id);
}

/* An io_uring that is registered or mapped needs no descriptor. */
SEC("cgfence.iter/task")
int cgfence_tasks(struct bpf_iter__task *ctx)
{
	struct cgfence_holder holder = { 0 };
	struct task_struct *task = ctx->task;

	if (!task)
		return 0;
	if (task->io_uring) {
		judge_task(task, CGROUP_DEPTH_OF_TASKS);
		if (!current_task.fenced)
			return 0;
		holder.holding = CGFENCE_HOLDING_TASK;
		holder.cookie = (__u64)task->io_uring;
		write_holder(ctx->meta, task, &holder);
	}
	if (is_apart(task)) {
		holder.holding = CGFENCE_HOLDING_APART;
		holder.cookie = 0;
		write_holder(ctx->meta, task, &holder);
	}
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
