// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The reconciler takes each member for the root of a fence of its own. */
#include "standing.h"
#include "../reconcile/holding.h"
#include "cgroup/kill.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

TestSuite(standing_reconcile, .init = holding_begin, .fini = holding_end);

static const char *const excess[] = { "tcp 127.0.0.1 9", NULL };

static void detach_all(void)
{
	uint64_t *ids = NULL;
	size_t count = 0;
	bool detached;

	cr_assert_eq(cgfence_fence_list(&ids, &count, NULL), 0);
	for (size_t i = 0; i < count; i++)
		cgfence_fence_detach(ids[i], &detached, NULL);
	free(ids);
}

/* Starts a process in a member that was moved in with its listener. */
static pid_t move_in(const struct cgfence_cgroup *member, const char *const *texts)
{
	pid_t pid = holding_start(harness_cgroup(), holding_listen_all, (void *)texts);
	char text[16];
	int fd = openat(cgfence_cgroup_fd(member), "cgroup.procs", O_WRONLY | O_CLOEXEC);
	int length = snprintf(text, sizeof(text), "%d", (int)pid);

	cr_assert_eq(write(fd, text, (size_t)length), length);
	close(fd);
	return pid;
}

Test(standing_reconcile, the_member_is_killed_and_not_what_is_beside_it)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	struct cgfence_cgroup *one = harness_child_cgroup(harness_cgroup(), "m-1");
	struct cgfence_cgroup *two = harness_child_cgroup(harness_cgroup(), "m-2");
	struct cgfence_cgroup *other = harness_child_cgroup(harness_cgroup(), "o-1");
	const struct reports *reports;
	pid_t guilty;
	pid_t innocent;
	pid_t outside;

	standing_attach("m-*", "{'ports': [8080], 'on_violation': 'kill'}");
	guilty = move_in(one, excess);
	innocent = holding_start(two, holding_nothing, NULL);
	outside = holding_start(other, holding_nothing, NULL);
	reports = reports_pass(reconciler);
	cr_expect_eq(reports->count, 1, "%s", reports_text(reports));
	reports_expect(reports, one, holding_board->inodes[0], CGFENCE_ACTION_KILLED);
	cr_expect(holding_dies(guilty));
	cr_expect(holding_lives(innocent));
	cr_expect(holding_lives(outside));
	reports = reports_pass(reconciler);
	cr_expect(reports_find_end(reports, one, holding_board->inodes[0]));
	detach_all();
}

Test(standing_reconcile, a_listener_of_two_fences_of_one_member_is_closed_once_and_told_for_both)
{
	struct cgfence_cgroup *member = harness_child_cgroup(harness_cgroup(), "m-1");
	const struct reports *reports;
	pid_t pid;

	standing_attach("m-*", "{'ports': [8080], 'on_violation': 'log'}");
	harness_attach(member, "{'ports': [8081]}");
	pid = move_in(member, excess);
	reports = reports_pass(reports_reconciler());
	cr_expect_eq(reports->count, 2, "%s", reports_text(reports));
	cr_expect_str_eq(reports->items[0].cgroup, cgfence_cgroup_path(member));
	cr_expect_str_eq(reports->items[1].cgroup, cgfence_cgroup_path(member));
	cr_expect(holding_lives(pid));
	detach_all();
}

Test(standing_reconcile, what_is_below_the_anchor_and_no_member_is_nobodys_business)
{
	struct cgfence_cgroup *other = harness_child_cgroup(harness_cgroup(), "o-1");

	standing_attach("m-*", "{'ports': [8080]}");
	move_in(other, excess);
	cr_expect_eq(reports_pass(reports_reconciler())->count, 0);
	detach_all();
}
