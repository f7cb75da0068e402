// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "learning.h"

#include <signal.h>
#include <string.h>

static bool has_told(const struct program *program, const char *text)
{
	return strstr(program->result.errors, text);
}

void learning_start(struct program *program, const char *const *words)
{
	program_start(program, NULL, words);
	/* The fence is whole when it tells that it learns; its programs are attached one by one. */
	program_await(program, has_told, "cgfence: learning of ");
	cr_assert(has_told(program, "cgfence: learning of "), "%s", program->result.errors);
}

struct program_result learning_end(struct program *program)
{
	kill(program->pid, SIGTERM);
	program_finish(program);
	return program->result;
}
