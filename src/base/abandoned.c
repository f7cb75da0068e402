// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/abandoned.h"
#include "base/cleanup.h"
#include "base/entries.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Return: the number of the process that the name is of, or 0. */
static pid_t process_of(const char *name, const char *prefix)
{
	size_t length = strlen(prefix);

	if (strncmp(name, prefix, length) != 0)
		return 0;
	name += length;
	return strspn(name, "0123456789-") == strlen(name) ? (pid_t)strtol(name, NULL, 10) : 0;
}

static bool is_abandoned(int parent, const char *name, const char *prefix)
{
	cleanup_close int directory = -1;
	pid_t process = process_of(name, prefix);

	if (process <= 0 || kill(process, 0) == 0 || errno != ESRCH)
		return false;
	directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return directory >= 0 && flock(directory, LOCK_EX | LOCK_NB) == 0;
}

void abandoned_remove(int parent, const char *prefix)
{
	cleanup_entries DIR *directory = entries_open(parent, ".");
	const struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		if (is_abandoned(dirfd(directory), entry->d_name, prefix))
			unlinkat(dirfd(directory), entry->d_name, AT_REMOVEDIR);
	}
}
