// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/host_node.h"
#include "base/cleanup.h"

#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

/* uevent of sysfs: the name below /dev of the node that the kernel makes in devtmpfs. */
static char *read_name(mode_t mode, dev_t device)
{
	char path[64];
	char line[512];
	char *name = NULL;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/dev/%s/%u:%u/uevent", S_ISBLK(mode) ? "block" : "char",
		 major(device), minor(device));
	file = fopen(path, "re");
	while (file && !name && fgets(line, sizeof(line), file)) {
		static const char key[] = "DEVNAME=";

		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, key, sizeof(key) - 1) == 0 &&
		    asprintf(&name, "/dev/%s", line + sizeof(key) - 1) < 0)
			name = NULL;
	}
	if (file)
		fclose(file);
	return name;
}

char *host_node_find(mode_t mode, dev_t device, struct stat *status)
{
	cleanup_free char *name = read_name(mode, device);

	if (!name || stat(name, status) < 0 || (status->st_mode & S_IFMT) != (mode & S_IFMT) ||
	    status->st_rdev != device)
		return NULL;
	return cleanup_steal(name);
}
