// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The listen guard, against listeners that no bind hook saw. The kernel decides which one a fence has, so each test
 * expects what that kind of guard can do.
 */
#include "base/boot_time.h"
#include "support/sockets.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(port_listen, .init = sockets_begin, .fini = harness_end);

#define EVENTS_PIN "/sys/fs/bpf/cgfence/events"

static const char *const unseen[] = {
	"tcp 127.0.0.1 0",
	"tcp ::1 0",
	"tcp :: 0",
	"tcp 0.0.0.0 0",
	"tcp 127.0.0.1 unbound",
	"tcp ::1 unbound",
	"tcp 127.0.0.1 0 noport",
	"tcp ::1 0 noport",
	"tcp ::ffff:127.0.0.1 0",
	"tcp :: 0 v6only",
};

#define UNSEEN_COUNT (sizeof(unseen) / sizeof(unseen[0]))

static void skip_without_guard(void)
{
	if (sockets_guard(sockets_fence()) == CGFENCE_GUARD_NONE)
		sockets_skip("this kernel has no listen guard");
}

static void expect_guarded(const char *policy)
{
	enum cgfence_listen_guard guard;
	struct refusals refusals;

	harness_attach(sockets_fence(), policy);
	skip_without_guard();
	guard = sockets_guard(sockets_fence());
	for (size_t i = 0; i < UNSEEN_COUNT; i++) {
		int result = sockets_listen(sockets_fence(), unseen[i]);

		cr_expect_eq(result, sockets_guarded_result(guard), "%s: %d, guard %d", unseen[i],
			     result, guard);
	}
	refusals = sockets_refusals(sockets_fence());
	cr_expect_eq(
		refusals.counters.refusals[CGFENCE_HOOK_LISTEN][sockets_guarded_verdict(guard)],
		UNSEEN_COUNT);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_LISTEN), UNSEEN_COUNT);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_BIND), 0);
	free(refusals.records);
}

Test(port_listen, a_listener_that_no_bind_hook_saw_is_guarded)
{
	expect_guarded("{'ports': [8080]}");
	cr_expect_neq(sockets_guard(sockets_fence()), CGFENCE_GUARD_KILL, "the policy only logs");
}

Test(port_listen, with_nothing_assigned_it_is_guarded_too)
{
	expect_guarded("{'ports': {}, 'on_violation': 'close'}");
	cr_expect_neq(sockets_guard(sockets_fence()), CGFENCE_GUARD_KILL, "the policy only closes");
}

Test(port_listen, a_policy_that_kills_does_so_before_listen_returns_where_it_can)
{
	expect_guarded("{'ports': [8080], 'on_violation': 'kill'}");
}

Test(port_listen, audit_mode_lets_every_listener_be)
{
	struct refusals refusals;

	harness_attach(sockets_fence(),
		       "{'enforce': false, 'ports': [8080], 'on_violation': 'kill'}");
	skip_without_guard();
	for (size_t i = 0; i < UNSEEN_COUNT; i++)
		cr_expect_eq(sockets_listen(sockets_fence(), unseen[i]), 0, "%s", unseen[i]);
	refusals = sockets_refusals(sockets_fence());
	cr_expect_eq(refusals.counters.refusals[CGFENCE_HOOK_LISTEN][CGFENCE_VERDICT_AUDITED],
		     UNSEEN_COUNT);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_LISTEN), UNSEEN_COUNT);
	free(refusals.records);
}

static int listen_twice(void *argument)
{
	int fd = endpoint_open(argument);

	return fd >= 0 && listen(fd, 1) == 0 && listen(fd, 64) == 0 ? 0 : 1;
}

Test(port_listen, listening_on_an_assigned_port_is_fine_and_so_is_a_new_backlog)
{
	static const char *const assigned[] = { "tcp 127.0.0.1 8080", "tcp ::1 8080", "tcp :: 8080",
						"tcp ::ffff:127.0.0.1 8080", "tcp :: 8080 v6only" };

	harness_attach(sockets_fence(), "{'ports': [8080], 'on_violation': 'kill'}");
	for (size_t i = 0; i < sizeof(assigned) / sizeof(assigned[0]); i++)
		cr_expect_eq(harness_in_cgroup(sockets_fence(), listen_twice, (void *)assigned[i]),
			     0, "%s", assigned[i]);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_LISTEN), 0);
}

Test(port_listen, whoever_has_every_tcp_port_may_listen_on_any)
{
	harness_attach(sockets_fence(), "{'ports': {'tcp': 'any'}, 'on_violation': 'kill'}");
	for (size_t i = 0; i < UNSEEN_COUNT; i++)
		cr_expect_eq(sockets_listen(sockets_fence(), unseen[i]), 0, "%s", unseen[i]);
	cr_expect_eq(sockets_guard(sockets_fence()), CGFENCE_GUARD_NONE,
		     "there is nothing to guard");
}

Test(port_listen, mptcp_listeners_are_guarded_as_tcp)
{
	enum cgfence_listen_guard guard;

	sockets_skip_without("mptcp 127.0.0.1 unbound");
	harness_attach(sockets_fence(), "{'ports': [8080], 'on_violation': 'kill'}");
	skip_without_guard();
	guard = sockets_guard(sockets_fence());
	cr_expect_eq(sockets_listen(sockets_fence(), "mptcp 127.0.0.1 8080"), 0);
	cr_expect_eq(sockets_listen(sockets_fence(), "mptcp :: 8080"), 0);
	cr_expect_eq(sockets_listen(sockets_fence(), "mptcp 127.0.0.1 0"),
		     sockets_guarded_result(guard));
	cr_expect_eq(sockets_listen(sockets_fence(), "mptcp ::1 unbound"),
		     sockets_guarded_result(guard));
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_LISTEN), 2);
}

/* The result of the child; in a pipe, since it may not live to return it. */
struct told {
	const char *endpoint;
	int pipe[2];
};

static int tell_port_and_listen(void *argument)
{
	struct told *told = argument;
	int fd = endpoint_open(told->endpoint);
	uint16_t port = endpoint_port(fd);

	prctl(PR_SET_NAME, "listener");
	if (fd < 0 || write(told->pipe[1], &port, sizeof(port)) != sizeof(port))
		return SOCKETS_FAILED;
	return listen(fd, 8) < 0 ? errno : 0;
}

/* A child that listens after bind(0): its pid and port. */
static void listen_in_fence(const char *endpoint, pid_t *pid, uint16_t *port)
{
	struct told told = { .endpoint = endpoint };

	cr_assert_eq(pipe(told.pipe), 0);
	*pid = harness_fork();
	if (*pid == 0)
		_exit(harness_enter(sockets_fence()) ? 255 : tell_port_and_listen(&told));
	waitpid(*pid, NULL, 0);
	cr_assert_eq(read(told.pipe[0], port, sizeof(*port)), (ssize_t)sizeof(*port));
	close(told.pipe[0]);
	close(told.pipe[1]);
}

static void expect_record(const char *endpoint, enum cgfence_family family)
{
	enum cgfence_listen_guard guard = sockets_guard(sockets_fence());
	const struct cgfence_denial_record *record;
	struct refusals refusals;
	uint16_t port;
	pid_t pid;

	listen_in_fence(endpoint, &pid, &port);
	refusals = sockets_refusals(sockets_fence());
	cr_assert_gt(refusals.count, 0, "%s", endpoint);
	record = &refusals.records[refusals.count - 1];
	cr_expect_eq(record->subject.hook, CGFENCE_HOOK_LISTEN);
	cr_expect_eq(record->subject.verdict, sockets_guarded_verdict(guard));
	cr_expect_eq(record->subject.type, IPPROTO_TCP);
	cr_expect_eq(record->subject.access, family, "%s", endpoint);
	cr_expect_eq(record->subject.major, port);
	cr_expect_eq(record->subject.minor, 0);
	cr_expect_eq(record->pid, sockets_misses("who") ? 0 : (uint32_t)pid);
	cr_expect_str_eq(record->comm, sockets_misses("who") ? "" : "listener");
	cr_expect_eq(record->count, 1);
	free(refusals.records);
}

Test(port_listen, a_guarded_listener_is_recorded_with_who_and_where)
{
	harness_attach(sockets_fence(), "{'ports': [8080], 'on_violation': 'kill'}");
	skip_without_guard();
	expect_record("tcp 127.0.0.1 0", CGFENCE_IPV4);
	expect_record("tcp ::1 0", CGFENCE_IPV6);
	expect_record("tcp :: 0", CGFENCE_IPV6);
	harness_attach(sockets_fence(), "{'ports': [8080]}");
	expect_record("tcp 127.0.0.1 0", CGFENCE_IPV4);
}

struct received {
	struct cgfence_event event;
	unsigned int count;
};

static int receive_event(void *context, void *data, size_t size)
{
	struct received *received = context;

	cr_expect_geq(size, sizeof(struct cgfence_plain_event));
	memcpy(&received->event, data, sizeof(struct cgfence_plain_event));
	received->count++;
	return 0;
}

/* All events in the ring buffer now. */
static struct received receive_events(void)
{
	struct received received = { 0 };
	int map = bpf_obj_get(EVENTS_PIN);
	struct ring_buffer *ring;

	cr_assert_geq(map, 0, "%s: %s", EVENTS_PIN, strerror(errno));
	ring = ring_buffer__new(map, receive_event, &received, NULL);
	cr_assert_neq(ring, NULL);
	cr_expect_geq(ring_buffer__consume(ring), 0);
	ring_buffer__free(ring);
	close(map);
	return received;
}

static void expect_event(const char *policy, const char *endpoint, enum cgfence_family family)
{
	uint64_t before = boot_time_ns();
	struct received received;
	uint16_t port;
	pid_t pid;

	harness_attach(sockets_fence(), policy);
	if (sockets_guard(sockets_fence()) == CGFENCE_GUARD_DENY)
		sockets_skip("with the deny guard no listener is left to report");
	skip_without_guard();
	listen_in_fence(endpoint, &pid, &port);
	received = receive_events();
	cr_assert_eq(received.count, 1, "%s: %u events", policy, received.count);
	cr_expect_eq(received.event.cgroup_id, cgfence_cgroup_id(sockets_fence()));
	cr_expect_eq(received.event.record.subject.major, port);
	cr_expect_eq(received.event.record.subject.access, family);
	cr_expect_eq(received.event.record.subject.type, IPPROTO_TCP);
	if (sockets_misses("who"))
		pid = 0;
	cr_expect_eq(received.event.record.pid, (uint32_t)pid, "the event names pid %u, not %d",
		     received.event.record.pid, pid);
	cr_expect_neq(received.event.socket_cookie, 0);
	cr_expect_geq(received.event.record.last_ns, before);
	cr_expect_leq(received.event.record.last_ns, boot_time_ns());
}

Test(port_listen, an_event_wakes_the_reconciler)
{
	expect_event("{'ports': [8080]}", "tcp 127.0.0.1 0", CGFENCE_IPV4);
	expect_event("{'ports': [8080], 'on_violation': 'close'}", "tcp ::1 0", CGFENCE_IPV6);
	expect_event("{'ports': [8080], 'on_violation': 'kill'}", "tcp 127.0.0.1 0", CGFENCE_IPV4);
	expect_event("{'enforce': false, 'ports': [8080]}", "tcp :: 0", CGFENCE_IPV6);
}

Test(port_listen, an_allowed_listener_makes_no_event)
{
	struct received received;

	harness_attach(sockets_fence(), "{'ports': [8080]}");
	skip_without_guard();
	if (sockets_guard(sockets_fence()) == CGFENCE_GUARD_DENY)
		sockets_skip("with the deny guard no listener is left to report");
	cr_expect_eq(sockets_listen(sockets_fence(), "tcp 127.0.0.1 8080"), 0);
	received = receive_events();
	cr_expect_eq(received.count, 0);
}
