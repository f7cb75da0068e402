// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Whoever was in a cgroup may have made cgroups below it to any depth, with paths longer than the kernel takes. So the way
 * goes from directory to directory, with one of them open at a time.
 */
#include "cgroup/cgroup.h"
#include "cgroup/kill.h"
#include "base/boot_time.h"
#include "base/entries.h"
#include "base/error.h"
#include "base/yield.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* Rounds of killing and removing: others may make and enter cgroups meanwhile. */
#define ROUNDS 20

/* Only a round that somebody outside keeps busy with new cgroups takes so long. */
#define ROUND_LONGEST_NS (60 * 1000 * 1000 * 1000ULL)

/* Return: 0 or -errno, with @directory as before. */
static int move_to(DIR **directory, const char *name)
{
	DIR *next = entries_open(dirfd(*directory), name);

	if (!next)
		return -errno;
	closedir(*directory);
	*directory = next;
	return 0;
}

/* The positions stay valid while entries go (kernfs_fop_readdir, fs/kernfs/dir.c). Return: NULL if there are no more. */
static const char *next_below(DIR *directory)
{
	const struct dirent *entry;

	do
		entry = readdir(directory);
	while (entry && !entries_is_directory(entry));
	return entry ? entry->d_name : NULL;
}

static bool is_gone(int code)
{
	return code == ENOENT || code == ENODEV;
}

/* One that cannot be removed has cgroups in it, or else processes. */
static int remove_or_enter(DIR **directory, const char *name, size_t *depth)
{
	int result;

	if (unlinkat(dirfd(*directory), name, AT_REMOVEDIR) == 0 || is_gone(errno))
		return 0;
	if (errno != EBUSY)
		return -errno;
	result = move_to(directory, name);
	if (result)
		return is_gone(-result) ? 0 : result;
	++*depth;
	if (!next_below(*directory))
		return -EBUSY;
	rewinddir(*directory);
	return 0;
}

/* Return: 0, -EBUSY if a cgroup has processes or new ones keep coming, another -errno. */
static int remove_below(const struct cgfence_cgroup *cgroup)
{
	cleanup_entries DIR *directory = entries_open(cgfence_cgroup_fd(cgroup), ".");
	uint64_t end_ns;
	size_t depth = 0;
	int result = 0;

	if (!directory)
		return -errno;
	end_ns = boot_time_ns() + ROUND_LONGEST_NS;
	while (result == 0) {
		const char *name = next_below(directory);

		yield_now();
		if (boot_time_ns() >= end_ns)
			return -EBUSY;
		if (name) {
			result = remove_or_enter(&directory, name, &depth);
		} else if (depth) {
			depth--;
			result = move_to(&directory, "..");
		} else {
			break;
		}
	}
	return result;
}

/* Return: 0 also if it is gone, else as remove_below(). */
static int remove_all(const struct cgfence_cgroup *cgroup)
{
	int result = remove_below(cgroup);

	if (result && !is_gone(-result))
		return result;
	return rmdir(cgroup_directory(cgroup)) == 0 || is_gone(errno) ? 0 : -errno;
}

int cgfence_cgroup_remove(struct cgfence_cgroup *cgroup, struct cgfence_error *error)
{
	const char *directory = cgroup_directory(cgroup);
	int result = 0;

	for (int i = 0; i < ROUNDS && result == 0; i++) {
		int removed = remove_all(cgroup);

		if (removed == 0)
			return 0;
		if (removed != -EBUSY)
			return error_set(error, -removed, "cannot remove the cgroup %s: %s",
					 directory, strerror(-removed));
		result = cgroup_kill(cgroup, CGROUP_KILL_MS, error);
	}
	if (result == 0)
		result = error_set(error, EBUSY,
				   "processes keep entering it, or making cgroups below it");
	error_wrap(error, "cannot remove the cgroup %s", directory);
	return result;
}
