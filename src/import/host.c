// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The host that imports run on. */
#include "import/importing.h"
#include "policy/drivers.h"

#include <fnmatch.h>
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

static bool has_driver(char type, const char *pattern)
{
	cleanup_drivers struct drivers drivers = { 0 };
	bool found = false;

	if (drivers_read(&drivers, NULL))
		return false;
	for (size_t i = 0; i < drivers.count && !found; i++)
		found = drivers.items[i].block == (type == 'b') &&
			fnmatch(pattern, drivers.items[i].name, 0) == 0;
	return found;
}

const struct import_host import_host_here = { look, has_driver };
