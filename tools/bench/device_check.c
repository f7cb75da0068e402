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
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The first that runc's filter finds, since it sorts the entries by type and number. */
#define FIRST_DEVICE makedev(1, 3)
#define CONSOLE_DEVICE makedev(5, 1)
#define UNKNOWN_DEVICE makedev(10, 77)
#define SIZES 4
#define RUNC_FILTERS 3

enum { EMPTY, PAGE, PAGES, HASH, CRUN, MEMBER, FENCE, RUNC = FENCE + SIZES };

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
		struct whitelist_entry entry = entries_get(i);
		struct peer_device key = {
			.type = entry.type,
			.major = (uint32_t)entry.major,
			.minor = entry.minor < 0 ? PEER_ANY : (uint32_t)entry.minor,
		};

		if (bpf_map_update_elem(bpf_map__fd(filter->peers->maps.devices), &key,
					&entry.access, BPF_ANY) < 0)
			report_fail("cannot fill the hash map: %s", strerror(errno));
	}
	return true;
}

static bool make_fence(struct filter *filter)
{
	char *policy = entries_policy(filter->size);

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
	return attach(filter, entries_runc(filter->size));
}

static bool make_crun(struct filter *filter)
{
	return attach(filter, entries_crun(filter->size));
}

static struct filter filters[] = {
	[EMPTY] = { "empty program", check_make_empty },
	[PAGE] = { "a program that reads a page", make_by_name, .parameter = "page_device" },
	[PAGES] = { "a program that reads two pages", make_by_name, .parameter = "pages_device" },
	[HASH] = { "plain hash map, 200", make_hash, .size = 200 },
	[CRUN] = { "crun, 200", make_crun, .size = 200 },
	[MEMBER] = { "cgfence, a member of a standing fence", standing_make },
	[FENCE] = { "cgfence, 14", make_fence, .size = 14 },
	{ "cgfence, 200", make_fence, .size = 200 },
	{ "cgfence, 400", make_fence, .size = 400 },
	{ "cgfence, 4096", make_fence, .size = 4096 },
	[RUNC] = { "runc, 14", make_runc, .size = 14 },
	{ "runc, 200", make_runc, .size = 200 },
	{ "runc, 242", make_runc, .size = 242 },
};

enum { PROGRAMS, NO_TLB, COLD };

#define TITLE "Device check: time of the program above an empty one"

static struct check_suite suite = {
	.filters = filters,
	.filter_count = sizeof(filters) / sizeof(filters[0]),
	.hooks = { { BPF_CGROUP_DEVICE, "empty_device" } },
	.hook_count = 1,
	.tables = {
		[PROGRAMS] = { "device-check", TITLE, "cgfence, 200: last entry",
			       &check_access_calls[CHECK_WARM], false, NULL },
		[NO_TLB] = { "device-no-tlb", TITLE CHECK_NO_TLB_TITLE, "a program that reads a page",
			     &check_access_calls[CHECK_NO_TLB], false, NULL },
		[COLD] = { "device-cold", TITLE CHECK_COLD_TITLE, "a program that reads a page",
			   &check_access_calls[CHECK_COLD], false, NULL },
	},
	.table_count = 3,
};

static dev_t device_at(size_t index)
{
	struct whitelist_entry entry = entries_get(index);

	return makedev((unsigned int)entry.major, (unsigned int)entry.minor);
}

/* That of a filter with the highest number, which runc looks at last. @other if all are defaults. */
static dev_t last_device(size_t filter, dev_t other)
{
	return filters[filter].size > ENTRIES_DEFAULT ? device_at(filters[filter].size - 1) : other;
}

static void add(size_t table, size_t filter, dev_t device, const char *what)
{
	check_add(&suite, table, filter, (uint32_t)device, what);
}

/* Each filter allows at once, allows in the end, and refuses. */
static void add_programs(void)
{
	add(PROGRAMS, EMPTY, FIRST_DEVICE, "");
	for (size_t i = FENCE; i < FENCE + SIZES; i++) {
		add(PROGRAMS, i, FIRST_DEVICE, "/dev/null");
		add(PROGRAMS, i, last_device(i, CONSOLE_DEVICE), "last entry");
		add(PROGRAMS, i, UNKNOWN_DEVICE, "refused");
	}
	add(PROGRAMS, MEMBER, FIRST_DEVICE, "/dev/null");
	for (size_t i = RUNC; i < RUNC + RUNC_FILTERS; i++) {
		add(PROGRAMS, i, FIRST_DEVICE, "found first");
		add(PROGRAMS, i, last_device(i, makedev(136, 77)), "found last");
		add(PROGRAMS, i, UNKNOWN_DEVICE, "refused");
	}
	add(PROGRAMS, CRUN, FIRST_DEVICE, "/dev/null");
	add(PROGRAMS, CRUN, device_at(ENTRIES_DEFAULT), "found last");
	add(PROGRAMS, CRUN, UNKNOWN_DEVICE, "refused");
	add(PROGRAMS, HASH, last_device(HASH, 0), "last entry");
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

/*
 * A page that is read costs the same on one machine, so two programs that do nothing else, and read as many words as a check
 * does, tell how many a check reads. Together they read three.
 */
static double pages_of(struct table *table, double ns)
{
	return 3 * ns /
	       (table_median(table, filters[PAGE].name) + table_median(table, filters[PAGES].name));
}

/* What the data costs: a check of /dev/null runs the same program and reads none, and warm data is in the cache. */
static double cost_of_data(struct table *table, size_t first, size_t last)
{
	struct table *warm = suite.tables[PROGRAMS].table;

	return most_of_sizes(table, first, last, "last entry") -
	       most_of_sizes(table, first, last, "/dev/null") -
	       (most_of_sizes(warm, first, last, "last entry") -
		most_of_sizes(warm, first, last, "/dev/null"));
}

static void judge(size_t which, const char *state)
{
	struct table *table = suite.tables[which].table;
	double null = most_of_sizes(table, 0, 4096, "/dev/null");
	double few = pages_of(table, cost_of_data(table, 0, 400));
	double many = pages_of(table, cost_of_data(table, 401, 4096));

	if (which != COLD)
		report_at_most(null, 3, "ns", text("device check%s: /dev/null", state));
	if (which == PROGRAMS) {
		report_at_most(most_of_sizes(table, 0, 4096, "last entry"), 10, "ns",
			       "device check: another hit");
		return;
	}
	report_at_most(pages_of(table, null), 0.5, "pages",
		       text("device check%s: data for /dev/null", state));
	report_at_most(few, 1.5, "pages",
		       text("device check%s: data for another hit, to 400 entries", state));
	report_at_most(many, 2.5, "pages",
		       text("device check%s: data for another hit, to 4,096", state));
}

static void judge_peers(struct table *table)
{
	double our_last = table_median(table, "cgfence, 200: last entry");
	double last = table_median(table, "runc, 200: found last");

	report_at_most(table_median(table, "cgfence, 200: /dev/null") -
			       table_median(table, "runc, 200: found first"),
		       3, "ns", "device check: above runc's filter for what that finds first");
	report_at_least(last / our_last, 10, "times",
			"device check: faster than runc's filter of 200 for what that finds last");
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
	add_cold(NO_TLB);
	add_cold(COLD);
	check_run(&suite, 4, 1);
	standing_make(NULL);
	judge(PROGRAMS, "");
	judge(NO_TLB, ", empty TLB");
	judge(COLD, ", cold caches");
	judge_peers(suite.tables[PROGRAMS].table);
}
