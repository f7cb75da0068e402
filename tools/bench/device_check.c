// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The cost of a device filter, beside those of runc and a plain hash map. */
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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The first that runc's filter finds, since it sorts the entries by type and number. */
#define FIRST_DEVICE makedev(1, 3)
#define CONSOLE_DEVICE makedev(5, 1)
#define WILDCARD_DEVICE makedev(136, 77)
#define UNKNOWN_DEVICE makedev(10, 77)

#define SIZES 5
#define RUNC_FILTERS 5

/* Enforcing fences, auditing ones, and runc's filters, each by size. */
enum { NONE, EMPTY, HASH, FENCE, AUDIT = FENCE + SIZES, RUNC = AUDIT + SIZES };

/* Filters. */

static uint32_t access_bits(const char *access)
{
	return (strchr(access, 'r') ? BPF_DEVCG_ACC_READ : 0) |
	       (strchr(access, 'w') ? BPF_DEVCG_ACC_WRITE : 0) |
	       (strchr(access, 'm') ? BPF_DEVCG_ACC_MKNOD : 0);
}

static bool make_hash(struct filter *filter)
{
	check_attach(filter, "hash_device", BPF_CGROUP_DEVICE);
	for (size_t i = 0; i < filter->size; i++) {
		struct entry entry = entries_get(i, "rw");
		uint32_t access = access_bits(entry.access);
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

static bool make_runc(struct filter *filter)
{
	int program = entries_runc(filter->size, filter->parameter);

	if (program < 0)
		return false;
	probe_attach(filter->cgroup, program, BPF_CGROUP_DEVICE);
	close(program);
	return true;
}

static struct filter filters[] = {
	[NONE] = { "no program" },
	[EMPTY] = { "empty program", check_make_empty },
	[HASH] = { "plain hash map, 200", make_hash, 200 },
	[FENCE] = { "cgfence, 14", make_fence, 14, "true" },
	{ "cgfence, 64", make_fence, 64, "true" },
	{ "cgfence, 200", make_fence, 200, "true" },
	{ "cgfence, 1000", make_fence, 1000, "true" },
	{ "cgfence, 4096", make_fence, 4096, "true" },
	[AUDIT] = { "cgfence, 14", make_fence, 14, "false" },
	{ "cgfence, 64", make_fence, 64, "false" },
	{ "cgfence, 200", make_fence, 200, "false" },
	{ "cgfence, 1000", make_fence, 1000, "false" },
	{ "cgfence, 4096", make_fence, 4096, "false" },
	[RUNC] = { "runc, 14", make_runc, 14, "rw" },
	{ "runc, 64", make_runc, 64, "rw" },
	{ "runc, 200", make_runc, 200, "rw" },
	{ "runc, 242", make_runc, 242, "rw" },
	/* Without a look at the access bits, which it leaves out for such entries. */
	{ "runc, 200 of all access", make_runc, 200, "rwm" },
};

/* Calls. */

static int opened;

static bool call_open(void)
{
	opened = check_open();
	return opened >= 0;
}

static void close_opened(void)
{
	if (opened >= 0)
		close(opened);
}

/* More than caches near a processor and its TLB hold, four lines of each page. */
#define FOREIGN_SIZE (64UL << 20)
#define FOREIGN_STEP 1024

static const volatile char *foreign;

static void aim_cold(uint32_t device)
{
	check_aim_device(device);
	foreign = mmap(NULL, FOREIGN_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (foreign == MAP_FAILED)
		report_fail("out of memory");
}

static void cool(void)
{
	for (size_t i = 0; i < FOREIGN_SIZE; i += FOREIGN_STEP)
		(void)foreign[i];
}

static const struct check_call open_call = {
	check_aim_device, NULL, call_open, close_opened, 1, 0
};
static const struct check_call cold_call = { aim_cold, cool, check_access, NULL, 1, 3 };

enum { PROGRAMS, OPEN, ACCESS, COLD };

static struct check_suite suite = {
	.filters = filters,
	.filter_count = sizeof(filters) / sizeof(filters[0]),
	.hooks = { { BPF_CGROUP_DEVICE, "empty_device" } },
	.hook_count = 1,
	.tables = {
		[PROGRAMS] = { "device-check", "Device check: time of the program above an empty one",
			       "cgfence, 200: last entry", &check_access_call, false, NULL },
		[OPEN] = { "device-open",
			   "Device check: the whole of open(2), /dev/null where allowed", NULL,
			   &open_call, true, NULL },
		[ACCESS] = { "device-access",
			     "Device check: the whole of access(2), the last device of 200", NULL,
			     &check_access_call, true, NULL },
		[COLD] = { "device-cold",
			   "Device check, each after a look at 64 MiB of other memory: time above an "
			   "empty program",
			   "cgfence, 200: last entry", &cold_call, false, NULL },
	},
	.table_count = 4,
};

/* The device of a filter's entries that runc looks at last: the highest number. @other if all are defaults. */
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
	add(PROGRAMS, EMPTY, FIRST_DEVICE, "");
	for (size_t i = 0; i < SIZES; i++) {
		add(PROGRAMS, FENCE + i, FIRST_DEVICE, "/dev/null");
		add(PROGRAMS, FENCE + i, last_device(FENCE + i, CONSOLE_DEVICE), "last entry");
	}
	for (size_t i = 0; i < SIZES; i++) {
		add(PROGRAMS, FENCE + i, WILDCARD_DEVICE, "wildcard");
		add(PROGRAMS, FENCE + i, UNKNOWN_DEVICE, "refused");
		add(PROGRAMS, AUDIT + i, UNKNOWN_DEVICE, "audited");
	}
	for (size_t i = 0; i < RUNC_FILTERS; i++) {
		add(PROGRAMS, RUNC + i, FIRST_DEVICE, "found first");
		add(PROGRAMS, RUNC + i, last_device(RUNC + i, WILDCARD_DEVICE), "found last");
		add(PROGRAMS, RUNC + i, UNKNOWN_DEVICE, "refused");
	}
	add(PROGRAMS, HASH, last_device(HASH, 0), "last entry");
}

static void add_opens(void)
{
	add(OPEN, NONE, FIRST_DEVICE, "");
	add(OPEN, EMPTY, FIRST_DEVICE, "");
	for (size_t i = 0; i < SIZES; i++)
		add(OPEN, FENCE + i, FIRST_DEVICE, "");
	for (size_t i = 0; i < RUNC_FILTERS; i++)
		add(OPEN, RUNC + i, FIRST_DEVICE, "found first");
	add(OPEN, HASH, FIRST_DEVICE, "");
	add(OPEN, FENCE, UNKNOWN_DEVICE, "refused");
	add(OPEN, FENCE + SIZES - 1, UNKNOWN_DEVICE, "refused");
	add(OPEN, RUNC + 2, UNKNOWN_DEVICE, "refused");
}

/* The devices that runc's filter finds last have no driver to open. */
static void add_accesses(void)
{
	static const size_t asked[] = {
		NONE, EMPTY, FENCE + 2, HASH, RUNC + 2, RUNC + 3, RUNC + 4
	};

	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		add(ACCESS, asked[i], last_device(HASH, 0), "");
}

static void add_cold(void)
{
	static const size_t fences[] = { FENCE, FENCE + 2, FENCE + SIZES - 1 };

	add(COLD, EMPTY, FIRST_DEVICE, "");
	for (size_t i = 0; i < sizeof(fences) / sizeof(fences[0]); i++) {
		add(COLD, fences[i], FIRST_DEVICE, "/dev/null");
		if (i)
			add(COLD, fences[i], last_device(fences[i], 0), "last entry");
	}
	add(COLD, RUNC + 2, FIRST_DEVICE, "found first");
	add(COLD, RUNC + 2, last_device(RUNC + 2, 0), "found last");
	add(COLD, HASH, last_device(HASH, 0), "last entry");
}

/* Targets. */

static double most_of_sizes(struct table *table, const char *what)
{
	double most = -INFINITY;

	for (size_t i = 0; i < SIZES; i++)
		most = fmax(most,
			    table_median(table, text("%s: %s", filters[FENCE + i].name, what)));
	return most;
}

/* At the exact hits of all sizes. The spread of an empty program above another one, up to a nanosecond, is no difference. */
static void judge_hits(struct table *table, struct row *empty)
{
	static const struct {
		const char *what;
		const char *words;
	} hits[] = { { "/dev/null", "/dev/null" }, { "last entry", "the last entry" } };
	double spread = row_quantile(empty, 0.75) - row_quantile(empty, 0.25);
	double resolution = fmin(spread, 1);
	double most = most_of_sizes(table, hits[0].what);

	report_target(most <= 3,
		      "device check: at most 3 ns above an empty program for what every container "
		      "opens (/dev/null: %.1f ns)",
		      most);
	most = most_of_sizes(table, hits[1].what);
	report_target(most <= 10,
		      "device check: at most 10 ns above an empty program at another hit (%.1f ns)",
		      most);
	for (size_t i = 0; i < 2; i++) {
		double with_14 = table_median(table, text("cgfence, 14: %s", hits[i].what));

		most = fmax(most_of_sizes(table, hits[i].what), 0);
		report_target(
			most <= 1.2 * with_14 + resolution,
			"device check: from 14 to 4,096 entries no more than 20 %% above 14, give "
			"or take the resolution of %.1f ns (%s: %.1f ns with 14, at most %.1f ns)",
			resolution, hits[i].words, with_14, most);
	}
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
	report_compare("device check, 200 entries, found first", "filter of runc", our_first,
		       first);
	report_compare("device check, 200 entries, found last", "filter of runc", our_last, last);
	report_compare("device check, 200 entries", "plain hash map", our_last,
		       table_median(table, "plain hash map, 200: last entry"));
}

void suite_device_check(void)
{
	struct table *table;

	check_begin(&suite, "");
	add_programs();
	add_opens();
	add_accesses();
	add_cold();
	check_run(&suite, 2, 2);
	table = suite.tables[PROGRAMS].table;
	judge_hits(table, &table->rows[0]);
	judge_peers(table);
}
