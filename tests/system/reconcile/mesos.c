// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The promises of the network/ports isolator of Mesos, with the same meaning (its ports_tests.cpp), and where cgfence
 * goes further.
 */
#include "holding.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(reconcile_mesos, .init = holding_begin, .fini = holding_end);

/* A task in the fence that listens on one endpoint. */
static pid_t start_task(const char *text)
{
	const char *const texts[] = { text, NULL };

	return holding_start(harness_cgroup(), holding_move_in, (void *)texts);
}

static const struct report *expect_report(const struct reports *reports, uint32_t index,
					  enum cgfence_action action)
{
	const struct report *report =
		reports_find(reports, sockets_fence(), holding_board->inodes[index]);

	cr_assert_neq(report, NULL, "socket %u is not among:%s", index, reports_text(reports));
	cr_expect_eq(report->action, action, "%s", reports_text(reports));
	return report;
}

static void expect_end(const struct reports *reports, uint32_t index)
{
	cr_expect(reports_find_end(reports, sockets_fence(), holding_board->inodes[index]),
		  "the end of socket %u is not among:%s", index, reports_text(reports));
}

static void expect_nothing(const struct reports *reports)
{
	cr_expect_eq(reports->count, 0, "%s", reports_text(reports));
}

/* NC_AllocatedPorts: a good task is kept. */
Test(reconcile_mesos, a_task_on_its_ports_is_kept)
{
	pid_t tcp = start_task("tcp 0.0.0.0 31000");
	pid_t udp = start_task("udp :: 31005");

	harness_attach(sockets_fence(), "{'ports': ['31000-31005'], 'on_violation': 'kill'}");
	for (int i = 0; i < 3; i++) {
		const struct reports *reports = reports_pass(reports_reconciler());

		expect_nothing(reports);
		cr_expect_eq(reports->in_excess, 0);
	}
	cr_expect(holding_lives(tcp) && holding_lives(udp));
}

/* NC_UnallocatedPorts: enforcing. */
Test(reconcile_mesos, a_task_on_other_ports_is_killed)
{
	pid_t good = start_task("tcp 0.0.0.0 31000");
	pid_t bad = start_task("tcp 0.0.0.0 31001");
	const struct reports *reports;

	harness_attach(sockets_fence(), "{'ports': [31000], 'on_violation': 'kill'}");
	reports = reports_pass(reports_reconciler());
	cr_expect_str_eq(expect_report(reports, 1, CGFENCE_ACTION_KILLED)->excess, "31001");
	cr_expect_eq(reports->count, 1);
	cr_expect(holding_dies(bad));
	cr_expect(holding_dies(good), "the container is killed whole");
}

/* NC_NoPortEnforcement: enforce_container_ports is off. */
Test(reconcile_mesos, a_task_on_other_ports_is_only_told_of_where_nothing_is_enforced)
{
	pid_t bad = start_task("tcp 0.0.0.0 31001");

	harness_attach(sockets_fence(),
		       "{'enforce': false, 'ports': [31000], 'on_violation': 'kill'}");
	expect_report(reports_pass(reports_reconciler()), 0, CGFENCE_ACTION_LOGGED);
	harness_attach(sockets_fence(), "{'ports': [31000], 'on_violation': 'log'}");
	expect_report(reports_pass(reports_reconciler()), 0, CGFENCE_ACTION_LOGGED);
	cr_expect(holding_lives(bad));
}

/* A task with no ports at all may listen on none. */
Test(reconcile_mesos, a_task_without_ports_may_listen_on_none)
{
	pid_t bad = start_task("tcp 127.0.0.1 31001");

	harness_attach(sockets_fence(), "{'ports': [], 'on_violation': 'kill'}");
	expect_report(reports_pass(reports_reconciler()), 0, CGFENCE_ACTION_KILLED);
	cr_expect(holding_dies(bad));
}

/* container_ports_isolated_range, and check_agent_port_range_only, which is the agent's ports as the range. */
Test(reconcile_mesos, ports_outside_of_the_isolated_range_are_not_touched)
{
	static const struct {
		const char *policy;
		const char *good;
		const char *bad;
	} cases[] = {
		{ "{'ports': [31000], 'isolated_range': ['30000-33000'], 'on_violation': 'kill'}",
		  "tcp 0.0.0.0 8080", "tcp 0.0.0.0 30000" },
		{ "{'ports': [31000], 'isolated_range': ['30000-33000'], 'on_violation': 'kill'}",
		  "tcp 0.0.0.0 33001", "tcp 0.0.0.0 33000" },
		/* The ports of the agent. */
		{ "{'ports': [], 'isolated_range': ['31000-32000'], 'on_violation': 'kill'}",
		  "tcp 127.0.0.1 30999", "tcp 127.0.0.1 31000" },
		{ "{'ports': [], 'isolated_range': ['31000-32000'], 'on_violation': 'kill'}",
		  "udp ::1 32001", "udp ::1 32000" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct reports *reports;
		pid_t good;
		pid_t bad;

		holding_board->count = 0;
		harness_attach(sockets_fence(), cases[i].policy);
		good = start_task(cases[i].good);
		expect_nothing(reports_pass(reports_reconciler()));
		cr_expect(holding_lives(good), "%s", cases[i].good);
		bad = start_task(cases[i].bad);
		reports = reports_pass(reports_reconciler());
		expect_report(reports, 1, CGFENCE_ACTION_KILLED);
		cr_expect_eq(reports->count, 1);
		cr_expect(holding_dies(bad), "%s", cases[i].bad);
	}
}

static struct cgfence_cgroup *nested;

static int move_to_nested(void *texts)
{
	int code = holding_listen_all(texts);

	return code ? code : -harness_enter(nested);
}

/* TaskGroup: the excess of a nested container is raised against the root container, with the ports. */
Test(reconcile_mesos, a_nested_cgroup_is_answered_for_by_the_root)
{
	static const char *const texts[] = { "tcp 0.0.0.0 31001", "tcp 0.0.0.0 31003",
					     "tcp 0.0.0.0 31002", "tcp 0.0.0.0 31000",
					     "tcp 0.0.0.0 31009", NULL };
	pid_t root_task = start_task("tcp 0.0.0.0 31005");
	const struct report *report;
	const struct reports *reports;
	pid_t pid;

	holding_board->count = 0;
	nested = harness_child_cgroup(harness_child_cgroup(sockets_fence(), "a"), "b");
	pid = holding_start(harness_cgroup(), move_to_nested, (void *)texts);
	harness_attach(sockets_fence(), "{'ports': [31000, 31005], 'on_violation': 'kill'}");
	reports = reports_pass(reports_reconciler());
	report = expect_report(reports, 0, CGFENCE_ACTION_KILLED);
	cr_expect_str_eq(report->cgroup, cgfence_cgroup_path(sockets_fence()));
	cr_expect_str_eq(report->member, cgfence_cgroup_path(nested));
	cr_expect_eq(report->pid, (uint32_t)pid);
	cr_expect_str_eq(report->comm, "holder");
	cr_expect_str_eq(report->excess, "31001-31003,31009");
	cr_expect_eq(reports->count, 4, "%s", reports_text(reports));
	cr_expect(holding_dies(pid));
	cr_expect(holding_dies(root_task));
}

/* RecoverBadTask and RecoverGoodTask: nothing is kept over a restart, and nothing needs to be. */
Test(reconcile_mesos, after_a_restart_bad_tasks_are_found_and_good_ones_kept)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	pid_t good = start_task("tcp 0.0.0.0 31000");
	pid_t bad = start_task("tcp 0.0.0.0 31001");

	harness_attach(sockets_fence(), "{'ports': [31000]}");
	expect_report(reports_pass(reconciler), 1, CGFENCE_ACTION_LOGGED);
	cgfence_reconciler_free(reconciler);
	reconciler = reports_reconciler();
	expect_report(reports_pass(reconciler), 1, CGFENCE_ACTION_LOGGED);
	expect_nothing(reports_pass(reconciler));
	cgfence_reconciler_free(reconciler);
	harness_attach(sockets_fence(), "{'ports': [31000], 'on_violation': 'close'}");
	expect_report(reports_pass(reports_reconciler()), 1, CGFENCE_ACTION_CLOSED);
	cr_expect(holding_lives(good) && holding_lives(bad));
	cr_expect_eq(reports_pass(reports_reconciler())->in_excess, 0);
}

/* Better than a restart: the next pass honours a larger allocation and ends the violations that it allows. */
Test(reconcile_mesos, an_allocation_that_grew_is_honoured_at_once)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	const struct reports *reports;
	pid_t pid = start_task("tcp 0.0.0.0 31001");

	harness_attach(sockets_fence(), "{'ports': [31000]}");
	expect_report(reports_pass(reconciler), 0, CGFENCE_ACTION_LOGGED);
	harness_attach(sockets_fence(), "{'ports': ['31000-31001'], 'on_violation': 'kill'}");
	reports = reports_pass(reconciler);
	expect_end(reports, 0);
	cr_expect_eq(reports->in_excess, 0);
	cr_expect(holding_lives(pid));
	/* And one that shrank. */
	harness_attach(sockets_fence(), "{'ports': [31000], 'on_violation': 'kill'}");
	expect_report(reports_pass(reconciler), 0, CGFENCE_ACTION_KILLED);
	cr_expect(holding_dies(pid));
}

/* Better: every address counts, not only the wildcard, and each is reported. */
Test(reconcile_mesos, each_address_and_family_and_protocol_is_reported_by_itself)
{
	static const char *const texts[] = { "tcp 127.0.0.1 31001", "tcp 127.0.0.2 31001",
					     "tcp ::1 31001",	    "udp 127.0.0.1 31001",
					     "udp ::1 31001",	    NULL };
	const struct reports *reports;

	holding_start(harness_cgroup(), holding_move_in, (void *)texts);
	harness_attach(sockets_fence(), "{'ports': [31000]}");
	reports = reports_pass(reports_reconciler());
	for (uint32_t i = 0; texts[i]; i++) {
		const struct report *report = expect_report(reports, i, CGFENCE_ACTION_LOGGED);
		char address[64];

		sscanf(texts[i], "%*s %63s", address);
		cr_expect_str_eq(report->address, address);
		cr_expect_str_eq(report->excess, "31001");
	}
	cr_expect_eq(reports->count, 5);
}

/* Better: reported once, and again at each change. */
Test(reconcile_mesos, a_violation_is_reported_when_it_begins_changes_ends_and_recurs)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	const char *const same = "{'ports': [31000], 'name': 'renamed'}";
	pid_t pid = start_task("udp 127.0.0.1 31001");

	harness_attach(sockets_fence(), "{'ports': [31000]}");
	expect_report(reports_pass(reconciler), 0, CGFENCE_ACTION_LOGGED);
	expect_nothing(reports_pass(reconciler));
	harness_attach(sockets_fence(), same);
	expect_nothing(reports_pass(reconciler));
	/* It ends by being assigned, and the same socket is in excess again. */
	harness_attach(sockets_fence(), "{'ports': [31001]}");
	expect_end(reports_pass(reconciler), 0);
	expect_nothing(reports_pass(reconciler));
	harness_attach(sockets_fence(), same);
	expect_report(reports_pass(reconciler), 0, CGFENCE_ACTION_LOGGED);
	/* Another action is taken. */
	harness_attach(sockets_fence(), "{'ports': [31000], 'on_violation': 'close'}");
	expect_report(reports_pass(reconciler), 0, CGFENCE_ACTION_SILENCED);
	expect_nothing(reports_pass(reconciler));
	harness_attach(sockets_fence(), "{'ports': [31000], 'on_violation': 'kill'}");
	expect_report(reports_pass(reconciler), 0, CGFENCE_ACTION_KILLED);
	cr_expect(holding_dies(pid));
	expect_end(reports_pass(reconciler), 0);
	expect_nothing(reports_pass(reconciler));
	/* Another socket on the same port is another violation. */
	start_task("udp 127.0.0.1 31001");
	expect_report(reports_pass(reconciler), 1, CGFENCE_ACTION_KILLED);
}

Test(reconcile_mesos, what_ends_says_what_it_was)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	pid_t pid = start_task("tcp ::1 31001");
	const struct report *report;
	const struct reports *reports;

	harness_attach(sockets_fence(), "{'ports': [31000]}");
	expect_report(reports_pass(reconciler), 0, CGFENCE_ACTION_LOGGED);
	holding_stop(pid);
	reports = reports_pass(reconciler);
	expect_end(reports, 0);
	report = &reports->items[0];
	cr_expect_eq(report->pid, (uint32_t)pid);
	cr_expect_eq(report->port, 31001);
	cr_expect_str_eq(report->address, "::1");
	cr_expect_str_eq(report->member, cgfence_cgroup_path(sockets_fence()));
	cr_expect_str_eq(report->comm, "holder");
	cr_expect_eq(reports->in_excess, 0);
}

Test(reconcile_mesos, a_fence_that_is_detached_ends_its_violations)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	bool detached;

	start_task("tcp ::1 31001");
	harness_attach(sockets_fence(), "{'ports': [31000]}");
	expect_report(reports_pass(reconciler), 0, CGFENCE_ACTION_LOGGED);
	cgfence_fence_detach(cgfence_cgroup_id(sockets_fence()), &detached, NULL);
	expect_end(reports_pass(reconciler), 0);
}

/* Looking at one fence leaves the others as they were. */
Test(reconcile_mesos, a_pass_over_one_fence_acts_on_it_alone)
{
	struct cgfence_reconciler *reconciler = reports_reconciler();
	struct cgfence_cgroup *other = harness_child_cgroup(harness_cgroup(), "other");
	struct reports reports = { 0 };
	pid_t pid;

	nested = other;
	start_task("tcp ::1 31001");
	pid = holding_start(harness_cgroup(), move_to_nested,
			    (void *)(const char *[]){ "tcp ::1 31002", NULL });
	harness_attach(sockets_fence(), "{'ports': [], 'on_violation': 'kill'}");
	harness_attach(other, "{'ports': [], 'on_violation': 'kill'}");
	cr_assert_eq(cgfence_reconciler_pass(reconciler, cgfence_cgroup_id(sockets_fence()),
					     reports_add, &reports, &reports.in_excess, NULL),
		     0);
	expect_report(&reports, 0, CGFENCE_ACTION_KILLED);
	cr_expect_eq(reports.count, 1);
	cr_expect(holding_lives(pid));
}
