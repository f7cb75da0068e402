/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Runs cgfence, and kills it at a system call of choice or makes one of its bpf(2) calls fail. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The system calls that are counted and can be chosen. */
enum tracer_scope {
	TRACER_NONE,
	TRACER_CHANGES,	    /* those that may change what outlives the process */
	TRACER_BPF_CHANGES, /* the bpf(2) calls among them */
	TRACER_BPF,	    /* every bpf(2) */
	TRACER_ALL,
};

enum tracer_fault {
	TRACER_NO_FAULT,
	TRACER_KILL,  /* SIGKILL at the entry of the call, which is not made any more */
	TRACER_ERROR, /* the call, which must be a bpf(2), fails without being made */
};

struct tracer_options {
	enum tracer_scope scope;
	enum tracer_fault fault;
	size_t index;	       /* of the call that it hits, among those in scope */
	int code;	       /* errno of TRACER_ERROR */
	bool old_kernel;       /* no sockops program may send a signal, as before Linux 6.18 */
	void (*at_call)(void); /* at the entry of each call in scope, or NULL */
};

#define TRACER_CALL_SIZE 48

/* The status of a program that signal N ended, minus N. */
#define TRACER_SIGNALLED 1000

struct tracer_result {
	int status;		     /* of exit, or TRACER_SIGNALLED + N */
	size_t count;		     /* of calls in scope, until the end */
	bool struck;		     /* the fault happened; otherwise the program ended before */
	char call[TRACER_CALL_SIZE]; /* that it hit, for people */
	char output[16384];
	char errors[4096];
};

/** tracer_can_fail_calls() - does this architecture have TRACER_ERROR here? */
bool tracer_can_fail_calls(void);

/**
 * tracer_run() - run a program until it ends.
 * @argv: ended by NULL; the first is the path of the program
 *
 * Return: 0, or -errno if it could not be run or traced.
 */
int tracer_run(const char *const *argv, const struct tracer_options *options,
	       struct tracer_result *result);
