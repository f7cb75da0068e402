// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The live view on terminals of several kinds and sizes, and how it leaves them. */
#include "support/children.h"
#include "support/harness.h"
#include "viewing.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

TestSuite(top_terminal, .init = harness_begin, .fini = harness_end);

#define ELLIPSIS "\xe2\x80\xa6"
#define TIMEOUT_S 60

static void resize(unsigned short rows, unsigned short columns)
{
	const struct winsize size = { .ws_row = rows, .ws_col = columns };

	viewing.rows = rows;
	viewing.columns = columns;
	viewing.skipped = strlen(viewing.program.result.output);
	cr_assert_eq(ioctl(viewing.program.input, TIOCSWINSZ, &size), 0);
}

Test(top_terminal, follows_the_size_of_the_terminal)
{
	static const unsigned short small[][2] = { { 10, 40 }, { 4, 20 }, { 2, 9 }, { 1, 1 } };

	viewing_refuse(viewing_fence("one", VIEWING_DEVICES), 1);
	viewing_start(WORDS(NULL));
	viewing_expect("device c 1:5 r                  1");
	/* So that nothing is on its way when the size changes. */
	viewing_type("p");
	viewing_expect("PAUSED");
	resize(50, 150);
	viewing_expect("h help");
	viewing_expect_help_line();
	viewing_expect_row("/one", "web ");
	for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
		resize(small[i][0], small[i][1]);
		viewing_expect(small[i][1] > 1 ? "one" : ELLIPSIS);
	}
	resize(24, 80);
	viewing_expect("h help");
	viewing_expect_help_line();
	viewing_expect_row("/one", "      1   -");
	viewing_quit();
}

Test(top_terminal, shows_the_same_on_each_kind_of_terminal)
{
	static const char *const kinds[] = { "TERM=vt100", "TERM=linux", "TERM=screen",
					     "TERM=tmux-256color", "TERM=xterm-256color" };

	viewing_refuse(viewing_fence("one", VIEWING_DEVICES), 1);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		viewing_start_as(WORDS(kinds[i], "LC_ALL=C.UTF-8"), 24, 80, WORDS(NULL));
		viewing_expect("device c 1:5 r                  1");
		viewing_expect_row("/one", "      1   -");
		viewing_expect_help_line();
		cr_expect_eq(viewing_screen.colors > 0, i > 0, "%s", kinds[i]);
		viewing_quit();
	}
}

Test(top_terminal, has_no_colors_where_none_are_wanted)
{
	viewing_fence("one", VIEWING_DEVICES);
	viewing_start_as(WORDS("TERM=xterm", "NO_COLOR=1"), 24, 80, WORDS(NULL));
	viewing_expect("/one");
	cr_expect_eq(viewing_screen.colors, 0);
	viewing_quit();
	viewing_start_as(WORDS("TERM=xterm", "NO_COLOR="), 24, 80, WORDS(NULL));
	viewing_expect("/one");
	cr_expect_gt(viewing_screen.colors, 0);
	viewing_quit();
}

/* vt_show() fails at control characters that ncurses does not write. */
Test(top_terminal, nothing_in_a_name_steers_the_terminal)
{
	struct cgfence_cgroup *hostile =
		viewing_fence("a\033[2J\033]0;x\007b\302\233", VIEWING_DEVICES);

	viewing_refuse(hostile, 1);
	viewing_start_as(WORDS("TERM=xterm", "LC_ALL=C.UTF-8"), 24, 150, WORDS("--filter=[2j"));
	viewing_expect("/a\\x1b[2J\\x1b]0;x\\x07b\\xc2\\x9b ");
	viewing_expect("device c 1:5 r");
	viewing_quit();
}

Test(top_terminal, without_utf8_there_is_only_ascii)
{
	viewing_fence("caf\303\251-\344\270\255", VIEWING_DEVICES);
	viewing_start_as(WORDS("TERM=xterm", "LC_ALL=C"), 24, 100, WORDS(NULL));
	viewing_expect("/caf?-?? ");
	viewing_quit();
	viewing_start_as(WORDS("TERM=xterm", "LC_ALL=C.UTF-8"), 24, 100, WORDS(NULL));
	viewing_expect("/caf\303\251-\344\270\255 ");
	viewing_quit();
}

static void start_and_expect_it(struct termios *before)
{
	viewing_start(WORDS(NULL));
	/* Before the program has set it up. */
	cr_assert_eq(tcgetattr(viewing.program.input, before), 0);
	viewing_expect("There are no fences.");
}

Test(top_terminal, ends_on_keys_and_signals_and_gives_the_terminal_back)
{
	static const struct {
		const char *key;
		int signal;
	} ends[] = { { "q", 0 },       { "\003", 0 }, { "\034", 0 },   { NULL, SIGTERM },
		     { NULL, SIGHUP }, { "hq", 0 },   { NULL, SIGINT } };
	struct termios before;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		start_and_expect_it(&before);
		cr_expect(viewing_screen.is_alternate && viewing_screen.hides_cursor);
		if (ends[i].key)
			viewing_type(ends[i].key);
		else
			kill(viewing.program.pid, ends[i].signal);
		viewing_expect_end(&before);
	}
}

/* The terminal has seen to the key that was typed, and takes no more output. */
static void expect_stopped(void)
{
	struct pollfd terminal = { .events = POLLOUT };
	time_t deadline = time(NULL) + TIMEOUT_S;

	terminal.fd = open(ptsname(viewing.program.input), O_RDWR | O_NOCTTY | O_CLOEXEC);
	cr_assert_geq(terminal.fd, 0);
	while (poll(&terminal, 1, 0) > 0) {
		cr_assert_lt(time(NULL), deadline, "the terminal is not stopped");
		poll(NULL, 0, 10);
	}
	close(terminal.fd);
}

/* It goes on: it has waited so often for its next turn. */
static void expect_turns(unsigned long turns)
{
	unsigned long before = children_count_waits(viewing.program.pid);
	time_t deadline = time(NULL) + TIMEOUT_S;

	while (children_count_waits(viewing.program.pid) < before + turns) {
		cr_assert_lt(time(NULL), deadline, "it does not go on");
		poll(NULL, 0, 10);
	}
}

/* Ctrl-S stops the output of a terminal, and whoever writes to it waits. */
Test(top_terminal, ends_on_a_signal_while_the_terminal_is_stopped)
{
	struct termios before;

	start_and_expect_it(&before);
	/* Its first page is written whole, and the next ones are the same. */
	expect_turns(3);
	viewing_type("\023");
	expect_stopped();
	viewing_fence("one", VIEWING_DEVICES);
	expect_turns(5);
	kill(viewing.program.pid, SIGTERM);
	viewing_expect_end(&before);
}

Test(top_terminal, ends_when_the_terminal_hangs_up)
{
	struct termios before;
	time_t deadline;
	int status = 0;

	start_and_expect_it(&before);
	close(viewing.program.input);
	close(viewing.program.output);
	deadline = time(NULL) + TIMEOUT_S;
	while (waitpid(viewing.program.pid, &status, WNOHANG) == 0) {
		if (time(NULL) > deadline) {
			kill(viewing.program.pid, SIGKILL);
			cr_assert_fail("it goes on without a terminal");
		}
		poll(NULL, 0, 20);
	}
	cr_assert_eq(children_status(status), 0);
}

/* A shell with job control gets its terminal back meanwhile. */
Test(top_terminal, can_be_stopped_and_goes_on)
{
	const struct program_options how = {
		.terminal = true, .rows = 24, .columns = 80, .by_words = true
	};
	char line[256];

	viewing.rows = 24;
	viewing.columns = 80;
	viewing.skipped = 0;
	snprintf(line, sizeof(line), "%s top; echo stopped $?; fg >/dev/null; echo ended $?",
		 program_path());
	program_start(&viewing.program, &how,
		      WORDS("env", "TERM=xterm", "LC_ALL=C.UTF-8", "sh", "-m", "-c", line));
	viewing_expect("There are no fences.");
	viewing_type("\032");
	program_expect(&viewing.program, "stopped 1");
	/* It may go on before this test reads so far. */
	viewing.skipped = (size_t)(strstr(viewing.program.result.output, "stopped 1") -
				   viewing.program.result.output);
	viewing_expect("There are no fences.");
	viewing_type("q");
	program_finish(&viewing.program);
	assert_has(viewing.program.result.output, "ended 0");
}
