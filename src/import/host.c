// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The host that imports run on. */
#include "import/host.h"

#include <fnmatch.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

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

static int walk(const char *directory, int (*visit)(const char *path, void *context), void *context)
{
	char *const paths[] = { (char *)directory, NULL };
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
	const FTSENT *found;
	int result = 0;

	while (tree && result == 0 && (found = fts_read(tree))) {
		if (found->fts_info == FTS_DEFAULT &&
		    (S_ISCHR(found->fts_statp->st_mode) || S_ISBLK(found->fts_statp->st_mode)))
			result = visit(found->fts_path, context);
	}
	if (tree)
		fts_close(tree);
	return result;
}

static bool stands_for(const struct driver *driver, char type, const char *words)
{
	char major[12];

	snprintf(major, sizeof(major), "%u", driver->major);
	return driver->block == (type == 'b') &&
	       (fnmatch(words, driver->name, 0) == 0 || strcmp(words, major) == 0);
}

bool import_drivers_meet(const struct drivers *drivers, char type, const char *a, const char *b)
{
	for (size_t i = 0; i < drivers->count; i++) {
		if (!stands_for(&drivers->items[i], type, a))
			continue;
		for (size_t j = 0; j < drivers->count; j++) {
			if (drivers->items[j].major == drivers->items[i].major &&
			    stands_for(&drivers->items[j], type, b))
				return true;
		}
	}
	return false;
}

static bool drivers_meet(char type, const char *a, const char *b)
{
	cleanup_drivers struct drivers drivers = { 0 };

	return drivers_read(&drivers, NULL) == 0 && import_drivers_meet(&drivers, type, a, b);
}

const struct import_host import_host_here = { look, walk, drivers_meet };
