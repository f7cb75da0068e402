// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cgroup/threads.h"
#include "cgroup/id.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct walk {
	cgroup_thread_visitor *visit;
	void *context;
};

static int visit_threads(const struct walk *walk, int cgroup, uint64_t id)
{
	int fd = openat(cgroup, "cgroup.threads", O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "re");
	unsigned int thread;
	int result = 0;

	if (!file) {
		if (fd >= 0)
			close(fd);
		return errno == ENOENT || errno == ENODEV ? 0 : -errno;
	}
	while (result == 0 && fscanf(file, "%u", &thread) == 1) {
		if (thread) /* 0 is a thread of another pid namespace */
			result = walk->visit(id, thread, walk->context);
	}
	fclose(file);
	return result;
}

/* Takes @fd over. */
static int visit_cgroup(const struct walk *walk, int fd)
{
	DIR *directory = fdopendir(fd);
	struct dirent *entry;
	int result = 0;
	uint64_t id;

	if (!directory) {
		close(fd);
		return -ENOMEM;
	}
	if (cgroup_read_id(fd, &id) == 0)
		result = visit_threads(walk, fd, id);
	while (result == 0 && (entry = readdir(directory))) {
		int child;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		child = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (child >= 0)
			result = visit_cgroup(walk, child);
		else if (errno != ENOENT)
			result = -errno;
	}
	closedir(directory);
	return result;
}

int cgroup_for_each_thread(const struct cgfence_cgroup *cgroup, cgroup_thread_visitor *visit,
			   void *context)
{
	const struct walk walk = { .visit = visit, .context = context };
	int fd = openat(cgfence_cgroup_fd(cgroup), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno; /* removed meanwhile */
	return visit_cgroup(&walk, fd);
}
