// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A thread of the kernel that serves an io_uring (IORING_SETUP_SQPOLL) leads to nothing. Where the io_uring is not found,
 * that is said, and never taken for nobody holding a listener.
 */
#include "hiding.h"
#include "holding.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

TestSuite(reconcile_served, .init = holding_begin, .fini = holding_end);

#define LOG "{'ports': [8080]}"

/* How often it is looked at what comes and goes. */
#define PASSES 10

struct holder {
	hiding_way *way;
	int socket;
};

static int hide(void *argument)
{
	const struct holder *holder = argument;

	return holder->way(holder->socket);
}

static pid_t start(hiding_way *way, const char *endpoint)
{
	struct holder holder = { .way = way, .socket = holding_listen(endpoint) };
	pid_t pid;

	cr_assert_geq(holder.socket, 0, "%s", strerror(-holder.socket));
	pid = holding_start(sockets_fence(), hide, &holder);
	close(holder.socket);
	return pid;
}

static void expect_said(struct cgfence_reconciler *reconciler, pid_t pid)
{
	struct cgfence_error error = { 0 };
	struct reports reports = { 0 };
	char process[32];

	snprintf(process, sizeof(process), " of process %d ", pid);
	cr_expect_eq(cgfence_reconciler_pass(reconciler, 0, reports_add, &reports,
					     &reports.in_excess, &error),
		     -EOPNOTSUPP);
	cr_expect_neq(strstr(error.text, process), NULL, "'%s' does not name%s", error.text,
		      process);
}

Test(reconcile_served, what_is_only_mapped_is_said)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	pid_t pid;

	holding_skip_without_iterator();
	harness_attach(sockets_fence(), LOG);
	pid = start(hiding_served_mapped, "tcp 127.0.0.1 9");
	expect_said(reconciler, pid);
	expect_said(reconciler, pid);
	holding_stop(pid);
	cr_expect_eq(reports_pass(reconciler)->count, 0);
}

Test(reconcile_served, what_has_a_descriptor_is_no_matter)
{
	const struct reports *reports;

	holding_skip_without_iterator();
	harness_attach(sockets_fence(), LOG);
	start(hiding_served, "tcp 127.0.0.1 8080");
	reports = reports_pass(reports_reconciler());
	cr_expect_eq(reports->count, 0, "%s", reports_text(reports));
}

/* A ring that is freed while it is looked into may look like too much; only the threads are no matter. */
Test(reconcile_served, what_comes_and_goes_is_no_matter)
{
	struct cgfence_error error = { 0 };
	struct reports reports = { 0 };
	struct cgfence_reconciler *reconciler = reports_reconciler();

	holding_skip_without_iterator();
	harness_attach(sockets_fence(), LOG);
	start(hiding_served_again_and_again, "tcp 127.0.0.1 8080");
	for (int i = 0; i < PASSES; i++) {
		cgfence_reconciler_pass(reconciler, 0, reports_add, &reports, &reports.in_excess,
					&error);
		cr_expect_eq(strstr(error.text, "serves"), NULL, "%s", error.text);
	}
	cr_expect_eq(reports.count, 0, "%s", reports_text(&reports));
}
