// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Many sockets that share one port by SO_REUSEPORT. The kernel finds the one of them that it chooses, so to look for a
 * certain one takes as long as the group is large. Here the units of work are counted, between which a pass yields.
 */
#include "hiding.h"
#include "holding.h"

#include <cgfence/yield.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(reconcile_group, .init = holding_begin, .fini = holding_end);

#define MEMBERS 200

/*
 * For each member at most. A busy machine looks again more often, at most 50 times in all (presence.c); to look for each
 * member by itself takes MEMBERS or more.
 */
#define UNITS 100

/* The kernel may leave some out of a list while others of the host come and go before them in its table. */
#define LEFT_OUT 10
#define PASSES 10

#define CLOSE "{'ports': [9], 'on_violation': 'close'}"
#define KILL "{'ports': [9], 'on_violation': 'kill'}"

struct group {
	const char *text;
	hiding_way *way; /* NULL for descriptors */
};

static int open_member(const char *text)
{
	int fd = endpoint_open(text);

	if (fd >= 0 && strncmp(text, "tcp", 3) == 0 && listen(fd, 64) < 0)
		return -errno;
	return fd;
}

static int open_members(const struct group *group)
{

	for (int i = 0; i < MEMBERS; i++) {
		int fd = open_member(group->text);
		int code = fd >= 0 && group->way ? group->way(fd) : 0;

		if (fd < 0 || code)
			return fd < 0 ? -fd : code;
	}
	return 0;
}

static int open_and_move_in(void *group)
{
	int code = open_members(group);

	return code ? code : -harness_enter(sockets_fence());
}

/* Has another process outside of the fence hold them, too. */
static int open_and_share(void *group)
{
	int code = open_members(group);
	pid_t pid = code ? 0 : fork();

	if (code || pid < 0)
		return code ? code : errno;
	if (pid == 0) {
		holding_limit();
		holding_ready(harness_enter(harness_cgroup()));
	}
	holding_wait();
}

static bool listens(int fd)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value;
}

static void count(void *context)
{
	++*(size_t *)context;
}

static const struct reports *counted_pass(struct cgfence_reconciler *reconciler, size_t *units)
{
	const struct reports *reports;

	*units = 0;
	cgfence_yield_set(count, 0, units);
	reports = reports_pass(reconciler);
	cgfence_yield_set(NULL, 0, NULL);
	return reports;
}

static void expect_all(const struct reports *reports, const char *text, enum cgfence_action action)
{
	size_t done = 0;

	for (size_t i = 0; i < reports->count; i++) {
		const struct report *report = &reports->items[i];

		done += report->rest ? report->rest_actions[action] : report->action == action;
	}
	cr_expect_geq(done, MEMBERS - LEFT_OUT, "%s: %zu,%s", text, done, reports_text(reports));
}

static void expect_bounded(const char *text, size_t units)
{
	cr_expect_lt(units, UNITS * MEMBERS, "%s: %zu units of work for %d members", text, units,
		     MEMBERS);
}

static void expect_all_gone(struct cgfence_reconciler *reconciler)
{
	size_t left = 1;

	for (int i = 0; i < PASSES && left; i++)
		left = reports_pass(reconciler)->in_excess;
	cr_expect_eq(left, 0);
}

/* Sockets of UDP keep their ports, and stay in excess. */
static void expect_linear(const struct group *group, const char *policy, enum cgfence_action action)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	size_t units;

	holding_start(harness_cgroup(), open_and_move_in, (void *)group);
	harness_attach(sockets_fence(), policy);
	expect_all(counted_pass(reconciler, &units), group->text, action);
	expect_bounded(group->text, units);
	if (action == CGFENCE_ACTION_CLOSED)
		expect_all_gone(reconciler);
	else
		cr_expect_geq(reports_pass(reconciler)->in_excess, MEMBERS - LEFT_OUT);
	cgfence_reconciler_free(reconciler);
}

Test(reconcile_group, tcp)
{
	expect_linear(&(struct group){ .text = "tcp 127.0.0.1 7 reuseport" }, CLOSE,
		      CGFENCE_ACTION_CLOSED);
}

Test(reconcile_group, tcp_of_ipv6)
{
	expect_linear(&(struct group){ .text = "tcp :: 7 reuseport" }, CLOSE,
		      CGFENCE_ACTION_CLOSED);
}

Test(reconcile_group, udp)
{
	expect_linear(&(struct group){ .text = "udp 127.0.0.1 7 reuseport" }, CLOSE,
		      CGFENCE_ACTION_SILENCED);
}

/* Only one of them is in the fence; the kernel mostly finds the others. */
Test(reconcile_group, others_stay)
{
	const struct reports *reports;
	size_t units;
	int members[MEMBERS];
	pid_t pid;

	/* First, so that its process does not inherit the others. */
	holding_share("tcp 127.0.0.1 7 reuseport", &pid);
	for (int i = 0; i < MEMBERS; i++)
		members[i] = open_member("tcp 127.0.0.1 7 reuseport");
	harness_attach(sockets_fence(), CLOSE);
	reports = counted_pass(reports_reconciler(), &units);
	reports_expect(reports, sockets_fence(), holding_board->inodes[0], CGFENCE_ACTION_CLOSED);
	cr_expect_eq(reports->count, 1, "%s", reports_text(reports));
	for (int i = 0; i < MEMBERS; i++)
		cr_expect(listens(members[i]), "member %d", i);
}

/* They outlive the kill, since another process outside holds them too, and are closed after it. */
Test(reconcile_group, killed)
{
	struct group group = { .text = "tcp 127.0.0.1 7 reuseport" };
	struct cgfence_reconciler *reconciler = reports_reconciler();
	const struct reports *reports;
	size_t units;
	pid_t pid;

	harness_attach(sockets_fence(), "{'ports': [7]}");
	pid = holding_start(sockets_fence(), open_and_share, &group);
	harness_attach(sockets_fence(), KILL);
	reports = counted_pass(reconciler, &units);
	cr_expect_geq(reports->in_excess, MEMBERS - LEFT_OUT, "%zu", reports->in_excess);
	expect_bounded(group.text, units);
	cr_expect(holding_dies(pid));
	expect_all_gone(reconciler);
}

/* Nobody can be asked for a descriptor of them. */
Test(reconcile_group, on_their_way)
{
	holding_skip_without_iterator();
	expect_linear(&(struct group){ .text = "tcp 127.0.0.1 7 reuseport",
				       .way = hiding_on_stream },
		      CLOSE, CGFENCE_ACTION_CLOSED);
}
