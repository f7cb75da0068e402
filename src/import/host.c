// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The host that imports run on. */
#include "import/host.h"

#include <errno.h>
#include <fnmatch.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* All of /dev is less. */
#define WALK_MAX 100000

static enum import_node look(const char *path, uint32_t *major_, uint32_t *minor_)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return IMPORT_NODE_ABSENT;
	if (S_ISDIR(status.st_mode))
		return IMPORT_NODE_DIRECTORY;
	if (!S_ISCHR(status.st_mode) && !S_ISBLK(status.st_mode))
		return IMPORT_NODE_OTHER;
	*major_ = major(status.st_rdev);
	*minor_ = minor(status.st_rdev);
	return S_ISBLK(status.st_mode) ? IMPORT_NODE_BLOCK : IMPORT_NODE_CHARACTER;
}

static bool is_link(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

static int walk(const char *directory, int (*visit)(const char *path, void *context), void *context)
{
	char *const paths[] = { (char *)directory, NULL };
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
	const FTSENT *found;
	size_t count = 0;
	int result = 0;

	while (tree && result == 0 && (found = fts_read(tree))) {
		if (count++ == WALK_MAX)
			result = -E2BIG;
		else if (found->fts_info == FTS_DEFAULT &&
			 (S_ISCHR(found->fts_statp->st_mode) || S_ISBLK(found->fts_statp->st_mode)))
			result = visit(found->fts_path, context);
	}
	if (tree)
		fts_close(tree);
	return result;
}

bool import_find_majors(const struct drivers *drivers, char type, const char *pattern,
			struct import_majors *majors)
{
	bool found = false;

	*majors = (struct import_majors){ 0 };
	for (size_t i = 0; i < drivers->count; i++) {
		const struct driver *driver = &drivers->items[i];

		if (driver->block != (type == 'b') || driver->major > CGFENCE_MAJOR_MAX ||
		    fnmatch(pattern, driver->name, 0) != 0)
			continue;
		majors->words[driver->major / 64] |= 1ULL << driver->major % 64;
		found = true;
	}
	return found;
}

static bool find_majors(char type, const char *pattern, struct import_majors *majors)
{
	cleanup_drivers struct drivers drivers = { 0 };

	return drivers_read(&drivers, NULL) == 0 &&
	       import_find_majors(&drivers, type, pattern, majors);
}

const struct import_host import_host_here = { look, is_link, walk, find_majors };
