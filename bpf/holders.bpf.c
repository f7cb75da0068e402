// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Finds the tasks in fences that hold a listening socket, or a file that may carry one, in one pass over the descriptors
 * of all tasks and one over the tasks. The kernel visits a descriptor table that threads share once, by the leader
 * (task_file_seq_get_next, kernel/bpf/task_iter.c), so the second one tells of threads that are in a fence without theirs.
 *
 * The kernel takes and gives back a reference to each file. Where it has bpf_loop(), since 5.17, one pass over the tasks
 * does the work of both: it reads the tables of those in fences itself, which takes a tenth of the time. It takes no
 * reference and no lock, so a file may be freed meanwhile, and everything is read as memory that may be unmapped.
 */
#include "kernel_types.bpf.h"
#include "socket_file.bpf.h"

/*
 * Levels of cgroups below a fence root. A task that sits deeper is reported with fence 0, and user space finds its
 * fence. Of few tasks the second program asks, so its loops are short, which the kernel verifies sooner.
 */
#define CGROUP_DEPTH_MAX 256
#define CGROUP_DEPTH_OF_TASKS 16

/*
 * Of a task that has more than one of these, the pass over the tasks says only that. What it writes about a task has to fit
 * into the buffer of the kernel, 32 KiB (bpf_seq_read), and nothing else runs on the processor meanwhile.
 */
#define RECORDS_MAX 256
#define FILES_MAX (16 * 1024)
#define TABLE_MAX (1024 * 1024)

/* Of a thread that the kernel made for io_urings (include/linux/sched.h). */
#define PF_IO_WORKER 0x10

/* A table has a multiple of that in places (alloc_fdtable, fs/file.c). */
#define FILES_AT_ONCE 16

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
static __always_inline bool read_socket(struct socket *socket, struct cgfence_holder *holder)
{
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
	if ((file->f_inode->i_mode & S_IFMT) == S_IFSOCK &&
	    file->f_inode->i_sb->s_magic == SOCKFS_MAGIC) {
		if (!read_socket(file->private_data, &holder))
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

/*
 * What needs no descriptor, such as an io_uring that is registered or mapped. Of the threads that the kernel makes for
 * io_urings, only those that serve them by what is in their memory have a struct io_uring_task.
 */
static __always_inline void visit_task(struct bpf_iter_meta *meta, struct task_struct *task)
{
	struct cgfence_holder holder = { 0 };

	if (task->io_uring) {
		judge_task(task, CGROUP_DEPTH_OF_TASKS);
		if (!current_task.fenced)
			return;
		holder.holding = task->flags & PF_IO_WORKER ? CGFENCE_HOLDING_SERVER
							    : CGFENCE_HOLDING_TASK;
		holder.cookie = (__u64)task->io_uring;
		write_holder(meta, task, &holder);
	}
	if (is_apart(task)) {
		holder.holding = CGFENCE_HOLDING_APART;
		holder.cookie = 0;
		write_holder(meta, task, &holder);
	}
}

SEC("cgfence.iter/task")
int cgfence_tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (task)
		visit_task(ctx->meta, task);
	return 0;
}

/* The table of a task on the way through it. */
struct table_walk {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct files_struct *files;
	struct file **table;
	struct file *read[FILES_AT_ONCE]; /* from the table */
	struct super_block *dull;	  /* no file of this one can be of interest */
	__u32 records;
	__u32 visited;
	bool too_many;
};

/* Return: may the file be a socket or an io_uring? */
static __always_inline bool read_file(struct table_walk *walk, struct file *file,
				      struct cgfence_holder *holder)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct super_block *super_block = BPF_CORE_READ(inode, i_sb);
	__u64 magic;

	if (super_block == walk->dull)
		return false;
	magic = BPF_CORE_READ(super_block, s_magic);
	if (magic == SOCKFS_MAGIC) {
		if (!read_socket(BPF_CORE_READ(file, private_data), holder))
			return false;
	} else if (magic == ANON_INODE_FS_MAGIC) {
		if (!is_io_uring(file))
			return false;
		holder->holding = CGFENCE_HOLDING_URING;
		holder->cookie = (__u64)BPF_CORE_READ(file, private_data);
	} else {
		walk->dull = super_block;
		return false;
	}
	holder->inode = BPF_CORE_READ(inode, i_ino);
	return true;
}

static __always_inline void visit_file(struct table_walk *walk, struct file *file, __u32 fd)
{
	struct cgfence_holder holder = { 0 };
	struct file *again = NULL;

	if (!read_file(walk, file, &holder))
		return;
	/* What was freed meanwhile may be a file of somebody else by now, or the table somebody else's. */
	bpf_probe_read_kernel(&again, sizeof(again), walk->table + fd);
	if (again != file || walk->task->files != walk->files)
		return;
	holder.fd = fd;
	write_holder(walk->meta, walk->task, &holder);
	walk->records++;
}

static long visit_place(__u32 fd, void *context)
{
	struct table_walk *walk = context;
	__u32 i = fd % FILES_AT_ONCE;

	if (i == 0 && bpf_probe_read_kernel(walk->read, sizeof(walk->read), walk->table + fd)) {
		walk->too_many = true;
	} else if (walk->read[i]) {
		visit_file(walk, walk->read[i], fd);
		walk->too_many = ++walk->visited > FILES_MAX || walk->records > RECORDS_MAX;
	}
	return walk->too_many;
}

/* Return: false if that cannot be told by this way. */
static __always_inline bool walk_table(struct bpf_iter_meta *meta, struct task_struct *task)
{
	struct table_walk walk = { .meta = meta, .task = task, .files = task->files };
	struct fdtable *table;

	/* Threads that share the table of their leader, as the kernel leaves them out. */
	if (!walk.files || (task->group_leader != task && task->group_leader->files == walk.files))
		return true;
	judge_task(task, CGROUP_DEPTH_OF_TASKS);
	if (!current_task.fenced)
		return true;
	table = walk.files->fdt;
	walk.table = BPF_CORE_READ(table, fd);
	return table->max_fds <= TABLE_MAX &&
	       bpf_loop(table->max_fds, visit_place, &walk, 0) >= 0 && !walk.too_many;
}

SEC("cgfence.iter/task")
int cgfence_tables(struct bpf_iter__task *ctx)
{
	struct cgfence_holder holder = { .holding = CGFENCE_HOLDING_TOO_MANY };
	struct task_struct *task = ctx->task;

	if (!task)
		return 0;
	visit_task(ctx->meta, task);
	if (!walk_table(ctx->meta, task))
		write_holder(ctx->meta, task, &holder);
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
