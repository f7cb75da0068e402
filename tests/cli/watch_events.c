// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The daemon and the events of the kernel: whose come first, and what it says of them. */
#include "holder.h"
#include "watching.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(watch_events, .init = sockets_begin, .fini = harness_end, .timeout = 600);

#define CLOSE "{'ports': [1], 'on_violation': 'close'}"

/* More than the kernel has room for. */
#define MANY 3000

/* More than it tells of in a second, and as many as the kernel has room for. */
#define SOME 350

static int bind_to_each(void *argument)
{
	unsigned int count = *(const unsigned int *)argument;

	for (unsigned int port = 2; port < 2 + count; port++) {
		char endpoint[32];
		int fd;

		snprintf(endpoint, sizeof(endpoint), "tcp 127.0.0.1 %u", port);
		fd = endpoint_open(endpoint);
		if (fd >= 0)
			return 1;
	}
	return 0;
}

static void refuse(const struct cgfence_cgroup *fence, unsigned int count)
{
	cr_assert_eq(harness_in_cgroup(fence, bind_to_each, &count), 0);
}

/* Listens on ports that the kernel chooses, and closes each of them. */
static int listen_often(void *argument)
{
	(void)argument;
	for (int i = 0; i < MANY; i++) {
		int fd = endpoint_open("tcp 127.0.0.1 0");

		if (fd < 0)
			return 1;
		listen(fd, 1);
		close(fd);
	}
	return 0;
}

/* The same of a socket that was made outside, which listens again each time. */
static int listen_from_outside(void *argument)
{
	int fd = endpoint_open("tcp 127.0.0.1 0");

	if (fd < 0 || harness_enter(argument))
		return 1;
	for (int i = 0; i < MANY; i++) {
		if (listen(fd, 1) < 0 || shutdown(fd, SHUT_RDWR) < 0)
			return 1;
	}
	return 0;
}

static void need_events(const struct cgfence_cgroup *fence)
{
	enum cgfence_listen_guard guard = sockets_guard(fence);

	if (guard == CGFENCE_GUARD_NONE || guard == CGFENCE_GUARD_DENY)
		sockets_skip("the listen guard of this kernel leaves nothing to report");
}

/* Ends it; in its output @first must come before @second. */
static void expect_order(struct watching *watching, const char *first, const char *second)
{
	const char *one;
	const char *two;

	kill(watching->program.pid, SIGTERM);
	program_finish(&watching->program);
	close(watching->notify);
	one = strstr(watching->program.result.output, first);
	two = strstr(watching->program.result.output, second);
	cr_assert(one, "no %s", first);
	cr_assert(two, "no %s", second);
	cr_expect_lt(one, two, "%s came later", first);
}

/* Skips the test where nothing tells of a socket that was made outside. */
static void need_caller(const struct cgfence_cgroup *fence)
{
	json_t *status = program_status(fence);
	json_t *missing = json_object_get(status, "missing");
	json_t *name;
	size_t i;

	json_array_foreach (missing, i, name) {
		if (strcmp(json_string_value(name), "caller") == 0)
			sockets_skip("this kernel does not tell who listens");
	}
	json_decref(status);
}

/*
 * While it does not look, one fence makes more events than there is room for, and then another one's listener comes.
 * @from: where the flood starts
 */
static void expect_first(const struct cgfence_cgroup *from, int (*flood)(void *argument),
			 void *argument, const char *words)
{
	struct cgfence_cgroup *other = harness_child_cgroup(harness_cgroup(), "other");
	struct watching watching;
	struct holder holder;
	char violation[64];

	harness_attach(sockets_fence(), CLOSE);
	harness_attach(other, CLOSE);
	need_events(other);
	watching_start(&watching, LONG_INTERVAL);
	watching_expect_sleep(&watching);
	kill(watching.program.pid, SIGSTOP);
	cr_assert_eq(harness_in_cgroup(from, flood, argument), 0);
	holder_start(&holder, &(const struct holder_options){ .cgroup = other,
							      .endpoint = "tcp 127.0.0.1 0" });
	kill(watching.program.pid, SIGCONT);
	watching_skip(&watching, "violation");
	watching_skip(&watching, words);
	snprintf(violation, sizeof(violation), "\"pid\":%d,", holder.pid);
	expect_order(&watching, violation, words);
	holder_stop(&holder);
}

Test(watch_events, refusals_of_one_fence_come_after_the_listener_of_another)
{
	unsigned int count = MANY;

	expect_first(sockets_fence(), bind_to_each, &count, "denied");
}

Test(watch_events, so_do_listeners_of_one_fence)
{
	harness_attach(sockets_fence(), CLOSE);
	expect_first(sockets_fence(), listen_often, NULL,
		     sockets_guard(sockets_fence()) == CGFENCE_GUARD_MUTE ? "muted" : "seen");
}

Test(watch_events, so_do_those_of_sockets_that_were_made_outside)
{
	harness_attach(sockets_fence(), CLOSE);
	need_caller(sockets_fence());
	expect_first(harness_cgroup(), listen_from_outside, sockets_fence(), "seen");
}

Test(watch_events, refusals_that_come_too_fast_are_counted)
{
	struct watching watching;
	json_t *event;

	harness_attach(sockets_fence(), CLOSE);
	watching_start(&watching, LONG_INTERVAL);
	kill(watching.program.pid, SIGSTOP);
	refuse(sockets_fence(), SOME);
	kill(watching.program.pid, SIGCONT);
	event = watching_event(&watching, "omitted");
	expect_keys(event, "event time cgroup count");
	cr_expect_str_eq(text_of(event, "cgroup"), cgfence_cgroup_path(sockets_fence()));
	cr_expect_eq(number_of(event, "count"), SOME - 200);
	json_decref(event);
	/* And then it sleeps again. */
	watching_expect_sleep(&watching);
	watching_stop(&watching);
}

Test(watch_events, what_was_refused_before_its_start_is_not_told)
{
	struct watching watching;
	json_t *event;

	harness_attach(sockets_fence(), CLOSE);
	refuse(sockets_fence(), 3);
	watching_start(&watching, LONG_INTERVAL);
	cr_assert_eq(sockets_bind(sockets_fence(), "tcp 127.0.0.1 7001"), EPERM);
	event = watching_event(&watching, "denied");
	cr_expect_eq(number_of(event, "port"), 7001, "an old one is told");
	json_decref(event);
	watching_stop(&watching);
}

Test(watch_events, a_refusal_of_a_cgroup_that_is_gone_has_its_names)
{
	struct cgfence_cgroup *gone = NULL;
	struct watching watching;
	json_t *event;

	cr_assert_eq(cgfence_cgroup_create(sockets_fence(), "gone", &gone, NULL), 0);
	harness_attach(gone, "{'name': 'a label', 'ports': [1]}");
	watching_start(&watching, LONG_INTERVAL);
	kill(watching.program.pid, SIGSTOP);
	/* It looks for fences first, and at the refusals then. */
	kill(watching.program.pid, SIGHUP);
	refuse(gone, 1);
	cr_assert_eq(cgfence_cgroup_remove(gone, NULL), 0);
	kill(watching.program.pid, SIGCONT);
	event = watching_event(&watching, "denied");
	cr_expect_str_eq(text_of(event, "cgroup"), cgfence_cgroup_path(gone));
	cr_expect_str_eq(text_of(event, "name"), "a label");
	json_decref(event);
	cgfence_cgroup_close(gone);
	watching_stop(&watching);
}
