// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "base/error.h"
#include "policy/read.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static const char default_policy[] = "{\"devices\": {\"defaults\": true}}";

static int open_file(const char *path, int *fd, struct cgfence_error *error)
{
	bool is_standard_input = strcmp(path, "-") == 0;
	struct stat status;

	/* A FIFO that nobody writes to would be waited for, and a device may do something when it is opened. */
	*fd = is_standard_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
				: open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (*fd < 0 && is_standard_input)
		return error_set(error, errno, "cannot read the policy: standard input is closed");
	if (*fd < 0 || fstat(*fd, &status) < 0)
		return error_set(error, errno, "cannot open the policy %s: %s", path,
				 strerror(errno));
	if (!is_standard_input && !S_ISREG(status.st_mode))
		return error_set(
			error, EINVAL,
			"cannot read the policy %s: it is not a regular file; name one, or '-' for standard input",
			path);
	return 0;
}

/* Reads one byte more than a policy may have, so that the parser notices a text that is too long. */
static int read_text(int fd, const char *origin, char *text, size_t *length,
		     struct cgfence_error *error)
{
	size_t used = 0;

	while (used < CGFENCE_POLICY_SIZE_MAX + 1) {
		ssize_t got = read(fd, text + used, CGFENCE_POLICY_SIZE_MAX + 1 - used);

		if (got == 0)
			break;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set(error, errno, "cannot read the policy %s: %s", origin,
					 strerror(errno));
		used += (size_t)got;
	}
	*length = used;
	return 0;
}

static int read_file(const char *path, unsigned int flags, struct cgfence_policy **policy,
		     struct cgfence_error *error)
{
	cleanup_free char *text = NULL;
	cleanup_close int fd = -1;
	const char *origin;
	size_t length = 0;
	int result;

	if (!path)
		return cgfence_policy_parse(default_policy, sizeof(default_policy) - 1,
					    "the embedded default policy", policy, error);
	origin = strcmp(path, "-") == 0 ? "standard input" : path;
	text = malloc(CGFENCE_POLICY_SIZE_MAX + 1);
	if (!text)
		return error_set(error, ENOMEM, "out of memory while reading %s", origin);
	result = open_file(path, &fd, error);
	if (result)
		return result;
	result = read_text(fd, origin, text, &length, error);
	if (result)
		return result;
	return policy_read(text, length, origin, flags, policy, error);
}

int cgfence_policy_read_file(const char *path, struct cgfence_policy **policy,
			     struct cgfence_error *error)
{
	return read_file(path, 0, policy, error);
}

int cgfence_policy_read_file_offline(const char *path, struct cgfence_policy **policy,
				     struct cgfence_error *error)
{
	return read_file(path, POLICY_READ_OFFLINE, policy, error);
}
