/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The live view, run on a terminal that the test made and reads. A test has one view. */
#pragma once

#include "program.h"
#include "vt.h"

#include <termios.h>

struct cgfence_cgroup;

/* One refuses, one audits. */
#define VIEWING_DEVICES "{'name': 'web', 'devices': {'allow': ['c 1:3 r']}}"
#define VIEWING_AUDIT "{'name': 'db', 'enforce': false, 'devices': {'allow': ['c 1:3 r']}}"

#define VIEWING_HELP_LINE "q quit  p pause  s sort  r reverse  / filter  Enter members  h help"

struct viewing {
	struct program program;
	unsigned short rows;
	unsigned short columns;
	size_t skipped; /* output before the last change of the size */
};

extern struct viewing viewing;
extern struct vt viewing_screen; /* as viewing_look() or the last expectation saw it */

/**
 * viewing_start_as() - start the view on a terminal of this size. To be ended by viewing_quit() or viewing_expect_end().
 * @environment: variables beside those of the test, up to NULL
 * @options: words of the command line, up to NULL
 */
void viewing_start_as(const char *const *environment, unsigned short rows, unsigned short columns,
		      const char *const *options);

/** viewing_start() - the same on an xterm of 24 rows and 80 columns, with UTF-8. */
void viewing_start(const char *const *options);

/** viewing_look() - show in viewing_screen what @program has written. */
void viewing_look(const struct program *program);

/** viewing_expect() - wait until the text is on the screen, or fail and print the screen. */
void viewing_expect(const char *text);

/** viewing_expect_gone() - wait until the text is not on the screen, or fail and print it. */
void viewing_expect_gone(const char *text);

/** viewing_expect_row() - wait until the first row with the text @name has @part too. */
void viewing_expect_row(const char *name, const char *part);

/** viewing_expect_order() - wait until the first text is above the second. */
void viewing_expect_order(const char *first, const char *second);

/** viewing_expect_help_line() - wait until the keys are on the screen, and see that they are its last line. */
void viewing_expect_help_line(void);

/** viewing_type() - type keys. */
void viewing_type(const char *keys);

/** viewing_expect_end() - wait until it ends well, and see that the terminal is as it was. */
void viewing_expect_end(const struct termios *before);

/** viewing_quit() - end it by its key. */
void viewing_quit(void);

/** viewing_fence() - a fenced child of the test's own cgroup. */
struct cgfence_cgroup *viewing_fence(const char *name, const char *policy);

/** viewing_standing_fence() - a standing fence with the members job-1 and job-2. Return: the second. */
struct cgfence_cgroup *viewing_standing_fence(void);

/** viewing_refuse() - be refused a device so often. */
void viewing_refuse(const struct cgfence_cgroup *cgroup, unsigned int times);
