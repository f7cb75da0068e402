// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/systemctl.h"
#include "base/boot_time.h"
#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_SIZE_MAX (256 * 1024)

/* A systemd that is busy for longer is not worth the wait. */
#define PATIENCE_NS (5 * 1000 * 1000 * 1000ULL)

#define UNIT_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@"

bool systemctl_takes(const char *unit)
{
	return *unit && !unit[strspn(unit, UNIT_CHARACTERS)];
}

enum complaints { COMPLAINTS_PASS, COMPLAINTS_TO_OUTPUT };

static int start(const char *const *words, enum complaints complaints, int *output, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int pipe[2];
	int code;

	if (pipe2(pipe, O_CLOEXEC) < 0)
		return errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO);
	if (complaints == COMPLAINTS_TO_OUTPUT)
		posix_spawn_file_actions_adddup2(&actions, pipe[1], STDERR_FILENO);
	code = posix_spawnp(pid, words[0], &actions, NULL, (char *const *)words, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(pipe[1]);
	if (code)
		close(pipe[0]);
	else
		*output = pipe[0];
	return code;
}

int systemctl_start(const char *const *words, int *output, pid_t *pid)
{
	return start(words, COMPLAINTS_PASS, output, pid);
}

/* Return: is all of it there in time? Then @text is ended by a null byte. */
static bool read_all(int fd, char *text, size_t size)
{
	uint64_t end_ns = boot_time_ns() + PATIENCE_NS;
	struct pollfd source = { fd, POLLIN, 0 };
	size_t used = 0;

	while (used < size - 1) {
		uint64_t now_ns = boot_time_ns();
		ssize_t got;

		if (now_ns >= end_ns ||
		    poll(&source, 1, (int)((end_ns - now_ns) / 1000000) + 1) <= 0)
			return false;
		got = read(fd, text + used, size - 1 - used);
		if (got <= 0) {
			text[used] = '\0';
			return got == 0;
		}
		used += (size_t)got;
	}
	return false;
}

static void visit_lines(char *text, systemctl_visitor *visit, void *context)
{
	const char *line;

	while ((line = strsep(&text, "\n"))) {
		char *value = strchr(line, '=');

		if (!value)
			continue;
		*value++ = '\0';
		visit(line, value, context);
	}
}

void systemctl_show(const char *unit, const char *properties, systemctl_visitor *visit,
		    void *context)
{
	const char *const words[] = { "systemctl", "show", "--property", properties,
				      "--",	   unit,   NULL };
	cleanup_free char *text = malloc(OUTPUT_SIZE_MAX);
	cleanup_close int output = -1;
	pid_t pid = 0;
	bool whole;

	/* Where it cannot be asked, its complaint is no property. A device to write it to might be refused by a fence. */
	if (!text || start(words, COMPLAINTS_TO_OUTPUT, &output, &pid))
		return;
	whole = read_all(output, text, OUTPUT_SIZE_MAX);
	if (!whole)
		kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (whole)
		visit_lines(text, visit, context);
}
