// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* "netns": the network namespaces whose listeners the reconciler sees. Mesos ignores tasks on CNI networks likewise. */
#include "holding.h"
#include "net/borrower.h"
#include "support/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(reconcile_netns, .init = holding_begin, .fini = holding_end);

#define HOST "{'ports': [8080], 'on_violation': 'close'}"
#define ANY "{'ports': [8080], 'on_violation': 'close', 'netns': 'any'}"

static const char *const texts[] = { "tcp 127.0.0.1 9", "tcp 127.0.0.1 8080", "tcp :: 10", NULL };

/* The whole task is in a namespace of its own. */
static int hold_in_new_namespace(void *argument)
{
	int code = -namespaces_enter_net();

	(void)argument;
	if (code == 0)
		code = holding_listen_all((void *)texts);
	return code ? code : -harness_enter(sockets_fence());
}

/* Only its sockets are. */
static int hold_sockets_of_new_namespace(void *argument)
{
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int code = hold_in_new_namespace(argument);

	if (code == 0 && setns(home, CLONE_NEWNET) < 0)
		code = errno;
	close(home);
	return code;
}

static void expect_ignored(int (*function)(void *argument))
{
	holding_start(harness_cgroup(), function, NULL);
	harness_attach(sockets_fence(), HOST);
	cr_expect_eq(reports_pass(reports_reconciler())->in_excess, 0);
	cr_expect_eq(reports_of_fence(sockets_fence())->count, 0);
}

static void expect_closed(int (*function)(void *argument))
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	pid_t pid = holding_start(harness_cgroup(), function, NULL);
	const struct reports *reports;

	harness_attach(sockets_fence(), ANY);
	reports = reports_pass(reconciler);
	cr_expect_eq(reports->count, 2, "%s", reports_text(reports));
	for (int i = 0; i <= 2; i += 2) {
		const struct report *report =
			reports_find(reports, sockets_fence(), holding_board->inodes[i]);

		cr_assert_neq(report, NULL, "socket %d is not among:%s", i, reports_text(reports));
		cr_expect_eq(report->action, CGFENCE_ACTION_CLOSED);
		cr_expect_eq(report->pid, (uint32_t)pid);
	}
	reports = reports_pass(reconciler);
	cr_expect_eq(reports->in_excess, 0);
	cr_expect_eq(reports->count, 2, "the ends:%s", reports_text(reports));
}

Test(reconcile_netns, tasks_in_other_namespaces_are_ignored_by_default)
{
	expect_ignored(hold_in_new_namespace);
}

Test(reconcile_netns, sockets_of_other_namespaces_are_ignored_by_default)
{
	expect_ignored(hold_sockets_of_new_namespace);
}

Test(reconcile_netns, tasks_in_other_namespaces_are_found_if_the_policy_says_any)
{
	expect_closed(hold_in_new_namespace);
}

/* No task is in the namespace, so that only a descriptor leads to it. */
Test(reconcile_netns, sockets_of_other_namespaces_are_found_if_the_policy_says_any)
{
	holding_skip_without_iterator();
	expect_closed(hold_sockets_of_new_namespace);
}

Test(reconcile_netns, tasks_in_other_namespaces_are_found_by_proc_too)
{
	const struct reports *reports;

	holding_start(harness_cgroup(), hold_in_new_namespace, NULL);
	harness_attach(sockets_fence(), ANY);
	reports = reports_of_fence(sockets_fence());
	cr_expect_eq(reports->count, 2, "%s", reports_text(reports));
}

/* The same port in two namespaces is two violations. */
Test(reconcile_netns, each_namespace_by_itself)
{
	const struct reports *reports;

	for (int i = 0; i < 3; i++)
		holding_start(harness_cgroup(), hold_in_new_namespace, NULL);
	harness_attach(sockets_fence(), ANY);
	reports = reports_pass(reports_reconciler());
	cr_expect_eq(reports->count, 6, "%s", reports_text(reports));
	for (uint32_t i = 0; i < 9; i += i % 3 ? 1 : 2)
		cr_expect_neq(reports_find(reports, sockets_fence(), holding_board->inodes[i]),
			      NULL, "socket %u is not among:%s", i, reports_text(reports));
}

static int take_for_ever(const struct cgfence_holder *holder)
{
	(void)holder;
	while (pause() < 0)
		;
	return -EBADF;
}

/* As a task that keeps its descriptors from others, in execve(2). */
Test(reconcile_netns, one_that_cannot_be_entered_is_reported)
{
	struct cgfence_holder holder = { 0 };
	struct cgfence_error error = { 0 };
	struct reports reports = { 0 };

	holding_skip_without_iterator();
	holder.thread =
		(uint32_t)holding_start(harness_cgroup(), hold_sockets_of_new_namespace, NULL);
	harness_attach(sockets_fence(), ANY);
	cr_assert_eq(borrower_ask(take_for_ever, &holder), -ETIMEDOUT);
	cr_expect_eq(cgfence_reconciler_pass(reports_reconciler(), 0, reports_add, &reports,
					     &reports.in_excess, &error),
		     -ETIMEDOUT);
	cr_expect_neq(strstr(error.text, "cannot enter the network namespace"), NULL, "%s",
		      error.text);
}

static int pass_elsewhere(void *argument)
{
	struct cgfence_reconciler *reconciler = NULL;
	struct reports reports = { 0 };

	(void)argument;
	if (namespaces_enter_net() || cgfence_reconciler_new(&reconciler, NULL) ||
	    cgfence_reconciler_pass(reconciler, 0, reports_add, &reports, &reports.in_excess, NULL))
		return 100;
	cgfence_reconciler_free(reconciler);
	return (int)reports.count;
}

static int hold_here(void *argument)
{
	(void)argument;
	return holding_listen_all((void *)texts);
}

/* The namespace that the fence was attached from counts, wherever the reconciler is. */
Test(reconcile_netns, the_reconciler_may_be_in_another_namespace_than_the_fence)
{
	holding_start(sockets_fence(), hold_here, NULL);
	harness_attach(sockets_fence(), HOST);
	cr_expect_eq(harness_in_cgroup(harness_cgroup(), pass_elsewhere, NULL), 2);
}

Test(reconcile_netns, the_reconciler_stays_in_the_namespace_it_was_in)
{
	char before[64] = "";
	char after[64] = "";

	holding_start(harness_cgroup(), hold_in_new_namespace, NULL);
	harness_attach(sockets_fence(), ANY);
	cr_assert_gt(readlink("/proc/thread-self/ns/net", before, sizeof(before) - 1), 0);
	cr_expect_eq(reports_pass(reports_reconciler())->count, 2);
	cr_assert_gt(readlink("/proc/thread-self/ns/net", after, sizeof(after) - 1), 0);
	cr_expect_str_eq(before, after);
}

static unsigned int count_descriptors(void)
{
	unsigned int count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* It closes all descriptors of namespaces, borrowed sockets, cgroups and locks. */
Test(reconcile_netns, passes_leave_no_descriptors_behind)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	unsigned int before;

	holding_start(harness_cgroup(), hold_in_new_namespace, NULL);
	holding_start(harness_cgroup(), hold_sockets_of_new_namespace, NULL);
	harness_attach(sockets_fence(), "{'ports': [8080], 'netns': 'any'}");
	before = count_descriptors();
	for (int i = 0; i < 5; i++) {
		cr_expect_geq(reports_pass(reconciler)->in_excess, 2);
		cr_expect_geq(reports_of_fence(sockets_fence())->count, 2);
	}
	harness_attach(sockets_fence(), ANY);
	reports_pass(reconciler);
	harness_attach(sockets_fence(), "{'ports': [], 'on_violation': 'kill', 'netns': 'any'}");
	reports_pass(reconciler);
	cr_expect_eq(count_descriptors(), before);
}
