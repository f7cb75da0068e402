// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/members.h"
#include "base/entries.h"
#include "base/error.h"
#include "base/yield.h"
#include "cgroup/id.h"
#include "image/name_glob.h"
#include "image/standing_globs.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <string.h>

struct walk {
	const struct standing_globs *globs;
	const struct membership *old;
	const struct membership *membership; /* NULL to count only */
	uint32_t count;
};

static bool is_exception(const struct walk *walk, const char *name)
{
	const struct standing_globs *globs = walk->globs;

	for (size_t i = globs->components; i < globs->count; i++) {
		if (name_glob_matches(&globs->items[i], name))
			return true;
	}
	return false;
}

/* The programs are told of removals: what is gone after it was added was removed before. */
static int add_member(const struct walk *walk, int fd)
{
	struct cgfence_member member = { 0 };
	uint64_t id;
	int result = cgroup_read_id(fd, &id);

	if (result)
		return cgroup_is_removed(fd) ? 0 : result;
	if (walk->old->members >= 0 && bpf_map_lookup_elem(walk->old->members, &id, &member) < 0 &&
	    errno != ENOENT)
		return -errno;
	if (bpf_map_update_elem(walk->membership->members, &id, &member, BPF_ANY) < 0)
		/* Full of members that came while this one walked. What is lost is judged as a member too. */
		return errno == E2BIG ? membership_note_lost(walk->membership, id) : -errno;
	if (cgroup_is_removed(fd))
		bpf_map_delete_elem(walk->membership->members, &id);
	return 0;
}

static int walk_level(struct walk *walk, int directory, size_t level);

/* @level: of @name below the anchor, from 0 */
static int visit(struct walk *walk, int parent, const char *name, size_t level)
{
	cleanup_close int fd = -1;

	if (!name_glob_matches(&walk->globs->items[level], name))
		return 0;
	if (level + 1 == walk->globs->components && is_exception(walk, name))
		return 0;
	if (level + 1 == walk->globs->components) {
		walk->count++;
		if (!walk->membership)
			return 0;
	}
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	return level + 1 < walk->globs->components ? walk_level(walk, fd, level + 1)
						   : add_member(walk, fd);
}

/* As deep as the pattern, so a recursion is bounded. */
static int walk_level(struct walk *walk, int directory, size_t level)
{
	/* Another description, whose offset is at the start. */
	cleanup_entries DIR *stream = entries_open(directory, ".");
	struct dirent *entry;
	int result = 0;

	if (!stream)
		return errno == ENOENT ? 0 : -errno;
	errno = 0;
	while (result == 0 && (entry = readdir(stream))) {
		if (entries_is_directory(entry))
			result = visit(walk, dirfd(stream), entry->d_name, level);
		yield_now();
		errno = 0;
	}
	/* A cgroup that is removed meanwhile has no entries any more. */
	return result ? result : errno == ENOENT || errno == ENODEV ? 0 : -errno;
}

static int walk_anchor(const struct cgfence_cgroup *anchor, const struct cgfence_image *image,
		       struct walk *walk, struct cgfence_error *error)
{
	__attribute__((cleanup(standing_globs_free))) struct standing_globs globs = { 0 };
	int result = standing_globs_compile(image, &globs);

	if (result)
		return error_out_of_memory(error);
	walk->globs = &globs;
	result = walk_level(walk, cgfence_cgroup_fd(anchor), 0);
	walk->globs = NULL;
	return result ? error_set(error, -result, "cannot find the members that are there: %s",
				  strerror(-result))
		      : 0;
}

int members_count(const struct cgfence_cgroup *anchor, const struct cgfence_image *image,
		  uint32_t *count, struct cgfence_error *error)
{
	struct walk walk = { 0 };
	int result = walk_anchor(anchor, image, &walk, error);

	if (result == 0)
		*count = walk.count;
	return result;
}

int members_fill(const struct cgfence_cgroup *anchor, const struct cgfence_image *image,
		 const struct membership *old, const struct membership *membership,
		 struct cgfence_error *error)
{
	struct walk walk = { .old = old, .membership = membership };

	return walk_anchor(anchor, image, &walk, error);
}
