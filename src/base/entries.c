// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/entries.h"
#include "base/cleanup.h"

#include <fcntl.h>
#include <string.h>

DIR *entries_open(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);

	if (!directory)
		cleanup_close_descriptor(&fd);
	return directory;
}

bool entries_is_directory(const struct dirent *entry)
{
	return entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
	       strcmp(entry->d_name, "..") != 0;
}
