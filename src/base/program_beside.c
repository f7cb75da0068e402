// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/program_beside.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int program_beside(const char *name, char path[PATH_MAX])
{
	size_t size = strlen(name) + 1;
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - size - 1);
	char *slash;

	if (length < 0)
		return -errno;
	path[length] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return -ENOENT;
	memcpy(slash + 1, name, size);
	return 0;
}
