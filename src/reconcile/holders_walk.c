// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Finds holders in /proc, for kernels without the iterator and for single fences. */
#include "reconcile/holders_walk.h"
#include "cgroup/threads.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/yield.h"
#include "net/borrow.h"
#include "reconcile/carriers.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#define IO_URING "anon_inode:[io_uring]"

struct walk {
	const struct wanted_socket *wanted;
	size_t wanted_count;
	struct holders *list;
	struct cgfence_holder task; /* the task whose descriptors are read now */
	int proc;
	bool blind; /* something can be seen only by the iterator */
	struct cgfence_error blindness;
	int code; /* the first failure to look at a task, which is worse than blindness; 0 if there is none */
	struct cgfence_error failure;
};

static int compare_inodes_of(const void *left, const void *right)
{
	const struct wanted_socket *a = left;
	const struct wanted_socket *b = right;

	return a->inode < b->inode ? -1 : a->inode > b->inode;
}

void wanted_sockets_sort(struct wanted_socket *wanted, size_t count)
{
	if (count)
		qsort(wanted, count, sizeof(*wanted), compare_inodes_of);
}

static void note_blindness(struct walk *walk, const char *what)
{
	if (!walk->blind)
		error_set(&walk->blindness, EOPNOTSUPP,
			  "cannot look into %s of process %u without BPF iterators", what,
			  walk->task.pid);
	walk->blind = true;
}

/* Keeps the first failure. A task or a descriptor that has ended is none; @code: errno value */
static void note_failure(struct walk *walk, int code)
{
	if (code == ENOENT || code == ESRCH || walk->code)
		return;
	walk->code = error_set(&walk->failure, code,
			       "cannot look at the descriptors of process %u: %s%s", walk->task.pid,
			       strerror(code),
			       code == EMFILE ? "; raise the limit (ulimit -n)" : "");
}

/* Inode numbers are used again, so the descriptor itself tells which socket of this number it is. */
static int add_holders(struct walk *walk, const struct wanted_socket *wanted)
{
	const struct wanted_socket *end = walk->wanted + walk->wanted_count;
	cleanup_close int fd = socket_borrow_descriptor(&walk->task);
	int result = 0;

	if (fd < 0) {
		if (error_is_shortage(-fd))
			note_failure(walk, -fd);
		else if (fd != -EBADF && fd != -ESRCH)
			note_blindness(walk, "a descriptor");
		return 0;
	}
	while (wanted > walk->wanted && wanted[-1].inode == wanted->inode)
		wanted--;
	walk->task.inode = wanted->inode;
	for (; wanted < end && wanted->inode == walk->task.inode && result == 0; wanted++) {
		walk->task.cookie = wanted->cookie;
		if (socket_is(fd, wanted->cookie, wanted->inode))
			result = holders_add(walk->list, &walk->task);
	}
	return result;
}

/* @carries: 1 if it may carry descriptors, 0 if not, -errno */
static void look_for_more(struct walk *walk, int carries, const char *what)
{
	if (carries < 0)
		note_failure(walk, -carries);
	else if (carries)
		note_blindness(walk, what);
}

static int read_descriptor(struct walk *walk, int task, int directory, const char *name)
{
	struct wanted_socket key = { 0 };
	const struct wanted_socket *wanted;
	size_t known = walk->list->count;
	int result = 0;
	char target[32] = "";

	if (readlinkat(directory, name, target, sizeof(target) - 1) < 0) {
		note_failure(walk, errno);
		return 0;
	}
	if (strcmp(target, IO_URING) == 0)
		look_for_more(walk, carriers_uring_may_carry(task, name), "an io_uring");
	if (sscanf(target, "socket:[%u]", &key.inode) != 1)
		return 0;
	wanted = bsearch(&key, walk->wanted, walk->wanted_count, sizeof(key), compare_inodes_of);
	walk->task.fd = (uint32_t)strtoul(name, NULL, 10);
	if (wanted)
		result = add_holders(walk, wanted);
	if (walk->list->count == known && !walk->blind)
		look_for_more(walk, carriers_unix_may_carry(task, name, &walk->task),
			      "a unix socket that carries descriptors");
	return result;
}

static int read_descriptors(struct walk *walk, int task)
{
	int fd = openat(task, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int result = 0;

	if (!directory) {
		cleanup_close_descriptor(&fd);
		note_failure(walk, errno);
		return 0;
	}
	while (result == 0 && (errno = 0, entry = readdir(directory))) {
		if (entry->d_name[0] != '.')
			result = read_descriptor(walk, task, fd, entry->d_name);
		yield_now();
	}
	if (result == 0)
		note_failure(walk, errno);
	closedir(directory);
	return result;
}

/* Takes the lines "Tgid:" and "Name:" of /proc/TID/status. Return: 0 or -errno; -ESRCH if the task has ended. */
static int read_status(struct walk *walk, int task)
{
	cleanup_close int fd = openat(task, "status", O_RDONLY | O_CLOEXEC);
	char text[1024] = "";
	const char *tgid;
	const char *name;
	size_t length;

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return -errno;
	tgid = strstr(text, "\nTgid:");
	if (!tgid || sscanf(tgid, "\nTgid: %u", &walk->task.pid) != 1)
		return -ESRCH;
	/* The name may be empty or begin with spaces, which scanf(3) would skip. */
	name = text + strlen("Name:\t");
	memset(walk->task.comm, 0, sizeof(walk->task.comm));
	length = strcspn(name, "\n");
	memcpy(walk->task.comm, name,
	       length < sizeof(walk->task.comm) ? length : sizeof(walk->task.comm) - 1);
	return 0;
}

/* If the kernel is built without kcmp(2), the descriptors are read twice. */
static bool shares_descriptors(uint32_t thread, uint32_t other)
{
	return other && syscall(SYS_kcmp, thread, other, KCMP_FILES, 0, 0) == 0;
}

static int walk_task(uint64_t cgroup_id, uint32_t thread, void *context)
{
	struct walk *walk = context;
	uint32_t seen = walk->task.thread;
	uint32_t seen_pid = walk->task.pid;
	cleanup_close int task = -1;
	char name[16];
	int result;

	snprintf(name, sizeof(name), "%u", thread);
	task = openat(walk->proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	result = task < 0 ? -errno : read_status(walk, task);
	if (result) {
		walk->task.pid = thread;
		note_failure(walk, -result);
		return 0;
	}
	/* In threaded cgroups (cgroups(7)) shared descriptors count once in each cgroup that has threads of the process. */
	if (walk->task.pid == seen_pid && walk->task.cgroup_id == cgroup_id &&
	    shares_descriptors(thread, seen))
		return 0;
	walk->task.thread = thread;
	walk->task.cgroup_id = cgroup_id;
	if (!holder_answers(&walk->task)) {
		note_failure(walk, EBUSY);
		return 0;
	}
	return read_descriptors(walk, task);
}

int holders_walk(const struct cgfence_cgroup *cgroup, const struct wanted_socket *wanted,
		 size_t wanted_count, struct holders *list, struct cgfence_error *error)
{
	cleanup_close int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct walk walk = {
		.wanted = wanted,
		.wanted_count = wanted_count,
		.list = list,
		.proc = proc,
	};
	int result;

	if (proc < 0)
		return error_set(error, errno, "cannot open /proc: %s", strerror(errno));
	result = cgroup_for_each_thread(cgroup, walk_task, &walk);
	if (result)
		return error_set(error, -result, "cannot list the tasks in %s: %s",
				 cgfence_cgroup_path(cgroup), strerror(-result));
	if (walk.code)
		return error_set(error, -walk.code, "%s", walk.failure.text);
	return walk.blind ? error_set(error, EOPNOTSUPP, "%s", walk.blindness.text) : 0;
}
