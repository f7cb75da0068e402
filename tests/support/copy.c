// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/copy.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

void copy_program(int source, const char *target)
{
	int copy = open(target, O_CREAT | O_WRONLY | O_CLOEXEC, 0755);
	struct stat status;

	cr_assert(copy >= 0 && fstat(source, &status) == 0);
	for (off_t left = status.st_size; left;) {
		ssize_t length = sendfile(copy, source, NULL, (size_t)left);

		cr_assert_gt(length, 0, "%s", strerror(errno));
		left -= length;
	}
	close(copy);
}
