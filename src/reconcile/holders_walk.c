// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Finds holders in /proc, for kernels without the iterator and for single fences. */
#include "reconcile/holders_walk.h"
#include "cgroup/threads.h"
#include "base/cleanup.h"
#include "base/compare.h"
#include "base/error.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

struct walk {
	const uint32_t *inodes;
	size_t inode_count;
	struct holders *list;
	struct cgfence_holder task; /* the task whose descriptors are read now */
	int proc;
};

static int read_descriptor(struct walk *walk, int directory, const char *name)
{
	unsigned int inode = 0;
	char target[32] = "";

	if (readlinkat(directory, name, target, sizeof(target) - 1) < 0 ||
	    sscanf(target, "socket:[%u]", &inode) != 1 ||
	    !bsearch(&inode, walk->inodes, walk->inode_count, sizeof(inode), compare_inodes))
		return 0;
	walk->task.inode = inode;
	walk->task.fd = (uint32_t)strtoul(name, NULL, 10);
	return holders_add(walk->list, &walk->task);
}

static int read_descriptors(struct walk *walk, int task)
{
	int fd = openat(task, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int result = 0;

	if (!directory) {
		cleanup_close_descriptor(&fd);
		return 0; /* it has ended */
	}
	while (result == 0 && (entry = readdir(directory))) {
		if (entry->d_name[0] != '.')
			result = read_descriptor(walk, fd, entry->d_name);
	}
	closedir(directory);
	return result;
}

/* The lines "Tgid:" and "Name:" of /proc/TID/status. */
static bool read_status(struct walk *walk, int task)
{
	cleanup_close int fd = openat(task, "status", O_RDONLY | O_CLOEXEC);
	char text[1024] = "";
	const char *tgid;
	const char *name;
	size_t length;

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return false;
	tgid = strstr(text, "\nTgid:");
	if (!tgid || sscanf(tgid, "\nTgid: %u", &walk->task.pid) != 1)
		return false;
	/* The name may be empty or begin with spaces, which scanf(3) would skip. */
	name = text + strlen("Name:\t");
	memset(walk->task.comm, 0, sizeof(walk->task.comm));
	length = strcspn(name, "\n");
	memcpy(walk->task.comm, name,
	       length < sizeof(walk->task.comm) ? length : sizeof(walk->task.comm) - 1);
	return true;
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

	snprintf(name, sizeof(name), "%u", thread);
	task = openat(walk->proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (task < 0 || !read_status(walk, task))
		return 0;
	/* In threaded cgroups (cgroups(7)) shared descriptors count once in each cgroup that has threads of the process. */
	if (walk->task.pid == seen_pid && walk->task.cgroup_id == cgroup_id &&
	    shares_descriptors(thread, seen))
		return 0;
	walk->task.thread = thread;
	walk->task.cgroup_id = cgroup_id;
	return read_descriptors(walk, task);
}

int holders_walk(const struct cgfence_cgroup *cgroup, const uint32_t *inodes, size_t inode_count,
		 struct holders *list, struct cgfence_error *error)
{
	cleanup_close int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct walk walk = {
		.inodes = inodes,
		.inode_count = inode_count,
		.list = list,
		.proc = proc,
	};
	int result;

	if (proc < 0)
		return error_set(error, errno, "cannot open /proc: %s", strerror(errno));
	result = cgroup_for_each_thread(cgroup, walk_task, &walk);
	return result ? error_set(error, -result, "cannot list the tasks in %s: %s",
				  cgfence_cgroup_path(cgroup), strerror(-result))
		      : 0;
}
