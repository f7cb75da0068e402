// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/systemctl.h"
#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_SIZE_MAX (256 * 1024)

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

static void visit_lines(FILE *file, systemctl_visitor *visit, void *context)
{
	cleanup_free char *line = NULL;
	size_t size = 0;
	size_t seen = 0;
	ssize_t length;

	while (seen < OUTPUT_SIZE_MAX && (length = getline(&line, &size, file)) >= 0) {
		char *value = strchr(line, '=');

		seen += (size_t)length;
		if (!value)
			continue;
		line[strcspn(line, "\n")] = '\0';
		*value++ = '\0';
		visit(line, value, context);
	}
}

void systemctl_show(const char *unit, const char *properties, systemctl_visitor *visit,
		    void *context)
{
	const char *const words[] = { "systemctl", "show", "--property", properties,
				      "--",	   unit,   NULL };
	int output = -1;
	pid_t pid = 0;
	FILE *file;

	/* Where it cannot be asked, its complaint is no property. A device to write it to might be refused by a fence. */
	if (start(words, COMPLAINTS_TO_OUTPUT, &output, &pid))
		return;
	file = fdopen(output, "r");
	if (file) {
		visit_lines(file, visit, context);
		fclose(file);
	} else {
		close(output);
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}
