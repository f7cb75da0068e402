// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/source.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cli/systemctl.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* A configuration is not longer. */
#define SOURCE_SIZE_MAX (4 * 1024 * 1024)

void source_free(struct cgfence_import_source *source)
{
	free((char *)source->text);
	*source = (struct cgfence_import_source){ 0 };
}

static int read_all(int fd, const char *name, struct cgfence_import_source *source,
		    struct cgfence_error *error)
{
	cleanup_free char *text = malloc(SOURCE_SIZE_MAX + 1);
	size_t used = 0;

	if (!text)
		return error_out_of_memory(error);
	while (used <= SOURCE_SIZE_MAX) {
		ssize_t got = read(fd, text + used, SOURCE_SIZE_MAX + 1 - used);

		if (got == 0)
			break;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set(error, errno, "cannot read %s: %s", name, strerror(errno));
		used += (size_t)got;
	}
	if (used > SOURCE_SIZE_MAX)
		return error_set_invalid(error, "%s is longer than 4 MiB", name);
	*source = (struct cgfence_import_source){ name, cleanup_steal(text), used };
	return 0;
}

int source_read(const char *path, struct cgfence_import_source *source, struct cgfence_error *error)
{
	bool is_standard_input = strcmp(path, "-") == 0;
	cleanup_close int fd = -1;
	struct stat status;

	/* A FIFO that nobody writes to would be waited for, and a device may do something when it is opened. */
	fd = is_standard_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
			       : open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && is_standard_input)
		return error_set(error, errno, "cannot read standard input: it is closed");
	if (fd < 0 || fstat(fd, &status) < 0)
		return error_set(error, errno, "cannot open %s: %s", path, strerror(errno));
	if (!is_standard_input && !S_ISREG(status.st_mode))
		return error_set(
			error, EINVAL,
			"cannot read %s: it is not a regular file; name one, or '-' for standard input",
			path);
	return read_all(fd, is_standard_input ? "standard input" : path, source, error);
}

static int refuse_unit(const char *unit, struct cgfence_error *error)
{
	return error_set(error, ENOENT,
			 "there is no file %s, and systemd knows no unit of that name", unit);
}

int source_read_unit(const char *unit, struct cgfence_import_source *source,
		     struct cgfence_error *error)
{
	const char *const words[] = { "systemctl", "cat", "--", unit, NULL };
	struct cgfence_import_source read = { 0 };
	cleanup_close int output = -1;
	pid_t pid = 0;
	int status = 0;
	int result;
	int code;

	if (!systemctl_takes(unit))
		return refuse_unit(unit, error);
	code = systemctl_start(words, &output, &pid);
	if (code)
		return error_set(
			error, code,
			"there is no file %s, and systemctl, which would know a unit of that name, "
			"cannot be run: %s",
			unit, strerror(code));
	result = read_all(output, unit, &read, error);
	/* It may write more than was read, and would wait for a reader. */
	close(cleanup_steal_descriptor(&output));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (result == 0 && status)
		result = refuse_unit(unit, error);
	if (result) {
		source_free(&read);
		return result;
	}
	*source = read;
	return 0;
}
