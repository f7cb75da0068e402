// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The reports of the reconciler, kept for the tests. */
#include "holding.h"

#include <string.h>

static void copy(char *text, size_t size, const char *from)
{
	snprintf(text, size, "%s", from ? from : "");
}

void reports_add(const struct cgfence_violation *violation, void *context)
{
	struct reports *reports = context;
	struct report *report = &reports->items[reports->count];

	cr_assert_lt(reports->count, REPORTS_MAX);
	reports->count++;
	*report = (struct report){
		.ended = violation->ended,
		.pid = violation->pid,
		.protocol = violation->protocol,
		.family = violation->family,
		.port = violation->port,
		.inode = violation->inode,
		.action = violation->action,
		.excess_left_out = violation->excess_left_out,
		.rest = violation->rest,
	};
	memcpy(report->rest_actions, violation->rest_actions, sizeof(report->rest_actions));
	copy(report->cgroup, sizeof(report->cgroup), violation->cgroup);
	copy(report->member, sizeof(report->member), violation->member);
	copy(report->comm, sizeof(report->comm), violation->comm);
	copy(report->cmdline, sizeof(report->cmdline), violation->cmdline);
	copy(report->address, sizeof(report->address), violation->address);
	copy(report->excess, sizeof(report->excess), violation->excess);
	copy(report->reason, sizeof(report->reason), violation->reason);
	copy(report->failure, sizeof(report->failure), violation->failure);
	cr_expect_neq(violation->time_ns, 0);
}

struct cgfence_reconciler *reports_reconciler(void)
{
	struct cgfence_reconciler *reconciler = NULL;
	struct cgfence_error error = { 0 };

	cr_assert_eq(cgfence_reconciler_new(&reconciler, &error), 0, "%s", error.text);
	return reconciler;
}

const struct reports *reports_pass(struct cgfence_reconciler *reconciler)
{
	static struct reports reports;
	struct cgfence_error error = { 0 };
	int code;

	reports.count = 0;
	code = cgfence_reconciler_pass(reconciler, 0, reports_add, &reports, &reports.in_excess,
				       &error);
	cr_assert_eq(code, 0, "%s", error.text);
	return &reports;
}

const struct reports *reports_of_fence(const struct cgfence_cgroup *fence)
{
	static struct reports reports;
	struct cgfence_error error = { 0 };
	int code;

	reports.count = 0;
	code = cgfence_fence_report_excess(cgfence_cgroup_id(fence), reports_add, &reports, &error);
	cr_assert_eq(code, 0, "%s", error.text);
	reports.in_excess = reports.count;
	return &reports;
}

static const struct report *find(const struct reports *reports, const struct cgfence_cgroup *fence,
				 uint32_t inode, bool ended)
{
	const char *path = cgfence_cgroup_path(fence);

	for (size_t i = 0; i < reports->count; i++) {
		const struct report *report = &reports->items[i];

		if (report->inode == inode && report->ended == ended &&
		    strcmp(report->cgroup, path) == 0)
			return report;
	}
	return NULL;
}

const struct report *reports_find(const struct reports *reports, const struct cgfence_cgroup *fence,
				  uint32_t inode)
{
	return find(reports, fence, inode, false);
}

const struct report *reports_find_end(const struct reports *reports,
				      const struct cgfence_cgroup *fence, uint32_t inode)
{
	return find(reports, fence, inode, true);
}

const char *reports_text(const struct reports *reports)
{
	static char text[8192];
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < reports->count && length < sizeof(text); i++) {
		const struct report *report = &reports->items[i];

		length += (size_t)snprintf(
			text + length, sizeof(text) - length,
			"\n  %s %s in %s: pid %u '%s', %s %s port %u inode %u, excess %s, %s: %s%s%s",
			report->ended ? "ended" : "is", report->cgroup, report->member, report->pid,
			report->comm, report->protocol == CGFENCE_TCP ? "tcp" : "udp",
			report->address, report->port, report->inode, report->excess,
			cgfence_action_name(report->action), report->reason,
			report->failure[0] ? "; " : "", report->failure);
	}
	return text;
}

const struct report *reports_expect(const struct reports *reports,
				    const struct cgfence_cgroup *fence, uint32_t inode,
				    enum cgfence_action action)
{
	const struct report *report = reports_find(reports, fence, inode);

	cr_assert_neq(report, NULL, "inode %u of %s is not among:%s", inode,
		      cgfence_cgroup_path(fence), reports_text(reports));
	cr_expect_eq(report->action, action, "'%s', not '%s':%s",
		     cgfence_action_name(report->action), cgfence_action_name(action),
		     reports_text(reports));
	cr_expect_eq(action == CGFENCE_ACTION_FAILED, !!report->failure[0], "'%s'",
		     report->failure);
	return report;
}
