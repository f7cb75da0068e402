// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Acting on the one listener of a kernel event; the events are made by hand, since no guard is needed. */
#include "holding.h"
#include "support/namespaces.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SO_COOKIE
#define SO_COOKIE 57
#endif

TestSuite(reconcile_event, .init = holding_begin, .fini = holding_end);

#define CLOSE "{'ports': [8080], 'on_violation': 'close'}"
#define KILL "{'ports': [8080], 'on_violation': 'kill'}"

static int keep_and_enter(void *inode)
{
	holding_keep(*(uint32_t *)inode);
	return -harness_enter(sockets_fence());
}

/* A listener of a process in the fence, and its event. The test holds it too. */
static int listen_inside(const char *text, struct cgfence_event *event)
{
	int fd = holding_listen(text);
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);
	pid_t pid;

	cr_assert_geq(fd, 0, "%s: %s", text, strerror(-fd));
	cr_assert_eq(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size), 0);
	pid = holding_start(harness_cgroup(), keep_and_enter,
			    &holding_board->inodes[holding_board->count - 1]);
	*event = (struct cgfence_event){
		.cgroup_id = cgfence_cgroup_id(sockets_fence()),
		.socket_cookie = cookie,
		.record = {
			.subject = {
				.hook = CGFENCE_HOOK_LISTEN,
				.verdict = CGFENCE_VERDICT_AUDITED,
				.type = IPPROTO_TCP,
				.major = endpoint_port(fd),
			},
			.pid = (uint32_t)pid,
			.count = 1,
			.comm = "caller",
		},
	};
	return fd;
}

static const struct reports *handle(struct cgfence_reconciler *reconciler,
				    const struct cgfence_event *event)
{
	static struct reports reports;
	struct cgfence_error error = { 0 };

	reports.count = 0;
	cr_assert_eq(cgfence_reconciler_handle(reconciler, event, reports_add, &reports, &error), 0,
		     "%s", error.text);
	return &reports;
}

static bool listens(int fd)
{
	int listening = 0;
	socklen_t size = sizeof(listening);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening;
}

Test(reconcile_event, the_listener_is_acted_on_and_its_caller_named)
{
	static const char *const endpoints[] = { "tcp 127.0.0.1 9", "tcp :: 10", "tcp ::1 11",
						 "tcp ::ffff:127.0.0.1 12" };
	struct cgfence_reconciler *reconciler = reports_reconciler();

	harness_attach(sockets_fence(), CLOSE);
	for (uint32_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
		struct cgfence_event event;
		const struct report *report;
		const struct reports *reports;
		int fd = listen_inside(endpoints[i], &event);

		reports = handle(reconciler, &event);
		cr_expect_eq(reports->count, 1, "%s", reports_text(reports));
		report = reports_find(reports, sockets_fence(), holding_board->inodes[i]);
		cr_assert_neq(report, NULL, "%s:%s", endpoints[i], reports_text(reports));
		cr_expect_eq(report->action, CGFENCE_ACTION_CLOSED);
		cr_expect_eq(report->pid, event.record.pid);
		cr_expect_str_eq(report->comm, "caller");
		cr_expect_neq(report->cmdline[0], '\0');
		cr_expect_str_eq(report->member, cgfence_cgroup_path(sockets_fence()));
		cr_expect_not(listens(fd));
	}
}

Test(reconcile_event, no_other_listener_is_touched)
{
	struct cgfence_event event;
	struct cgfence_event other;
	int first = listen_inside("tcp 127.0.0.1 9 reuseport", &other);
	int second = listen_inside("tcp 127.0.0.1 9 reuseport", &event);

	harness_attach(sockets_fence(), CLOSE);
	cr_expect_eq(handle(reports_reconciler(), &event)->count, 1);
	cr_expect(listens(first));
	cr_expect_not(listens(second));
}

Test(reconcile_event, the_fence_is_killed_if_it_says_so)
{
	struct cgfence_event event;
	const struct reports *reports;

	listen_inside("tcp 127.0.0.1 9", &event);
	harness_attach(sockets_fence(), KILL);
	reports = handle(reports_reconciler(), &event);
	cr_assert_eq(reports->count, 1);
	cr_expect_eq(reports->items[0].action, CGFENCE_ACTION_KILLED);
	cr_expect(holding_dies((pid_t)event.record.pid));
}

/* The pass knows the earlier report, and finds the end. */
Test(reconcile_event, what_an_event_reported_is_not_reported_again_by_a_pass)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	struct cgfence_event event;
	const struct reports *reports;
	int fd = listen_inside("tcp 127.0.0.1 9", &event);

	harness_attach(sockets_fence(), "{'ports': [8080]}");
	cr_expect_eq(handle(reconciler, &event)->count, 1);
	cr_expect_eq(handle(reconciler, &event)->count, 0);
	reports = reports_pass(reconciler);
	cr_expect_eq(reports->count, 0, "%s", reports_text(reports));
	cr_expect_eq(reports->in_excess, 1);
	close(fd);
	holding_stop((pid_t)event.record.pid);
	reports = reports_pass(reconciler);
	cr_expect(reports_find_end(reports, sockets_fence(), holding_board->inodes[0]), "%s",
		  reports_text(reports));
}

/* An event is about one socket, so it cannot show that another is gone. */
Test(reconcile_event, an_event_ends_nothing)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	struct cgfence_event first;
	struct cgfence_event second;
	const struct reports *reports;

	listen_inside("tcp 127.0.0.1 9", &first);
	listen_inside("tcp 127.0.0.2 9", &second);
	harness_attach(sockets_fence(), "{'ports': [8080]}");
	cr_expect_eq(handle(reconciler, &first)->count, 1);
	reports = handle(reconciler, &second);
	cr_expect_eq(reports->count, 1, "%s", reports_text(reports));
	cr_expect_not(reports->items[0].ended);
}

/* Before an event is read, everything in it may have changed. */
Test(reconcile_event, an_event_that_came_too_late)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	struct cgfence_event event;
	struct cgfence_event changed;
	const struct report *report;
	const struct reports *reports;
	bool detached;
	int fd = listen_inside("tcp 127.0.0.1 9", &event);

	harness_attach(sockets_fence(), "{'ports': [9], 'on_violation': 'kill'}");
	cr_expect_eq(handle(reconciler, &event)->count, 0, "the port is assigned");
	harness_attach(sockets_fence(), KILL);
	changed = event;
	changed.socket_cookie++;
	cr_expect_eq(handle(reconciler, &changed)->count, 0, "it was another socket");
	changed = event;
	changed.record.subject.major = 10;
	cr_expect_eq(handle(reconciler, &changed)->count, 0, "it has another port");
	changed = event;
	changed.cgroup_id = cgfence_cgroup_id(harness_cgroup());
	cr_expect_eq(handle(reconciler, &changed)->count, 0, "the fence is gone");
	cr_expect(listens(fd));
	cr_expect(holding_lives((pid_t)event.record.pid));
	/* The pid belongs to a process outside the fence by now. */
	harness_attach(sockets_fence(), "{'ports': [8080]}");
	changed = event;
	changed.record.pid = (uint32_t)getpid();
	reports = handle(reconciler, &changed);
	report = reports_find(reports, sockets_fence(), holding_board->inodes[0]);
	cr_assert_neq(report, NULL, "%s", reports_text(reports));
	cr_expect_eq(report->pid, 0);
	cr_expect_str_eq(report->comm, "");
	cgfence_fence_detach(cgfence_cgroup_id(sockets_fence()), &detached, NULL);
	cr_expect_eq(handle(reconciler, &event)->count, 0, "the fence was detached");
}

static int listen_elsewhere(void *argument)
{
	struct cgfence_event *event = argument;
	socklen_t size = sizeof(event->socket_cookie);
	int fd = namespaces_enter_net() ? -1 : holding_listen("tcp 127.0.0.1 9");

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_COOKIE, &event->socket_cookie, &size) < 0)
		return 1;
	holding_board->word = (uint32_t)event->socket_cookie;
	return -harness_enter(sockets_fence());
}

Test(reconcile_event, the_network_namespace_of_the_caller_is_looked_at)
{
	struct cgfence_event event = {
		.cgroup_id = cgfence_cgroup_id(sockets_fence()),
		.record.subject = { .type = IPPROTO_TCP, .major = 9 },
	};

	event.record.pid = (uint32_t)holding_start(harness_cgroup(), listen_elsewhere, &event);
	event.socket_cookie = holding_board->word;
	harness_attach(sockets_fence(), CLOSE);
	cr_expect_eq(handle(reports_reconciler(), &event)->count, 0, "only the host's count");
	harness_attach(sockets_fence(), "{'ports': [], 'on_violation': 'close', 'netns': 'any'}");
	cr_expect_eq(handle(reports_reconciler(), &event)->count, 1);
}
