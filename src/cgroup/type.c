// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cgroup/type.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define TYPE_FILE "cgroup.type"

void cgroup_type_read(int cgroup, char type[CGROUP_TYPE_SIZE])
{
	cleanup_close int fd = openat(cgroup, TYPE_FILE, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? 0 : read(fd, type, CGROUP_TYPE_SIZE - 1);

	type[length > 0 ? length : 0] = '\0';
	type[strcspn(type, "\n")] = '\0';
}

int cgroup_type_admit(int cgroup, struct cgfence_error *error)
{
	static const char threaded[] = "threaded";
	char type[CGROUP_TYPE_SIZE];
	cleanup_close int fd = -1;

	cgroup_type_read(cgroup, type);
	if (strcmp(type, "domain invalid") != 0)
		return 0;
	fd = openat(cgroup, TYPE_FILE, O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && write(fd, threaded, strlen(threaded)) == (ssize_t)strlen(threaded))
		return 0;
	return error_set(
		error, errno,
		"it holds no processes, for its cgroup.type is '%s', as below every thread root, and cannot become '%s': %s; start from a cgroup whose type is 'domain'",
		type, threaded, strerror(errno));
}
