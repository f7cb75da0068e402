/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Runs cgfence, and says under which fault something was wrong. */
#pragma once

#include "tracer.h"

#define RUNNER_WORDS_MAX 8

/* What the test is at. */
extern struct runner {
	const char *command;
	bool old_kernel;	     /* is played for all that is run */
	struct tracer_options fault; /* of the command that is struck */
	struct tracer_result struck; /* what became of it */
	unsigned int failures;
} runner;

/** runner_options() - for a command that nothing befalls. */
struct tracer_options runner_options(void);

/** runner_run() - run cgfence; the test fails if that is impossible. @words follow its name, and are ended by NULL. */
void runner_run(const char *const *words, const struct tracer_options *options,
		struct tracer_result *result);

/** runner_complain() - let the test fail in the end, and say where the fault was. Return: false. */
bool runner_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
