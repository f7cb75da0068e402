// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The live view, on terminals of several kinds and sizes. */
#include "holder.h"
#include "program.h"
#include "support/children.h"
#include "support/copy.h"
#include "support/harness.h"
#include "vt.h"

#include <cgfence/standing.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

TestSuite(top, .init = harness_begin, .fini = harness_end);

#define ESCAPE "\033"
#define ELLIPSIS "\xe2\x80\xa6"
#define TIMEOUT_S 60

/* One refuses, one audits. */
#define DEVICES "{'name': 'web', 'devices': {'allow': ['c 1:3 r']}}"
#define AUDIT "{'name': 'db', 'enforce': false, 'devices': {'allow': ['c 1:3 r']}}"

#define HELP_LINE "q quit  p pause  s sort  r reverse  / filter  Enter members  h help"

/* What the test sees of the program. */
struct view {
	struct program program;
	unsigned short rows;
	unsigned short columns;
	size_t skipped; /* output before the last change of the size */
};

static struct view view;
static struct vt screen;

static void start_as(const char *const *environment, unsigned short rows, unsigned short columns,
		     const char *const *options)
{
	const struct program_options how = {
		.terminal = true, .rows = rows, .columns = columns, .by_words = true
	};
	const char *words[32] = { "env" };
	size_t count = 1;

	while (*environment)
		words[count++] = *environment++;
	words[count++] = program_path();
	words[count++] = "top";
	words[count++] = "--interval=100ms";
	while (*options)
		words[count++] = *options++;
	view.rows = rows;
	view.columns = columns;
	view.skipped = 0;
	program_start(&view.program, &how, words);
}

static void start(const char *const *options)
{
	start_as(WORDS("TERM=xterm", "LC_ALL=C.UTF-8"), 24, 80, options);
}

static void look(const struct program *program)
{
	vt_show(&screen, view.rows, view.columns, program->result.output + view.skipped);
}

static bool shows(const struct program *program, const char *text)
{
	look(program);
	return vt_find(&screen, text) < screen.rows;
}

static bool shows_no(const struct program *program, const char *text)
{
	look(program);
	return vt_find(&screen, text) == screen.rows;
}

static bool never(const struct program *program, const char *text)
{
	(void)program;
	(void)text;
	return false;
}

static void print_screen(void)
{
	for (size_t row = 0; row < screen.rows; row++)
		fprintf(stderr, "|%s\n", vt_line(&screen, row));
}

static void expect(const char *text)
{
	program_await(&view.program, shows, text);
	if (!shows(&view.program, text)) {
		print_screen();
		cr_assert_fail("'%s' does not come to the screen", text);
	}
}

static void expect_gone(const char *text)
{
	program_await(&view.program, shows_no, text);
	if (!shows_no(&view.program, text)) {
		print_screen();
		cr_assert_fail("'%s' stays on the screen", text);
	}
}

static void type(const char *keys)
{
	program_type(&view.program, keys);
}

/* It ends well, and the terminal is as it was. */
static void expect_end(const struct termios *before)
{
	struct termios after;

	program_await(&view.program, never, "");
	cr_assert_eq(tcgetattr(view.program.input, &after), 0);
	cr_expect_eq(after.c_lflag, before->c_lflag);
	cr_expect_eq(after.c_iflag, before->c_iflag);
	cr_expect_eq(after.c_oflag, before->c_oflag);
	look(&view.program);
	cr_expect_not(screen.is_alternate);
	cr_expect_not(screen.hides_cursor);
	program_finish(&view.program);
	assert_status(view.program.result, 0);
	assert_lacks(view.program.result.output, "Sanitizer");
}

static void quit(void)
{
	type("q");
	program_finish(&view.program);
	assert_status(view.program.result, 0);
	assert_lacks(view.program.result.output, "Sanitizer");
}

static void refuse(const struct cgfence_cgroup *cgroup, unsigned int times)
{
	while (times--)
		cr_assert_eq(harness_open(cgroup, "c 1:5", O_RDONLY), EPERM);
}

/* The row that has both texts, however they come. */
static bool shows_row(const struct program *program, const char *text)
{
	const char *part = text + strlen(text) + 1;
	size_t row;

	look(program);
	row = vt_find(&screen, text);
	return row < screen.rows && strstr(vt_line(&screen, row), part);
}

/* The first row is above the second. */
static bool shows_order(const struct program *program, const char *text)
{
	look(program);
	return vt_find(&screen, text) < vt_find(&screen, text + strlen(text) + 1) &&
	       vt_find(&screen, text + strlen(text) + 1) < screen.rows;
}

static void expect_both(program_said *said, const char *first, const char *second)
{
	char texts[512];

	snprintf(texts, sizeof(texts), "%s%c%s", first, '\0', second);
	program_await(&view.program, said, texts);
	if (!said(&view.program, texts)) {
		print_screen();
		cr_assert_fail("'%s' and '%s' do not come to the screen so", first, second);
	}
}

static void expect_row(const char *name, const char *part)
{
	expect_both(shows_row, name, part);
}

static void expect_order(const char *first, const char *second)
{
	expect_both(shows_order, first, second);
}

/* It is the last line, too. */
static void expect_help_line(void)
{
	expect(HELP_LINE);
	cr_expect_eq(vt_find(&screen, HELP_LINE), screen.rows - 1);
}

static struct cgfence_cgroup *fence(const char *name, const char *policy)
{
	struct cgfence_cgroup *cgroup = harness_child_cgroup(harness_cgroup(), name);

	harness_attach(cgroup, policy);
	return cgroup;
}

/* On cgroups job-1 and job-2; the second is given. */
static struct cgfence_cgroup *standing_fence(void)
{
	struct cgfence_cgroup *member;
	struct cgfence_policy *policy = harness_policy(DEVICES);
	enum cgfence_attach_result result;
	char pattern[512];
	int failure;

	harness_child_cgroup(harness_cgroup(), "job-1");
	member = harness_child_cgroup(harness_cgroup(), "job-2");
	snprintf(pattern, sizeof(pattern), "%s/job-*", cgfence_cgroup_path(harness_cgroup()));
	failure = cgfence_standing_attach(pattern, policy, 0, &result, NULL);
	cgfence_policy_free(policy);
	cr_assert_eq(failure, 0);
	return member;
}

Test(top, shows_fences_members_and_what_they_refuse)
{
	struct cgfence_cgroup *two = fence("two", AUDIT);

	refuse(fence("one", DEVICES), 7);
	cr_assert_eq(harness_open(two, "c 1:5", O_RDONLY), 0);
	refuse(standing_fence(), 2);
	start(WORDS("--sort", "cgroup"));
	expect("3 fences, 2 members  every 0.1s  by cgroup");
	expect_row("/job-*", "enforce     2");
	expect_row("/one", "      7   -");
	expect_row("/two", "audit       -");
	expect("denied  device c 1:5 r                  7");
	expect("audited device c 1:5 r                  1");
	expect_order("/job-*", "/one");
	expect_order("/one", "/two");
	expect_help_line();
	quit();
}

/* As long as something goes on refusing. */
Test(top, tells_how_much_is_refused_a_second)
{
	struct cgfence_cgroup *one = fence("one", DEVICES);
	pid_t child;

	harness_node("c 1:5");
	child = harness_fork();
	if (child == 0) {
		harness_enter(one);
		for (;;)
			close(open(harness_node("c 1:5"), O_RDONLY | O_CLOEXEC));
	}
	start(WORDS("--sort", "device"));
	expect("by device");
	program_await(&view.program, shows_no, "refused/s: device 0");
	expect_row("refused/s:", "bind 0  listen 0  create 0  in excess: 0");
	program_await(&view.program, shows_no, "enforce     -     0     0");
	children_end(child);
	expect("refused/s: device 0");
	quit();
}

Test(top, enter_shows_the_members_and_escape_goes_back)
{
	struct cgfence_cgroup *member = standing_fence();

	refuse(member, 3);
	refuse(fence("plain", DEVICES), 2);
	start(WORDS("--sort", "total"));
	expect("2 fences, 2 members");
	/* The selected one is the first. */
	type("\n");
	expect("cgfence top: 2 members  every 0.1s  by total");
	expect_row("/job-2", "      3   -");
	expect_row("/job-1", "      0   -");
	expect_order("/job-2", "/job-1");
	expect_gone("/plain");
	type(ESCAPE);
	expect("2 fences, 2 members");
	/* A fence on one cgroup has no members. */
	type("j\n/x");
	expect("filter: x_");
	type(ESCAPE);
	expect("2 fences, 2 members");
	quit();
}

Test(top, sorts_by_the_keys)
{
	refuse(fence("aa", DEVICES), 1);
	refuse(fence("bb", DEVICES), 5);
	start(WORDS("--sort=create"));
	expect("by create");
	type("s");
	expect("by total");
	expect_order("/bb  ", "/aa  ");
	type("r");
	expect("by total (reversed)");
	expect_order("/aa  ", "/bb  ");
	type("SS");
	expect("by listen");
	type("<");
	expect("by bind");
	quit();
}

Test(top, filters_as_it_is_typed)
{
	fence("apple", DEVICES);
	fence("pear", AUDIT);
	start(WORDS("--sort=cgroup", "--filter=pear"));
	expect("filter 'pear'");
	cr_expect_eq(vt_find(&screen, "/apple "), screen.rows);
	/* Names of policies count too, and letters of either case. */
	type("/\025WEB");
	expect("filter: WEB_");
	expect("/apple ");
	expect_gone("/pear ");
	type("\177\177\177xyz");
	expect("Nothing matches the filter.");
	type(ESCAPE);
	expect("filter 'pear'");
	expect_row("/pear", "audit");
	type("/\025\n");
	expect("by cgroup");
	expect_gone("filter '");
	expect("/apple ");
	quit();
}

Test(top, a_pause_keeps_what_is_shown)
{
	struct cgfence_cgroup *one = fence("one", DEVICES);

	refuse(one, 1);
	start(WORDS(NULL));
	expect("device c 1:5 r                  1");
	type("p");
	expect("PAUSED");
	refuse(one, 1);
	/* It is drawn again, and reads nothing for that. */
	type("r");
	expect("(reversed)");
	expect_row("/one", "      1   -");
	expect("device c 1:5 r                  1");
	type(" ");
	expect("device c 1:5 r                  2");
	expect_gone("PAUSED");
	quit();
}

Test(top, explains_its_keys)
{
	start(WORDS(NULL));
	expect("There are no fences.");
	type("h");
	expect("Ctrl-L     draw all again");
	expect("any key goes back");
	type("x");
	expect("There are no fences.");
	quit();
}

static void resize(unsigned short rows, unsigned short columns)
{
	const struct winsize size = { .ws_row = rows, .ws_col = columns };

	view.rows = rows;
	view.columns = columns;
	view.skipped = strlen(view.program.result.output);
	cr_assert_eq(ioctl(view.program.input, TIOCSWINSZ, &size), 0);
}

Test(top, follows_the_size_of_the_terminal)
{
	static const unsigned short small[][2] = { { 10, 40 }, { 4, 20 }, { 2, 9 }, { 1, 1 } };

	refuse(fence("one", DEVICES), 1);
	start(WORDS(NULL));
	expect("device c 1:5 r                  1");
	/* So that nothing is on its way when the size changes. */
	type("p");
	expect("PAUSED");
	resize(50, 150);
	expect("h help");
	expect_help_line();
	expect_row("/one", "web ");
	for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
		resize(small[i][0], small[i][1]);
		expect(small[i][1] > 1 ? "one" : ELLIPSIS);
	}
	resize(24, 80);
	expect("h help");
	expect_help_line();
	expect_row("/one", "      1   -");
	quit();
}

Test(top, shows_the_same_on_each_kind_of_terminal)
{
	static const char *const kinds[] = { "TERM=vt100", "TERM=linux", "TERM=screen",
					     "TERM=tmux-256color", "TERM=xterm-256color" };

	refuse(fence("one", DEVICES), 1);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		start_as(WORDS(kinds[i], "LC_ALL=C.UTF-8"), 24, 80, WORDS(NULL));
		expect("device c 1:5 r                  1");
		expect_row("/one", "      1   -");
		expect_help_line();
		cr_expect_eq(screen.colors > 0, i > 0, "%s", kinds[i]);
		quit();
	}
}

Test(top, has_no_colors_where_none_are_wanted)
{
	fence("one", DEVICES);
	start_as(WORDS("TERM=xterm", "NO_COLOR=1"), 24, 80, WORDS(NULL));
	expect("/one");
	cr_expect_eq(screen.colors, 0);
	quit();
	start_as(WORDS("TERM=xterm", "NO_COLOR="), 24, 80, WORDS(NULL));
	expect("/one");
	cr_expect_gt(screen.colors, 0);
	quit();
}

/* vt_show() fails at control characters that ncurses does not write. */
Test(top, nothing_in_a_name_steers_the_terminal)
{
	struct cgfence_cgroup *hostile = fence("a\033[2J\033]0;x\007b\302\233", DEVICES);

	refuse(hostile, 1);
	start_as(WORDS("TERM=xterm", "LC_ALL=C.UTF-8"), 24, 150, WORDS("--filter=[2j"));
	expect("/a\\x1b[2J\\x1b]0;x\\x07b\\xc2\\x9b ");
	expect("device c 1:5 r");
	quit();
}

Test(top, without_utf8_there_is_only_ascii)
{
	fence("caf\303\251-\344\270\255", DEVICES);
	start_as(WORDS("TERM=xterm", "LC_ALL=C"), 24, 100, WORDS(NULL));
	expect("/caf?-?? ");
	quit();
	start_as(WORDS("TERM=xterm", "LC_ALL=C.UTF-8"), 24, 100, WORDS(NULL));
	expect("/caf\303\251-\344\270\255 ");
	quit();
}

Test(top, scrolls_through_many_fences)
{
	char name[16];

	for (int i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "f%02d", i);
		fence(name, DEVICES);
	}
	start(WORDS("--sort=cgroup"));
	expect("30 fences");
	expect("/f00 ");
	cr_expect_eq(vt_find(&screen, "/f29 "), screen.rows);
	type("G");
	expect("/f29 ");
	cr_expect_eq(vt_find(&screen, "/f00 "), screen.rows);
	type("g" ESCAPE "OB");
	expect("/f00 ");
	quit();
}

Test(top, follows_fences_that_come_and_go)
{
	struct cgfence_cgroup *one = fence("one", DEVICES);
	bool detached;

	start(WORDS(NULL));
	expect("1 fence,");
	fence("two", DEVICES);
	expect("2 fences,");
	expect("/two ");
	cr_assert_eq(cgfence_fence_detach(cgfence_cgroup_id(one), &detached, NULL), 0);
	expect("1 fence,");
	expect_gone("/one ");
	harness_attach(one, AUDIT);
	expect("2 fences,");
	expect_row("/one", "audit");
	quit();
}

/* ---- its end ---- */

static void start_and_expect_it(struct termios *before)
{
	start(WORDS(NULL));
	/* Before the program has set it up. */
	cr_assert_eq(tcgetattr(view.program.input, before), 0);
	expect("There are no fences.");
}

Test(top, ends_on_keys_and_signals_and_gives_the_terminal_back)
{
	static const struct {
		const char *key;
		int signal;
	} ends[] = { { "q", 0 },       { "\003", 0 }, { "\034", 0 },   { NULL, SIGTERM },
		     { NULL, SIGHUP }, { "hq", 0 },   { NULL, SIGINT } };
	struct termios before;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		start_and_expect_it(&before);
		cr_expect(screen.is_alternate && screen.hides_cursor);
		if (ends[i].key)
			type(ends[i].key);
		else
			kill(view.program.pid, ends[i].signal);
		expect_end(&before);
	}
}

/* The terminal has seen to the key that was typed, and takes no more output. */
static void expect_stopped(void)
{
	struct pollfd terminal = { .events = POLLOUT };
	time_t deadline = time(NULL) + TIMEOUT_S;

	terminal.fd = open(ptsname(view.program.input), O_RDWR | O_NOCTTY | O_CLOEXEC);
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
	unsigned long before = children_count_waits(view.program.pid);
	time_t deadline = time(NULL) + TIMEOUT_S;

	while (children_count_waits(view.program.pid) < before + turns) {
		cr_assert_lt(time(NULL), deadline, "it does not go on");
		poll(NULL, 0, 10);
	}
}

/* Ctrl-S stops the output of a terminal, and whoever writes to it waits. */
Test(top, ends_on_a_signal_while_the_terminal_is_stopped)
{
	struct termios before;

	start_and_expect_it(&before);
	/* Its first page is written whole, and the next ones are the same. */
	expect_turns(3);
	type("\023");
	expect_stopped();
	fence("one", DEVICES);
	expect_turns(5);
	kill(view.program.pid, SIGTERM);
	expect_end(&before);
}

Test(top, ends_when_the_terminal_hangs_up)
{
	struct termios before;
	time_t deadline;
	int status = 0;

	start_and_expect_it(&before);
	close(view.program.input);
	close(view.program.output);
	deadline = time(NULL) + TIMEOUT_S;
	while (waitpid(view.program.pid, &status, WNOHANG) == 0) {
		if (time(NULL) > deadline) {
			kill(view.program.pid, SIGKILL);
			cr_assert_fail("it goes on without a terminal");
		}
		poll(NULL, 0, 20);
	}
	cr_assert_eq(children_status(status), 0);
}

/* A shell with job control gets its terminal back meanwhile. */
Test(top, can_be_stopped_and_goes_on)
{
	const struct program_options how = {
		.terminal = true, .rows = 24, .columns = 80, .by_words = true
	};
	char line[256];

	view.rows = 24;
	view.columns = 80;
	view.skipped = 0;
	snprintf(line, sizeof(line), "%s top; echo stopped $?; fg >/dev/null; echo ended $?",
		 program_path());
	program_start(&view.program, &how,
		      WORDS("env", "TERM=xterm", "LC_ALL=C.UTF-8", "sh", "-m", "-c", line));
	expect("There are no fences.");
	type("\032");
	program_expect(&view.program, "stopped 1");
	/* It may go on before this test reads so far. */
	view.skipped = (size_t)(strstr(view.program.result.output, "stopped 1") -
				view.program.result.output);
	expect("There are no fences.");
	type("q");
	program_finish(&view.program);
	assert_has(view.program.result.output, "ended 0");
}

/* ---- what it refuses ---- */

Test(top, refuses_what_it_cannot_work_on)
{
	const struct program_options terminal = { .terminal = true };
	const struct program_options powerless = { .terminal = true, .without_admin = true };
	const struct program_options by_words = { .terminal = true, .by_words = true };
	struct program_result result;
	char alone[256];
	int program;

	assert_fails(program_run(NULL, WORDS("top")), 1, "top needs a terminal");
	result = program_run(&powerless, WORDS("top"));
	assert_status(result, 1);
	assert_has(result.output, "top needs CAP_SYS_ADMIN");
	result = program_run(&by_words, WORDS("env", "TERM=nosuch", program_path(), "top"));
	assert_status(result, 1);
	assert_has(result.output, "cgfence: TERM is 'nosuch', a terminal that is not known here");
	result = program_run(&by_words, WORDS("env", "TERM=dumb", program_path(), "top"));
	assert_status(result, 1);
	assert_has(result.output, "cannot place text");
	result = program_run(&by_words, WORDS("env", "-u", "TERM", program_path(), "top"));
	assert_status(result, 1);
	assert_has(result.output, "TERM is not set");
	result = program_run(&terminal, WORDS("top", "--sort", "excss"));
	assert_status(result, 2);
	assert_has(result.output, "did you mean 'excess'?");
	assert_fails(program_run(NULL, WORDS("top", "--interval", "1ms")), 2, "'1ms'");
	assert_fails(program_run(NULL, WORDS("top", "x")), 2, "too many arguments");
	cr_assert_geq(program = open(program_path(), O_RDONLY | O_CLOEXEC), 0);
	snprintf(alone, sizeof(alone), "%s/alone", harness_directory());
	copy_program(program, alone);
	result = program_run(&by_words, WORDS(alone, "top"));
	assert_status(result, 1);
	assert_has(result.output, "/cgfence-top cannot be run: No such file or directory");
}

TestSuite(top_listeners, .init = sockets_begin, .fini = harness_end);

Test(top_listeners, shows_those_in_excess_and_leaves_them)
{
	struct holder holder;
	char socket[64];

	harness_attach(sockets_fence(), "{'ports': [1], 'on_violation': 'kill'}");
	start(WORDS(NULL));
	expect("in excess: 0");
	holder_start_excess(&holder, sockets_fence());
	expect("in excess: 1");
	snprintf(socket, sizeof(socket), ":%u ", holder.port);
	expect_row("tcp 127.0.0.1", socket);
	cr_expect(holder_is_reachable(&holder));
	holder_stop(&holder);
	expect("in excess: 0");
	expect_gone(socket);
	quit();
}
