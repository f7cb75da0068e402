// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* on_violation "kill", as seen from outside of the fence. */
#include "holding.h"
#include "support/descriptors.h"
#include "cgroup/kill.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

TestSuite(reconcile_kill, .init = holding_begin, .fini = holding_end);

#define KILL "{'ports': [8080], 'on_violation': 'kill'}"

static const char *const excess[] = { "tcp 127.0.0.1 9", NULL };
static const char *const good[] = { "tcp 127.0.0.1 8080", NULL };

static int move_in(void *texts)
{
	int code = holding_listen_all(texts);

	return code ? code : -harness_enter(sockets_fence());
}

static int hold_nothing(void *argument)
{
	(void)argument;
	return 0;
}

static const struct report *expect_action(const struct reports *reports,
					  const struct cgfence_cgroup *fence, uint32_t inode,
					  enum cgfence_action action)
{
	const struct report *report = reports_find(reports, fence, inode);

	cr_assert_neq(report, NULL, "inode %u of %s is not among:%s", inode,
		      cgfence_cgroup_path(fence), reports_text(reports));
	cr_expect_eq(report->action, action, "'%s', not '%s':%s",
		     cgfence_action_name(report->action), cgfence_action_name(action),
		     reports_text(reports));
	return report;
}

Test(reconcile_kill, every_process_of_the_fence_is_killed_and_no_other)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	struct cgfence_cgroup *below = harness_child_cgroup(sockets_fence(), "below");
	pid_t guilty = holding_start(harness_cgroup(), move_in, (void *)excess);
	pid_t innocent = holding_start(below, hold_nothing, NULL);
	pid_t outside = holding_start(harness_cgroup(), hold_nothing, NULL);
	const struct reports *reports;

	harness_attach(sockets_fence(), KILL);
	reports = reports_pass(reconciler);
	cr_expect_eq(reports->count, 1, "%s", reports_text(reports));
	expect_action(reports, sockets_fence(), holding_board->inodes[0], CGFENCE_ACTION_KILLED);
	cr_expect(holding_dies(guilty));
	cr_expect(holding_dies(innocent));
	cr_expect(holding_lives(outside));
	cr_expect_not(cgroup_is_populated(sockets_fence()));
	cr_expect_eq(endpoint_try(excess[0]), 0);
	reports = reports_pass(reconciler);
	cr_expect_eq(reports->in_excess, 0);
	cr_expect_eq(reports->count, 1);
	cr_expect(reports_find_end(reports, sockets_fence(), holding_board->inodes[0]));
}

Test(reconcile_kill, udp_is_killed_too)
{
	static const char *const udp[] = { "udp ::1 9", NULL };
	pid_t guilty = holding_start(harness_cgroup(), move_in, (void *)udp);

	harness_attach(sockets_fence(), KILL);
	expect_action(reports_pass(reports_reconciler()), sockets_fence(), holding_board->inodes[0],
		      CGFENCE_ACTION_KILLED);
	cr_expect(holding_dies(guilty));
	cr_expect_not(cgroup_is_populated(sockets_fence()));
}

Test(reconcile_kill, a_fence_without_excess_lives)
{
	pid_t pid = holding_start(harness_cgroup(), move_in, (void *)good);

	harness_attach(sockets_fence(), KILL);
	cr_expect_eq(reports_pass(reports_reconciler())->in_excess, 0);
	cr_expect(holding_lives(pid));
}

/* The kill takes care of all of them, and all of them are told of. */
Test(reconcile_kill, every_excess_listener_of_the_fence_is_reported)
{
	static const char *const three[] = { "tcp 127.0.0.1 9", "udp 127.0.0.1 9", "tcp ::1 10",
					     NULL };
	struct cgfence_reconciler *reconciler = reports_reconciler();
	const struct reports *reports;

	holding_start(harness_cgroup(), move_in, (void *)three);
	harness_attach(sockets_fence(), KILL);
	reports = reports_pass(reconciler);
	for (int i = 0; i < 3; i++)
		expect_action(reports, sockets_fence(), holding_board->inodes[i],
			      CGFENCE_ACTION_KILLED);
	cr_expect_eq(reports->count, 3);
	cr_expect_eq(reports->in_excess, 3);
	reports = reports_pass(reconciler);
	cr_expect_eq(reports->count, 3, "each ends:%s", reports_text(reports));
}

/* Each holds what it inherited, makes another, and goes. They end by themselves after a while. */
static int fork_in_a_loop(void *texts)
{
	struct timespec start;
	struct timespec now;
	int code = move_in(texts);

	if (code)
		return code;
	clock_gettime(CLOCK_MONOTONIC, &start);
	holding_ready(0);
	for (pid_t pid = 0; pid == 0; pid = fork()) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		alarm(10);
		if (now.tv_sec > start.tv_sec + 30)
			break;
	}
	_exit(0);
}

Test(reconcile_kill, processes_that_fork_in_a_loop)
{
	unsigned int rounds = harness_rounds(10);

	harness_attach(sockets_fence(), KILL);
	for (unsigned int i = 0; i < rounds; i++) {
		const struct reports *reports;
		int passes = 0;

		holding_board->count = 0;
		holding_start(harness_cgroup(), fork_in_a_loop, (void *)excess);
		holding_start(sockets_fence(), hold_nothing, NULL);
		/* One pass may meet none of them. */
		do
			reports = reports_pass(reports_reconciler());
		while (reports->count == 0 && ++passes < 20);
		expect_action(reports, sockets_fence(), holding_board->inodes[0],
			      CGFENCE_ACTION_KILLED);
		cr_assert_not(cgroup_is_populated(sockets_fence()));
		cr_expect_eq(endpoint_try(excess[0]), 0);
	}
}

static struct cgfence_cgroup *inner;

static int move_further_in(void *texts)
{
	int code = holding_listen_all(texts);

	return code ? code : -harness_enter(inner);
}

Test(reconcile_kill, of_nested_fences_only_the_one_that_says_so)
{
	pid_t in_outer;
	pid_t in_inner;
	const struct reports *reports;

	inner = harness_child_cgroup(sockets_fence(), "inner");
	in_outer = holding_start(sockets_fence(), hold_nothing, NULL);
	in_inner = holding_start(harness_cgroup(), move_further_in, (void *)excess);
	harness_attach(sockets_fence(), "{'ports': [8080]}");
	harness_attach(inner, KILL);
	reports = reports_pass(reports_reconciler());
	expect_action(reports, inner, holding_board->inodes[0], CGFENCE_ACTION_KILLED);
	expect_action(reports, sockets_fence(), holding_board->inodes[0], CGFENCE_ACTION_LOGGED);
	cr_expect(holding_dies(in_inner));
	cr_expect(holding_lives(in_outer));
}

Test(reconcile_kill, the_outer_of_nested_fences_takes_the_inner_with_it)
{
	pid_t in_outer;
	pid_t in_inner;
	const struct reports *reports;

	inner = harness_child_cgroup(sockets_fence(), "inner");
	in_outer = holding_start(sockets_fence(), hold_nothing, NULL);
	in_inner = holding_start(harness_cgroup(), move_further_in, (void *)excess);
	harness_attach(sockets_fence(), KILL);
	harness_attach(inner, "{'ports': [9]}");
	reports = reports_pass(reports_reconciler());
	expect_action(reports, sockets_fence(), holding_board->inodes[0], CGFENCE_ACTION_KILLED);
	cr_expect_eq(reports->count, 1, "%s", reports_text(reports));
	cr_expect(holding_dies(in_inner));
	cr_expect(holding_dies(in_outer));
}

/* Both are violated, by one socket, and each is told of. */
Test(reconcile_kill, nested_fences_that_both_act)
{
	static const char *const actions[][2] = {
		{ KILL, KILL },
		{ "{'ports': [], 'on_violation': 'close'}", KILL },
		{ KILL, "{'ports': [], 'on_violation': 'close'}" },
		{ "{'ports': [], 'on_violation': 'close'}",
		  "{'ports': [], 'on_violation': 'close'}" },
	};

	inner = harness_child_cgroup(sockets_fence(), "inner");
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		const struct reports *reports;

		holding_board->count = 0;
		harness_attach(sockets_fence(), actions[i][0]);
		harness_attach(inner, actions[i][1]);
		holding_start(harness_cgroup(), move_further_in, (void *)excess);
		reports = reports_pass(reports_reconciler());
		cr_expect_neq(reports_find(reports, sockets_fence(), holding_board->inodes[0]),
			      NULL, "case %zu, outer:%s", i, reports_text(reports));
		cr_expect_neq(reports_find(reports, inner, holding_board->inodes[0]), NULL,
			      "case %zu, inner:%s", i, reports_text(reports));
		cgroup_kill(sockets_fence(), NULL);
	}
}

struct sending {
	const char *text;
	bool keeps;
	int ends[2];
};

static int send_out(void *argument)
{
	const struct sending *sending = argument;
	int fd = holding_listen(sending->text);

	if (fd < 0 || descriptors_send(sending->ends[1], fd))
		return 1;
	if (!sending->keeps)
		close(fd);
	return 0;
}

/* A socket that is made in the fence, of which the test has a descriptor too. */
static int receive_from_inside(struct sending *sending, pid_t *pid)
{
	int fd;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, sending->ends), 0);
	*pid = holding_start(sockets_fence(), send_out, sending);
	fd = descriptors_receive(sending->ends[0]);
	cr_assert_geq(fd, 0);
	close(sending->ends[0]);
	close(sending->ends[1]);
	return fd;
}

static int hold_in_both(const char *text, pid_t *pid)
{
	struct sending sending = { .text = text, .keeps = true };

	return receive_from_inside(&sending, pid);
}

/* Of which only the test has a descriptor in the end. */
static int hold_outside(const char *text, pid_t *pid)
{
	struct sending sending = { .text = text };

	return receive_from_inside(&sending, pid);
}

/* Killing does not reach who holds it outside; the socket is closed then. */
Test(reconcile_kill, what_was_made_inside_and_is_held_outside_is_closed_too)
{
	pid_t pid;
	int fd = hold_outside(excess[0], &pid);

	harness_attach(sockets_fence(), KILL);
	expect_action(reports_pass(reports_reconciler()), sockets_fence(), holding_board->inodes[0],
		      CGFENCE_ACTION_KILLED);
	cr_expect(holding_dies(pid));
	close(fd);
	cr_expect_eq(endpoint_try(excess[0]), 0);
}

struct keeping {
	int fd;
	int inside; /* pidfd of who holds it in the fence */
};

/* As who looks at the descriptors of all tasks does. */
static int keep_a_moment_longer(void *argument)
{
	const struct keeping *keeping = argument;
	struct pollfd end = { .fd = keeping->inside, .events = POLLIN };

	holding_ready(0);
	poll(&end, 1, -1);
	usleep(20000);
	close(keeping->fd);
	return 0;
}

/* Return: what became of a datagram socket that outlives its fence. */
static enum cgfence_action kill_what_outlives_its_fence(void)
{
	const struct report *report;
	struct keeping keeping;
	enum cgfence_action action;
	pid_t inside;
	pid_t outside;

	holding_board->count = 0;
	harness_attach(sockets_fence(), "{'ports': [9]}");
	keeping.fd = hold_in_both("udp 127.0.0.1 9", &inside);
	harness_attach(sockets_fence(), KILL);
	keeping.inside = (int)syscall(SYS_pidfd_open, inside, 0);
	cr_assert_geq(keeping.inside, 0, "%s", strerror(errno));
	outside = holding_start(harness_cgroup(), keep_a_moment_longer, &keeping);
	close(keeping.fd);
	report = reports_find(reports_pass(reports_reconciler()), sockets_fence(),
			      holding_board->inodes[0]);
	cr_assert_neq(report, NULL);
	action = report->action;
	cr_expect(holding_dies(inside));
	holding_stop(outside);
	close(keeping.inside);
	return action;
}

/* SOCK_DESTROY leaves it its port, and nobody in the fence is left to silence it by; a moment later it is gone. */
Test(reconcile_kill, a_datagram_socket_that_somebody_outside_lets_go_soon_is_no_failure)
{
	enum cgfence_action action = CGFENCE_ACTION_FAILED;

	/* Where the machine is slow, it may not be soon. */
	for (int i = 0; i < 5 && action == CGFENCE_ACTION_FAILED; i++)
		action = kill_what_outlives_its_fence();
	cr_expect_eq(action, CGFENCE_ACTION_KILLED, "'%s'", cgfence_action_name(action));
}

static bool listens(int fd)
{
	int listening = 0;
	socklen_t size = sizeof(listening);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening;
}

/* No descriptor of the fence leads to it, so that the kernel must be told exactly which socket is meant. */
Test(reconcile_kill, what_was_made_inside_is_closed_where_nobody_is_left_to_kill)
{
	static const char *const endpoints[] = {
		"tcp 127.0.0.1 9",    "tcp 0.0.0.0 9",		"tcp ::1 9",
		"tcp :: 9",	      "tcp ::ffff:127.0.0.1 9", "tcp 127.0.0.1 9 reuseport",
		"tcp :: 9 reuseport",
	};

	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
		bool shared = strstr(endpoints[i], "reuseport");
		bool detached;
		pid_t pid;
		int fd = hold_outside(endpoints[i], &pid);
		int others[6];

		holding_stop(pid);
		if (strstr(endpoints[i], "device"))
			cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3), 0);
		for (int j = 0; j < 6; j++)
			others[j] = shared ? holding_listen(endpoints[i]) : -1;
		harness_attach(sockets_fence(), KILL);
		expect_action(reports_pass(reports_reconciler()), sockets_fence(),
			      holding_board->inodes[0], CGFENCE_ACTION_CLOSED);
		cr_expect_not(listens(fd), "%s", endpoints[i]);
		close(fd);
		for (int j = 0; j < 6; j++) {
			cr_expect(!shared || listens(others[j]), "%s: %d", endpoints[i], j);
			close(others[j]);
		}
		cgfence_fence_detach(cgfence_cgroup_id(sockets_fence()), &detached, NULL);
		holding_board->count = 0;
	}
}

/* UDP keeps its port, and no descriptor in the fence leads to it: then nothing is claimed. */
Test(reconcile_kill, udp_that_only_somebody_outside_holds_is_not_called_closed)
{
	const struct report *report;
	pid_t pid;

	hold_outside("udp 127.0.0.1 9", &pid);
	holding_stop(pid);
	harness_attach(sockets_fence(), KILL);
	report = expect_action(reports_pass(reports_reconciler()), sockets_fence(),
			       holding_board->inodes[0], CGFENCE_ACTION_FAILED);
	cr_expect_neq(report->failure[0], '\0');
}

static int pass_inside(void *argument)
{
	struct cgfence_reconciler *reconciler = NULL;
	struct reports reports = { 0 };

	(void)argument;
	if (holding_listen(excess[0]) < 0 || harness_enter(sockets_fence()) ||
	    cgfence_reconciler_new(&reconciler, NULL) ||
	    cgfence_reconciler_pass(reconciler, 0, reports_add, &reports, &reports.in_excess, NULL))
		return 1;
	cgfence_reconciler_free(reconciler);
	if (reports.count != 1 || reports.items[0].action != CGFENCE_ACTION_FAILED)
		return 2;
	return strstr(reports.items[0].failure, "run it outside of the fence") ? 0 : 3;
}

Test(reconcile_kill, a_fence_that_holds_the_killer_is_left_and_that_is_said)
{
	harness_attach(sockets_fence(), KILL);
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), pass_inside, NULL), 0);
}

static int hold_with_thread_inside(void *cgroup)
{
	int code = holding_listen_all((void *)excess);

	return code ? code : holding_enter_with_thread(cgroup);
}

/* A threaded cgroup has no cgroup.kill, for no process is in it whole. */
Test(reconcile_kill, a_threaded_fence)
{
	struct cgfence_cgroup *threaded = harness_child_cgroup(sockets_fence(), "threaded");
	pid_t pid;

	holding_make_threaded(threaded);
	harness_attach(threaded, KILL);
	pid = holding_start(sockets_fence(), hold_with_thread_inside, threaded);
	expect_action(reports_pass(reports_reconciler()), threaded, holding_board->inodes[0],
		      CGFENCE_ACTION_KILLED);
	cr_expect_not(cgroup_is_populated(threaded));
	cr_expect(holding_dies(pid));
	cr_expect_eq(endpoint_try(excess[0]), 0);
}
