// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A fence can make cgroups to any depth, so the walk has one of them open at a time: it goes up by "..", and goes on in
 * the parent where it left it. The positions in a directory of kernfs stay valid while entries come and go
 * (kernfs_fop_readdir, fs/kernfs/dir.c).
 */
#include "cgroup/threads.h"
#include "base/array.h"
#include "base/boot_time.h"
#include "base/cleanup.h"
#include "base/entries.h"
#include "base/yield.h"
#include "cgroup/id.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

struct walk {
	cgroup_thread_visitor *visit;
	void *context;
	uint64_t until_ns;
	DIR *directory;
	/* Where to go on in each of the cgroups above. */
	long *positions;
	size_t depth;
	size_t capacity;
};

/* Between two threads, and between two cgroups, for anybody to whom a cgroup is delegated can make very many empty ones. */
static int pause_walk(const struct walk *walk)
{
	yield_now();
	return boot_time_ns() < walk->until_ns ? 0 : -ETIMEDOUT;
}

static int visit_threads(const struct walk *walk, int cgroup, uint64_t id)
{
	int fd = openat(cgroup, "cgroup.threads", O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "re");
	unsigned int thread;
	int result = 0;

	if (!file) {
		cleanup_close_descriptor(&fd);
		return errno == ENOENT || errno == ENODEV ? 0 : -errno;
	}
	while (result == 0 && fscanf(file, "%u", &thread) == 1) {
		result = pause_walk(walk);
		if (result == 0 && thread) /* 0 is a thread of another pid namespace */
			result = walk->visit(id, thread, walk->context);
	}
	/* The cgroup may have been removed since. */
	if (result == 0 && ferror(file) && errno != ENODEV)
		result = -errno;
	fclose(file);
	return result;
}

/* Takes @fd over. */
static int enter(struct walk *walk, int fd)
{
	DIR *directory = fdopendir(fd);
	uint64_t id;

	if (!directory) {
		cleanup_close_descriptor(&fd);
		return -errno;
	}
	if (walk->directory)
		closedir(walk->directory);
	walk->directory = directory;
	return cgroup_read_id(fd, &id) ? 0 : visit_threads(walk, fd, id);
}

static int go_down(struct walk *walk, const char *name)
{
	long *positions =
		array_with_room(walk->positions, walk->depth, &walk->capacity, sizeof(*positions));
	int fd;

	if (!positions)
		return -ENOMEM;
	walk->positions = positions;
	fd = openat(dirfd(walk->directory), name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	walk->positions[walk->depth++] = telldir(walk->directory);
	return enter(walk, fd);
}

/* A cgroup that was removed still leads up. */
static int go_up(struct walk *walk)
{
	DIR *directory = entries_open(dirfd(walk->directory), "..");

	if (!directory)
		return -errno;
	closedir(walk->directory);
	walk->directory = directory;
	seekdir(directory, walk->positions[--walk->depth]);
	return 0;
}

static int walk_all(struct walk *walk)
{
	int result = 0;

	while (result == 0 && walk->directory) {
		const struct dirent *entry;

		result = pause_walk(walk);
		if (result)
			break;
		errno = 0;
		entry = readdir(walk->directory);
		if (entry && entries_is_directory(entry))
			result = go_down(walk, entry->d_name);
		else if (!entry && errno && errno != ENOENT)
			result = -errno;
		else if (!entry && !walk->depth)
			break;
		else if (!entry)
			result = go_up(walk);
	}
	return result;
}

int cgroup_for_each_thread_until(const struct cgfence_cgroup *cgroup, uint64_t until_ns,
				 cgroup_thread_visitor *visit, void *context)
{
	struct walk walk = { .visit = visit, .context = context, .until_ns = until_ns };
	int fd = openat(cgfence_cgroup_fd(cgroup), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno; /* removed meanwhile */
	result = enter(&walk, fd);
	if (result == 0)
		result = walk_all(&walk);
	if (walk.directory)
		closedir(walk.directory);
	free(walk.positions);
	return result;
}

int cgroup_for_each_thread(const struct cgfence_cgroup *cgroup, cgroup_thread_visitor *visit,
			   void *context)
{
	return cgroup_for_each_thread_until(cgroup, UINT64_MAX, visit, context);
}
