/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Runs cgfence as an operator does, and keeps its output. */
#pragma once

#include <cgfence/cgfence.h>
#include <criterion/criterion.h>
#include <jansson.h>
#include <string.h>
#include <sys/types.h>

/* The status of a program that signal N ended, minus N, as in children_status(). */
#define PROGRAM_SIGNALLED 1000

/* The words of a command line, or any other list of strings, ended by NULL. */
#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* How to run it; all zero: in the cgroup of the test, with empty standard input. */
struct program_options {
	const char *input;		     /* with ' for " */
	const struct cgfence_cgroup *cgroup; /* to start in */
	const char *output_path;	     /* where standard output goes instead of the result */
	bool without_admin;		     /* CAP_SYS_ADMIN is taken from it */
	bool ignores_children;		     /* SIGCHLD is ignored, as by some callers */
	long failing_call;		     /* a system call that fails, none if 0, */
	int failing_errno;		     /* with this */
	bool terminal;			     /* a new terminal is all three of its streams */
	unsigned short columns; /* of that terminal; 0 for so many that nothing is shortened */
	unsigned short rows;	/* of that terminal; 0 for 50 */
	bool by_words;		/* the words are the whole command line, cgfence not put in front */
};

struct program_result {
	int status; /* of exit, or PROGRAM_SIGNALLED + N */
	char output[131072];
	char errors[32768]; /* those of a terminal are in output */
	/*
	 * What status says on standard error because the test has a bpffs in a mount namespace of its own, and because
	 * there may be fences in another; it is not in errors.
	 */
	char notes[1024];
};

/* A program that runs. */
struct program {
	pid_t pid;
	int input; /* the master side if it is on a terminal */
	int output;
	int errors;  /* -1 if it is on a terminal */
	size_t seen; /* how much of its output program_next_line() has read */
	struct program_result result;
};

/** program_path() - the path of cgfence: CGFENCE_PROGRAM, else the one with sanitizers. */
const char *program_path(void);

/** program_wrapper_path() - the path of cgfence-runtime, beside it. */
const char *program_wrapper_path(void);

/**
 * program_run() - run cgfence until it ends; the test fails if that takes too long.
 * @options: NULL for the usual
 * @words: the command line after cgfence
 */
struct program_result program_run(const struct program_options *options, const char *const *words);

/** program_start() - the same without waiting; to be given to program_finish(). */
void program_start(struct program *program, const struct program_options *options,
		   const char *const *words);

/** A function that says whether the output of a program has what is waited for. */
typedef bool program_said(const struct program *program, const char *text);

/** program_await() - read the output until @said says so or the program ends; the test fails if neither comes. */
void program_await(struct program *program, program_said *said, const char *text);

/** program_expect() - wait until @text is in the output; the test fails if it does not come. */
void program_expect(struct program *program, const char *text);

/**
 * program_next_line() - wait for a line that has @text, after the one of the last call; the test fails if it does not come.
 *
 * Return: the line without its end; it lives until the next call.
 */
const char *program_next_line(struct program *program, const char *text);

/** program_type() - write @text to the input, or to the terminal. */
void program_type(struct program *program, const char *text);

/** program_finish() - close the input, wait for the end, and fill in the result. */
void program_finish(struct program *program);

/** program_file() - write @text, with ' for ", to a file in the test's directory; the path lives until the next call. */
const char *program_file(const char *name, const char *text);

/** program_json() - the output as JSON, to be given to json_decref(). */
json_t *program_json(const struct program_result *result);

/** program_status() - the fence as `status CGROUP --json` prints it, to be given to json_decref(). */
json_t *program_status(const struct cgfence_cgroup *cgroup);

/* These evaluate @result once. */
#define assert_status(result, expected)                                                    \
	do {                                                                               \
		const struct program_result got_ = (result);                               \
		cr_assert_eq(got_.status, expected, "status %d, output '%s', errors '%s'", \
			     got_.status, got_.output, got_.errors);                       \
	} while (0)

/* It succeeded without a complaint. */
#define assert_done(result)                                                                \
	do {                                                                               \
		const struct program_result got_ = (result);                               \
		cr_assert(got_.status == 0 && !*got_.errors,                               \
			  "status %d, output '%s', errors '%s'", got_.status, got_.output, \
			  got_.errors);                                                    \
	} while (0)

/* It failed with a sentence that contains @part, and printed nothing else. */
#define assert_fails(result, expected, part)                                                      \
	do {                                                                                      \
		const struct program_result got_ = (result);                                      \
		cr_assert(got_.status == (expected) && strstr(got_.errors, part) &&               \
				  strncmp(got_.errors, "cgfence: ", 9) == 0 && !*got_.output,     \
			  "not %d and '%s': status %d, output '%s', errors '%s'", expected, part, \
			  got_.status, got_.output, got_.errors);                                 \
	} while (0)

#define assert_has(text, part) cr_assert(strstr(text, part), "'%s' is not in '%s'", part, text)

#define assert_lacks(text, part) cr_assert(!strstr(text, part), "'%s' is in '%s'", part, text)
