// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The cost of a device filter, beside those of runc and crun and a plain hash map. */
#include "check.h"
#include "entries.h"
#include "peers.h"
#include "report.h"
#include "probe.h"
#include "suites.h"
#include "bench_peers.skel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The first that runc's filter finds, since it sorts the entries by type and number. */
#define FIRST_DEVICE makedev(1, 3)
#define CONSOLE_DEVICE makedev(5, 1)
#define WILDCARD_DEVICE makedev(136, 77)
#define UNKNOWN_DEVICE makedev(10, 77)

#define SIZES 4
#define RUNC_FILTERS 4

enum { NONE, EMPTY, PAGE, PAGES, HASH, CRUN, AUDIT, FENCE, RUNC = FENCE + SIZES };

/* Filters. */

static bool make_by_name(struct filter *filter)
{
	check_attach(filter, filter->parameter, BPF_CGROUP_DEVICE);
	return true;
}

static bool make_hash(struct filter *filter)
{
	check_attach(filter, "hash_device", BPF_CGROUP_DEVICE);
	for (size_t i = 0; i < filter->size; i++) {
		struct entry entry = entries_get(i, "rw");
		uint32_t access = entries_access(entry.access);
		struct peer_device key = {
			.type = entry.type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK,
			.major = (uint32_t)entry.major,
			.minor = entry.minor < 0 ? PEER_ANY : (uint32_t)entry.minor,
		};

		if (bpf_map_update_elem(bpf_map__fd(filter->peers->maps.devices), &key, &access,
					BPF_ANY) < 0)
			report_fail("cannot fill the hash map: %s", strerror(errno));
	}
	return true;
}

static bool make_fence(struct filter *filter)
{
	char *policy = entries_policy(filter->size, "rw", filter->parameter);

	probe_fence(filter->cgroup, policy);
	free(policy);
	return true;
}

static bool attach(const struct filter *filter, int program)
{
	if (program < 0)
		return false;
	probe_attach(filter->cgroup, program, BPF_CGROUP_DEVICE);
	close(program);
	return true;
}

static bool make_runc(struct filter *filter)
{
	return attach(filter, entries_runc(filter->size, filter->parameter));
}

static bool make_crun(struct filter *filter)
{
	return attach(filter, entries_crun(filter->size, "rw"));
}

static struct filter filters[] = {
	[NONE] = { "no program" },
	[EMPTY] = { "empty program", check_make_empty },
	[PAGE] = { "a program that reads a page", make_by_name, .parameter = "page_device" },
	[PAGES] = { "a program that reads two pages", make_by_name, .parameter = "pages_device" },
	[HASH] = { "plain hash map, 200", make_hash, .size = 200 },
	[CRUN] = { "crun, 200", make_crun, .size = 200 },
	[AUDIT] = { "cgfence, 200", make_fence, .size = 200, .parameter = "false" },
	[FENCE] = { "cgfence, 14", make_fence, .size = 14, .parameter = "true" },
	{ "cgfence, 200", make_fence, .size = 200, .parameter = "true" },
	{ "cgfence, 400", make_fence, .size = 400, .parameter = "true" },
	{ "cgfence, 4096", make_fence, .size = 4096, .parameter = "true" },
	[RUNC] = { "runc, 14", make_runc, .size = 14, .parameter = "rw" },
	{ "runc, 200", make_runc, .size = 200, .parameter = "rw" },
	{ "runc, 242", make_runc, .size = 242, .parameter = "rw" },
	/* Without a look at the access bits, which it leaves out for such entries. */
	{ "runc, 200 of all access", make_runc, .size = 200, .parameter = "rwm" },
};

/* Calls. */

static int opened;

static bool call_open(void)
{
	opened = open(check_node(), O_RDWR | O_CLOEXEC);
	return opened >= 0;
}

static void close_opened(void)
{
	if (opened >= 0)
		close(opened);
}

static const struct check_call open_call = { check_aim_device, NULL, call_open,
					     close_opened,     1,    false };

enum { PROGRAMS, OPEN, NO_TLB, COLD };

#define TITLE "Device check: time of the program above an empty one"

static struct check_suite suite = {
	.filters = filters,
	.filter_count = sizeof(filters) / sizeof(filters[0]),
	.hooks = { { BPF_CGROUP_DEVICE, "empty_device" } },
	.hook_count = 1,
	.tables = {
		[PROGRAMS] = { "device-check", TITLE, "cgfence, 200: last entry",
			       &check_access_calls[CHECK_WARM], false, NULL },
		[OPEN] = { "device-open",
			   "Device check: the whole of open(2), /dev/null where allowed", NULL,
			   &open_call, true, NULL },
		[NO_TLB] = { "device-no-tlb", TITLE CHECK_NO_TLB_TITLE, "a program that reads a page",
			     &check_access_calls[CHECK_NO_TLB], false, NULL },
		[COLD] = { "device-cold", TITLE CHECK_COLD_TITLE, "a program that reads a page",
			   &check_access_calls[CHECK_COLD], false, NULL },
	},
	.table_count = 4,
};

/* The device of a filter's entries with the highest number, which runc looks at last. @other if all are defaults. */
static dev_t last_device(size_t filter, dev_t other)
{
	struct entry entry = entries_get(filters[filter].size - 1, "rw");

	return filters[filter].size > ENTRIES_DEFAULT ? makedev(entry.major, entry.minor) : other;
}

static void add(size_t table, size_t filter, dev_t device, const char *what)
{
	check_add(&suite, table, filter, (uint32_t)device, what);
}

/* Each filter allows at once, allows in the end, and refuses. */
static void add_programs(void)
{
	struct entry first = entries_get(ENTRIES_DEFAULT, "rw");

	add(PROGRAMS, EMPTY, FIRST_DEVICE, "");
	for (size_t i = FENCE; i < FENCE + SIZES; i++) {
		add(PROGRAMS, i, FIRST_DEVICE, "/dev/null");
		add(PROGRAMS, i, last_device(i, CONSOLE_DEVICE), "last entry");
		add(PROGRAMS, i, WILDCARD_DEVICE, "wildcard");
		add(PROGRAMS, i, UNKNOWN_DEVICE, "refused");
	}
	add(PROGRAMS, AUDIT, UNKNOWN_DEVICE, "audited");
	for (size_t i = RUNC; i < RUNC + RUNC_FILTERS; i++) {
		add(PROGRAMS, i, FIRST_DEVICE, "found first");
		add(PROGRAMS, i, last_device(i, WILDCARD_DEVICE), "found last");
		add(PROGRAMS, i, UNKNOWN_DEVICE, "refused");
	}
	add(PROGRAMS, CRUN, FIRST_DEVICE, "/dev/null");
	add(PROGRAMS, CRUN, makedev(first.major, first.minor), "found last");
	add(PROGRAMS, CRUN, UNKNOWN_DEVICE, "refused");
	add(PROGRAMS, HASH, last_device(HASH, 0), "last entry");
}

static void add_opens(void)
{
	static const size_t asked[] = { NONE, EMPTY, FENCE + 1, HASH, CRUN, RUNC + 1 };

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		add(OPEN, asked[i], FIRST_DEVICE, "");
	add(OPEN, FENCE + 1, UNKNOWN_DEVICE, "refused");
	add(OPEN, RUNC + 1, UNKNOWN_DEVICE, "refused");
}

static void add_cold(size_t table)
{
	add(table, EMPTY, FIRST_DEVICE, "");
	add(table, PAGE, FIRST_DEVICE, "");
	add(table, PAGES, FIRST_DEVICE, "");
	for (size_t i = FENCE + 1; i < FENCE + SIZES; i++) {
		add(table, i, FIRST_DEVICE, "/dev/null");
		add(table, i, last_device(i, 0), "last entry");
	}
	add(table, RUNC + 1, FIRST_DEVICE, "found first");
	add(table, RUNC + 1, last_device(RUNC + 1, 0), "found last");
	add(table, HASH, last_device(HASH, 0), "last entry");
}

/* Targets. */

/* Of the fences with at least @first and at most @last entries of any size. */
static double most_of_sizes(struct table *table, size_t first, size_t last, const char *what)
{
	double most = -INFINITY;

	for (size_t i = FENCE; i < FENCE + SIZES; i++) {
		if (filters[i].size >= first && filters[i].size <= last)
			most = fmax(most,
				    table_median(table, text("%s: %s", filters[i].name, what)));
	}
	return most;
}

static void judge_hits(struct table *table)
{
	double null = most_of_sizes(table, 0, 4096, "/dev/null");
	double other = most_of_sizes(table, 0, 4096, "last entry");

	report_target(null <= 3,
		      "device check: at most 3 ns above an empty program for what every container "
		      "opens (/dev/null: %.1f ns)",
		      null);
	report_target(other <= 10,
		      "device check: at most 10 ns above an empty program at another hit (%.1f ns)",
		      other);
}

/* A page that is read costs the same on one machine, so the programs that do nothing else tell how many a check reads. */
static void judge_cold(struct table *table, const char *state)
{
	double page = table_median(table, filters[PAGE].name);
	double pages = table_median(table, filters[PAGES].name);
	double null = most_of_sizes(table, 0, 4096, "/dev/null");
	double few = most_of_sizes(table, 0, 400, "last entry");
	double many = most_of_sizes(table, 401, 4096, "last entry");

	report_target(null < page / 2,
		      "device check, %s: no page of data for what every container opens "
		      "(/dev/null: %.0f ns; a program that reads one page %.0f ns, two %.0f ns)",
		      state, null, page, pages);
	report_target(few < (page + pages) / 2 && many < pages + (pages - page) / 2,
		      "device check, %s: one page of data for another hit up to 400 entries, two "
		      "up to 4,096 (%.0f ns, %.0f ns)",
		      state, few, many);
}

static void judge_peers(struct table *table)
{
	double our_first = table_median(table, "cgfence, 200: /dev/null");
	double our_last = table_median(table, "cgfence, 200: last entry");
	double first = table_median(table, "runc, 200: found first");
	double last = table_median(table, "runc, 200: found last");

	if (!isnan(first))
		report_target(our_first <= first + 3,
			      "device check: no slower than the filter of runc for what that finds "
			      "first, give or take 3 ns (200 entries: %.1f ns, runc %.1f ns)",
			      our_first, first);
	if (!isnan(last))
		report_target(our_last * 10 <= last,
			      "device check: at least 10 times faster than the filter of runc at "
			      "200 entries for what that finds last (%.1f times)",
			      last / our_last);
	report_compare("device check, 200 entries, found last", "filter of runc", our_last, last);
	report_compare("device check, 200 entries, found last", "filter of crun", our_last,
		       table_median(table, "crun, 200: found last"));
	report_compare("device check, 200 entries", "plain hash map", our_last,
		       table_median(table, "plain hash map, 200: last entry"));
}

void suite_device_check(void)
{
	check_begin(&suite, "");
	add_programs();
	add_opens();
	add_cold(NO_TLB);
	add_cold(COLD);
	check_run(&suite, 2, 2);
	judge_hits(suite.tables[PROGRAMS].table);
	judge_cold(suite.tables[NO_TLB].table, "empty TLB");
	judge_cold(suite.tables[COLD].table, "cold caches");
	judge_peers(suite.tables[PROGRAMS].table);
}
