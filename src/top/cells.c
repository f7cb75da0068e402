// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "top/cells.h"
#include "base/cleanup.h"
#include "report/denial.h"
#include "report/printable.h"
#include "top/columns.h"
#include "top/numbers.h"

#include <stdio.h>

#define AS_WIDE_AS_THERE_IS 1000

char *cells_row(const struct top_row *row, size_t width)
{
	static const struct top_column columns[] = {
		{ "CGROUP", 20, AS_WIDE_AS_THERE_IS, 0, false },
		{ "NAME", 8, 24, 9, false },
		{ "MODE", 7, 0, 4, false },
		{ "MEMB", 5, 0, 5, true },
		{ "ALL/s", 5, 0, 1, true },
		{ "DEV/s", 5, 0, 3, true },
		{ "BIND/s", 6, 0, 6, true },
		{ "LSTN/s", 6, 0, 7, true },
		{ "CRE/s", 5, 0, 8, true },
		{ "TOTAL", 6, 0, 2, true },
		{ "EXC", 3, 0, 5, true },
		{ 0 },
	};
	char rates[CGFENCE_HOOK_COUNT][NUMBER_SIZE];
	size_t widths[TOP_COLUMNS_MAX];
	char members[NUMBER_SIZE] = "-";
	char excess[NUMBER_SIZE] = "-";
	char total[NUMBER_SIZE];
	char all[NUMBER_SIZE];

	columns_fit(columns, width, widths);
	if (!row)
		return columns_line(columns, widths, NULL);
	for (int hook = 0; hook < CGFENCE_HOOK_COUNT; hook++)
		number_rate(row->rates[hook], rates[hook]);
	number_rate(row_rate(row), all);
	number_count(row_total(row), total);
	if (row->is_standing)
		number_count(row->members, members);
	if (row->looked)
		number_count(row->excess, excess);
	else if (row->has_ports)
		snprintf(excess, sizeof(excess), "?");
	return columns_line(
		columns, widths,
		(const char *const[]){ row->cgroup ? row->cgroup : "?", row->name ? row->name : "-",
				       row->failed     ? "?"
				       : row->enforces ? "enforce"
						       : "audit",
				       members, all, rates[CGFENCE_HOOK_DEVICE],
				       rates[CGFENCE_HOOK_BIND], rates[CGFENCE_HOOK_LISTEN],
				       rates[CGFENCE_HOOK_CREATE], total, excess });
}

char *cells_subject(const struct top_subject *subject, uint64_t now_ns, size_t width)
{
	static const struct top_column columns[] = {
		{ "AGE", 4, 0, 2, true },
		{ "VERDICT", 7, 0, 3, false },
		{ "HOOK", 6, 0, 6, false },
		{ "WHAT", 15, 21, 0, false },
		{ "TIMES", 6, 0, 5, true },
		{ "PID", 7, 0, 4, true },
		{ "COMM", 8, 16, 4, false },
		{ "CGROUP", 10, AS_WIDE_AS_THERE_IS, 1, false },
		{ 0 },
	};
	size_t widths[TOP_COLUMNS_MAX];
	char what[DENIAL_SUBJECT_SIZE];
	cleanup_free char *comm = NULL;
	char times[NUMBER_SIZE];
	char age[NUMBER_SIZE];
	char raw[sizeof(subject->record.comm) + 1];
	char pid[16] = "-";

	columns_fit(columns, width, widths);
	if (!subject)
		return columns_line(columns, widths, NULL);
	number_age(now_ns > subject->record.last_ns ? now_ns - subject->record.last_ns : 0, age);
	denial_format_subject(&subject->record.subject, what);
	number_count(subject->record.count, times);
	snprintf(raw, sizeof(raw), "%.16s", subject->record.comm);
	if (denial_names_task(&subject->record)) {
		snprintf(pid, sizeof(pid), "%u", subject->record.pid);
		comm = printable_copy(raw);
	}
	return columns_line(
		columns, widths,
		(const char *const[]){ age, denial_verdict_name(&subject->record.subject),
				       denial_hook_name(&subject->record.subject), what, times, pid,
				       comm ? comm : "-", subject->cgroup });
}

char *cells_listener(const struct top_listener *listener, size_t width)
{
	static const struct top_column columns[] = {
		{ "SOCKET", 20, 30, 0, false },
		{ "PID", 7, 0, 3, true },
		{ "COMM", 8, 16, 2, false },
		{ "CGROUP", 12, AS_WIDE_AS_THERE_IS, 1, false },
		{ "REASON", 16, AS_WIDE_AS_THERE_IS, 4, false },
		{ 0 },
	};
	size_t widths[TOP_COLUMNS_MAX];
	char pid[16] = "-";
	char more[40];

	columns_fit(columns, width, widths);
	if (!listener)
		return columns_line(columns, widths, NULL);
	snprintf(more, sizeof(more), "%zu more", listener->rest);
	if (listener->pid)
		snprintf(pid, sizeof(pid), "%u", listener->pid);
	return columns_line(columns, widths,
			    (const char *const[]){ listener->rest ? more : listener->socket, pid,
						   *listener->comm ? listener->comm : "-",
						   listener->cgroup, listener->reason });
}
