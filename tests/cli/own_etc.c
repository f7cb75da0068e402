// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "own_etc.h"
#include "support/harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static void link_all(const char *from, const char *to)
{
	DIR *stream = opendir(from);
	const struct dirent *entry;

	cr_assert(stream);
	while ((entry = readdir(stream))) {
		char target[512];
		char name[512];

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    strcmp(entry->d_name, "cgfence") == 0)
			continue;
		snprintf(target, sizeof(target), "%s/%s", from, entry->d_name);
		snprintf(name, sizeof(name), "%s/%s", to, entry->d_name);
		cr_assert_eq(symlink(target, name), 0);
	}
	closedir(stream);
}

void own_etc_begin(void)
{
	char host[256];
	char own[256];

	snprintf(host, sizeof(host), "%s/etc-of-host", harness_directory());
	snprintf(own, sizeof(own), "%s/etc", harness_directory());
	cr_assert(mkdir(host, 0755) == 0 && mkdir(own, 0755) == 0);
	cr_assert_eq(mount("/etc", host, NULL, MS_BIND | MS_REC, NULL), 0, "%s", strerror(errno));
	link_all(host, own);
	cr_assert_eq(mount(own, "/etc", NULL, MS_BIND, NULL), 0, "%s", strerror(errno));
	cr_assert(mkdir("/etc/cgfence", 0755) == 0 && mkdir("/etc/cgfence/policies", 0755) == 0);
}

void own_etc_file(const char *name, const char *text)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/etc/cgfence/%s", name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	cr_assert_geq(fd, 0, "%s: %s", path, strerror(errno));
	for (; *text; text++)
		cr_assert_eq(write(fd, *text == '\'' ? "\"" : text, 1), 1);
	close(fd);
}
