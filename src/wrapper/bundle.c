// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "wrapper/bundle.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "wrapper/config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Engines write some KiB. */
#define CONFIG_SIZE_MAX (16 * 1024 * 1024)

static int read_file(const char *path, char **text, struct stat *status,
		     struct cgfence_error *error)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	cleanup_free char *read_text = NULL;
	size_t used = 0;

	if (fd < 0 || fstat(fd, status) < 0)
		return error_set(error, errno, "cannot read %s: %s", path, strerror(errno));
	if (!S_ISREG(status->st_mode) || status->st_size > CONFIG_SIZE_MAX)
		return error_set(error, EINVAL, "%s is not a file of at most 16 MiB", path);
	read_text = malloc((size_t)status->st_size + 1);
	if (!read_text)
		return error_out_of_memory(error);
	while (used < (size_t)status->st_size) {
		ssize_t got = read(fd, read_text + used, (size_t)status->st_size - used);

		if (got <= 0)
			return error_set(error, EIO, "cannot read %s: %s", path,
					 got ? strerror(errno) : "it became shorter");
		used += (size_t)got;
	}
	read_text[used] = '\0';
	*text = cleanup_steal(read_text);
	return 0;
}

static int write_text(int fd, const char *text)
{
	size_t length = strlen(text);

	while (length) {
		ssize_t written = write(fd, text, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		text += written;
		length -= (size_t)written;
	}
	return 0;
}

static int fill(int fd, const char *text, const struct stat *status)
{
	if (fchown(fd, status->st_uid, status->st_gid) < 0 ||
	    fchmod(fd, status->st_mode & 07777) < 0)
		return -errno;
	return write_text(fd, text);
}

static int replace(const char *path, const char *text, const struct stat *status,
		   struct cgfence_error *error)
{
	cleanup_free char *beside = NULL;
	cleanup_close int fd = -1;
	int result;

	if (asprintf(&beside, "%s.XXXXXX", path) < 0) {
		beside = NULL;
		return error_out_of_memory(error);
	}
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return error_set(error, errno, "cannot write a file beside %s: %s", path,
				 strerror(errno));
	result = fill(fd, text, status);
	if (result == 0 && rename(beside, path) < 0)
		result = -errno;
	if (result == 0)
		return 0;
	unlink(beside);
	return error_set(error, -result, "cannot replace %s: %s", path, strerror(-result));
}

int bundle_add_hook(const char *path, const char *program, const char *policy, bool *wanted,
		    struct cgfence_error *error)
{
	cleanup_free char *text = NULL;
	cleanup_free char *made = NULL;
	struct stat status = { 0 };
	int result = read_file(path, &text, &status, error);

	if (result == 0)
		result = config_add_hook(text, (size_t)status.st_size, path, program, policy,
					 wanted, &made, error);
	return result || !made ? result : replace(path, made, &status, error);
}
