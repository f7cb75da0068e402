// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A process is found whatever its name, even if it is empty. */
#include "holding.h"

#include <sys/prctl.h>

TestSuite(reconcile_names, .init = holding_begin, .fini = holding_end);

static int hold_with_name(void *name)
{
	int code = -prctl(PR_SET_NAME, name);

	if (code == 0)
		code = holding_listen_all((void *)(const char *[]){ "tcp ::1 9", NULL });
	return code ? code : -harness_enter(sockets_fence());
}

static const struct report *report_of(const char *name, bool by_proc, pid_t pid)
{
	const struct reports *reports = by_proc ? reports_of_fence(sockets_fence())
						: reports_pass(reports_reconciler());
	const struct report *report =
		reports_find(reports, sockets_fence(), holding_board->inodes[0]);

	cr_assert_neq(report, NULL, "'%s':%s", name, reports_text(reports));
	cr_expect_eq(reports->count, 1);
	cr_expect_eq(report->pid, (uint32_t)pid, "'%s': pid %u", name, report->pid);
	return report;
}

Test(reconcile_names, a_process_is_found_whatever_it_is_called)
{
	static const char *const names[] = {
		"",	 " ",	     " a b ",	      "fifteen letters",
		"(a) Z", "\\",	     "a\nTgid:\t1\n", "\xff\xfe\x80",
		"%s%n",	 "\x1b[31m", "Tgid:\t1"
	};

	harness_attach(sockets_fence(), "{'ports': [8080]}");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		pid_t pid;

		holding_board->count = 0;
		pid = holding_start(harness_cgroup(), hold_with_name, (void *)names[i]);
		report_of(names[i], true, pid);
		if (cgfence_reconciler_uses_iterator(reports_reconciler()))
			cr_expect_str_eq(report_of(names[i], false, pid)->comm, names[i]);
		holding_stop(pid);
	}
}

/* /proc escapes newlines and backslashes, and nothing else. */
Test(reconcile_names, proc_tells_the_same_name)
{
	static const char *const names[] = { "", " ", " a b ", "fifteen letters", "(a) Z", "%s%n" };

	harness_attach(sockets_fence(), "{'ports': [8080]}");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		pid_t pid;

		holding_board->count = 0;
		pid = holding_start(harness_cgroup(), hold_with_name, (void *)names[i]);
		cr_expect_str_eq(report_of(names[i], true, pid)->comm, names[i]);
		holding_stop(pid);
	}
}

static int hold_in(void *cgroup)
{
	int code = holding_listen_all((void *)(const char *[]){ "tcp 127.0.0.1 9", NULL });

	return code ? code : -harness_enter(cgroup);
}

/* A cgroup whose name begins with that of another is not below it, wherever it sorts. */
Test(reconcile_names, cgroups_with_the_same_beginning_are_apart)
{
	struct cgfence_cgroup *beside = harness_child_cgroup(harness_cgroup(), "fence-beside");
	struct cgfence_cgroup *inside = harness_child_cgroup(sockets_fence(), "inside");
	struct cgfence_cgroup *deep =
		harness_child_cgroup(harness_child_cgroup(inside, "fence"), "deep");
	struct cgfence_cgroup *cgroups[] = { sockets_fence(), beside, inside, deep };
	const struct reports *reports;

	for (size_t i = 0; i < 4; i++)
		harness_attach(cgroups[i], "{'ports': [8080]}");
	holding_start(harness_cgroup(), hold_in, deep);
	reports = reports_pass(reports_reconciler());
	cr_expect_eq(reports->count, 3, "%s", reports_text(reports));
	for (size_t i = 0; i < 4; i++)
		cr_expect_eq(reports_find(reports, cgroups[i], holding_board->inodes[0]) != NULL,
			     cgroups[i] != beside, "%s", cgfence_cgroup_path(cgroups[i]));
}

/* The cached state of a fence does not outlive its policy or the fence. */
Test(reconcile_names, each_pass_goes_by_the_present_policy)
{
	static const struct {
		const char *policy;
		size_t in_excess;
	} steps[] = {
		{ "{'ports': [8080]}", 1 }, { "{'ports': [9]}", 0 },  { "{'ports': [8080]}", 1 },
		{ "{'ports': [9]}", 0 },    { "{'devices': {}}", 0 }, { "{'ports': [8080]}", 1 },
	};
	struct cgfence_reconciler *reconciler = reports_reconciler();

	holding_start(harness_cgroup(), hold_in, sockets_fence());
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		bool detached;

		if (i % 2)
			cgfence_fence_detach(cgfence_cgroup_id(sockets_fence()), &detached, NULL);
		harness_attach(sockets_fence(), steps[i].policy);
		for (int pass = 0; pass < 2; pass++)
			cr_expect_eq(reports_pass(reconciler)->in_excess, steps[i].in_excess,
				     "step %zu, pass %d", i, pass);
	}
}
