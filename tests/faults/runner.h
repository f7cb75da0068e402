/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Runs cgfence, and names the fault under which something was wrong. */
#pragma once

#include "tracer.h"

#define RUNNER_WORDS_MAX 8
#define RUNNER_PATH_SIZE 256

/* The state of the test. */
extern struct runner {
	const char *command;
	bool old_kernel;	     /* is simulated for every run */
	struct tracer_options fault; /* of the command under test */
	struct tracer_result struck; /* its result */
	unsigned int failures;
} runner;

/** runner_options() - the options for a command without a fault. */
struct tracer_options runner_options(void);

/** runner_run() - run cgfence; the test fails if that is impossible. @words follow its name, and are ended by NULL. */
void runner_run(const char *const *words, const struct tracer_options *options,
		struct tracer_result *result);

/** runner_write_policy() - write a file of the test; the test fails if that is impossible. @path: receives where it is */
void runner_write_policy(char path[RUNNER_PATH_SIZE], const char *name, const char *text);

/** runner_complain() - let the test fail in the end, naming the fault. Return: false. */
bool runner_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
