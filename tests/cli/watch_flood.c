// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Floods of refusals and readers that do not read must not keep the daemon from its work. */
#include "holder.h"
#include "watching.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(watch_flood, .init = sockets_begin, .fini = harness_end, .timeout = 900);

#define CLOSE "{'ports': [1], 'on_violation': 'close'}"
#define PATIENCE_S 60

/* So many refusals, and rounds of the daemon, make a flood that loses lines. */
#define FLOOD_REFUSALS 5000
#define FLOOD_ROUNDS 50

/* Binds to ports that are refused, a new one each time. */
static void flood_with_binds(void)
{
	for (unsigned int port = 2;; port = port < 60000 ? port + 1 : 2) {
		char endpoint[32];
		int fd;

		snprintf(endpoint, sizeof(endpoint), "tcp 127.0.0.1 %u", port);
		fd = endpoint_open(endpoint);
		if (fd >= 0)
			close(fd);
	}
}

/* Listens on ports that the kernel chooses. */
static void flood_with_listeners(void)
{
	for (;;) {
		int fd = endpoint_open("tcp 127.0.0.1 0");

		if (fd < 0)
			continue;
		listen(fd, 1);
		close(fd);
	}
}

/* A process that does so in a fence until stop_flood(). */
static pid_t start_flood(const struct cgfence_cgroup *fence, void (*flood)(void))
{
	pid_t pid = harness_fork();

	cr_assert_geq(pid, 0);
	if (pid == 0) {
		if (harness_enter(fence))
			_exit(1);
		flood();
	}
	return pid;
}

/* Until the kernel has refused a lot, and the daemon has been busy with it. */
static void await_flood(struct watching *watching, const struct cgfence_cgroup *fence,
			enum cgfence_hook hook, pid_t pid)
{
	while (sockets_refusal_count(fence, hook) < FLOOD_REFUSALS)
		cr_assert_eq(waitpid(pid, NULL, WNOHANG), 0, "it has ended by itself");
	for (int i = 0; i < FLOOD_ROUNDS; i++)
		cr_assert_str_eq(watching_notice(watching, PATIENCE_S), "WATCHDOG=1");
}

static void stop_flood(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFSIGNALED(status), "it has ended by itself");
}

/* A listener without an event, one with an event, and a changed fence. */
static void expect_enforcement(const struct watching *watching, const struct cgfence_cgroup *fence)
{
	struct holder moved_in;
	struct holder made_inside;

	holder_start_excess(&moved_in, fence);
	kill(watching->program.pid, SIGHUP);
	holder_await_unreachable(&moved_in);
	holder_stop(&moved_in);
	holder_start(&made_inside, &(const struct holder_options){ .cgroup = fence,
								   .endpoint = "tcp 127.0.0.1 0" });
	holder_await_unreachable(&made_inside);
	holder_stop(&made_inside);
}

static void expect_work_during(void (*flood)(void), enum cgfence_hook hook)
{
	struct cgfence_cgroup *other = harness_child_cgroup(harness_cgroup(), "other");
	struct watching watching;
	pid_t flooding;

	harness_attach(sockets_fence(), CLOSE);
	harness_attach(other, CLOSE);
	watching_start(&watching, LONG_INTERVAL);
	flooding = start_flood(sockets_fence(), flood);
	await_flood(&watching, sockets_fence(), hook, flooding);
	expect_enforcement(&watching, other);
	kill(watching.program.pid, SIGTERM);
	program_finish(&watching.program);
	assert_done(watching.program.result);
	stop_flood(flooding);
}

Test(watch_flood, refused_binds_do_not_keep_it_from_its_work)
{
	expect_work_during(flood_with_binds, CGFENCE_HOOK_BIND);
}

Test(watch_flood, listeners_do_not_keep_it_from_its_work)
{
	expect_work_during(flood_with_listeners, CGFENCE_HOOK_LISTEN);
}

/* A fence whose path is so long that few lines fill all buffers. */
static struct cgfence_cgroup *deep_fence(char letter)
{
	struct cgfence_cgroup *fence = sockets_fence();
	char name[201];

	memset(name, letter, sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (int i = 0; i < 10; i++)
		fence = harness_child_cgroup(fence, name);
	return fence;
}

/* Floods a daemon without a reader until it has lost lines, and checks that it still works. */
static void expect_work_unread(struct watching *watching)
{
	struct cgfence_cgroup *other = harness_child_cgroup(harness_cgroup(), "other");
	struct cgfence_cgroup *fence = deep_fence('x');
	pid_t flooding;

	harness_attach(fence, CLOSE);
	harness_attach(other, CLOSE);
	flooding = start_flood(fence, flood_with_binds);
	await_flood(watching, fence, CGFENCE_HOOK_BIND, flooding);
	expect_enforcement(watching, other);
	stop_flood(flooding);
	expect_enforcement(watching, other);
}

/* The fences whose refusals it tells of in one go; of each it prints so much that together they fill all buffers. */
#define TELLING_FENCES 8
#define TELLING_REFUSALS 300

static int bind_often(void *argument)
{
	(void)argument;
	for (unsigned int port = 2; port < 2 + TELLING_REFUSALS; port++) {
		char endpoint[32];
		int fd;

		snprintf(endpoint, sizeof(endpoint), "tcp 127.0.0.1 %u", port);
		fd = endpoint_open(endpoint);
		if (fd >= 0)
			close(fd);
	}
	return 0;
}

static void tell_more_than_fits(struct watching *watching)
{
	struct cgfence_cgroup *parent = deep_fence('y');

	for (int i = 0; i < TELLING_FENCES; i++) {
		struct cgfence_cgroup *fence;
		char name[16];

		snprintf(name, sizeof(name), "telling-%d", i);
		fence = harness_child_cgroup(parent, name);
		harness_attach(fence, CLOSE);
		harness_in_cgroup(fence, bind_often, NULL);
		/* It has taken them out before those of the next come. */
		watching_round(watching);
	}
}

/* Reads whole lines of JSON until one has this event; to be given to json_decref(). */
static json_t *read_until(FILE *output, const char *event)
{
	char *line = NULL;
	size_t size = 0;

	alarm(120);
	for (;;) {
		json_t *object;

		cr_assert_gt(getline(&line, &size, output), 0, "no '%s' came", event);
		object = parse_object(line);
		if (strcmp(text_of(object, "event"), event) == 0) {
			alarm(0);
			free(line);
			return object;
		}
		json_decref(object);
	}
}

Test(watch_flood, a_pipe_that_nobody_reads_loses_lines_and_nothing_else)
{
	struct watching watching;
	struct holder holder;
	FILE *output;
	json_t *event;

	watching_start(&watching, LONG_INTERVAL);
	tell_more_than_fits(&watching);
	expect_work_unread(&watching);
	fcntl(watching.program.output, F_SETFL, 0);
	output = fdopen(watching.program.output, "r");
	event = read_until(output, "dropped");
	expect_keys(event, "event time count");
	cr_expect_gt(number_of(event, "count"), 0);
	json_decref(event);
	/* From then on all is as before. */
	harness_attach(sockets_fence(), CLOSE);
	holder_start_excess(&holder, sockets_fence());
	kill(watching.program.pid, SIGHUP);
	event = read_until(output, "violation");
	cr_expect_eq(number_of(event, "pid"), holder.pid);
	json_decref(event);
	holder_stop(&holder);
	watching.program.output = dup(watching.program.output);
	fcntl(watching.program.output, F_SETFL, O_NONBLOCK);
	fclose(output);
	watching_stop(&watching);
}

Test(watch_flood, a_pipe_that_nobody_reads_does_not_keep_it_from_ending)
{
	struct watching watching;
	int status;

	watching_start(&watching, LONG_INTERVAL);
	expect_work_unread(&watching);
	kill(watching.program.pid, SIGTERM);
	alarm(120);
	cr_assert_eq(waitpid(watching.program.pid, &status, 0), watching.program.pid);
	alarm(0);
	cr_expect_eq(status, 0);
}

Test(watch_flood, a_terminal_that_is_stopped_does_not_stop_it)
{
	const struct program_options terminal = { .terminal = true };
	struct watching watching;

	watching_start_with(&watching, &terminal, WORDS("watch", "--interval", LONG_INTERVAL));
	program_expect(&watching.program, "started");
	program_type(&watching.program, "\023"); /* Ctrl-S */
	expect_work_unread(&watching);
	program_type(&watching.program, "\021"); /* Ctrl-Q */
	program_expect(&watching.program, "denied");
	kill(watching.program.pid, SIGTERM);
	program_finish(&watching.program);
	assert_status(watching.program.result, 0);
}

Test(watch_flood, a_reader_that_goes_away_does_not_stop_it)
{
	struct watching watching;

	watching_start(&watching, LONG_INTERVAL);
	close(watching.program.output);
	watching.program.output = open("/dev/null", O_RDONLY | O_CLOEXEC);
	expect_work_unread(&watching);
	watching_stop_unwritten(&watching, strerror(EPIPE));
}

Test(watch_flood, no_standard_output_does_not_stop_it)
{
	const struct program_options full = { .output_path = "/dev/full" };
	struct watching watching;
	struct holder holder;

	harness_attach(sockets_fence(), CLOSE);
	watching_start_with(&watching, &full, WORDS("watch", "--interval", LONG_INTERVAL));
	holder_start_excess(&holder, sockets_fence());
	kill(watching.program.pid, SIGHUP);
	holder_await_unreachable(&holder);
	watching_stop_unwritten(&watching, strerror(ENOSPC));
	holder_stop(&holder);
}
