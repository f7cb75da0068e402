// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The cost of the port programs at bind and listen, beside systemd's list of rules, which is linear, and Landlock. */
#include "check.h"
#include "peers.h"
#include "probe.h"
#include "report.h"
#include "suites.h"
#include "bench_peers.skel.h"
#include "support/endpoint.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SIZES 2

/* Ranges of ten ports, fifty apart. */
#define RANGE_PORT(index) (uint32_t)(20000 + (index)*50)
#define RANGE_LENGTH 10

enum { NONE, EMPTY, FENCE, LIST = FENCE + SIZES, LANDLOCK = LIST + SIZES };

/* Filters. */

static bool make_fence(struct filter *filter)
{
	char *policy = NULL;
	size_t length;
	FILE *file = open_memstream(&policy, &length);

	fprintf(file, "{'ports': [");
	for (size_t i = 0; i < filter->size; i++)
		fprintf(file, "%s'%u-%u'", i ? ", " : "", RANGE_PORT(i),
			RANGE_PORT(i) + RANGE_LENGTH - 1);
	fprintf(file, "]}");
	fclose(file);
	probe_fence(filter->cgroup, policy);
	free(policy);
	return true;
}

static void put_rule(struct bpf_map *map, uint32_t index, struct peer_rule rule)
{
	if (bpf_map_update_elem(bpf_map__fd(map), &index, &rule, BPF_ANY) < 0)
		report_fail("cannot fill the list of rules: %s", strerror(errno));
}

/* The ranges are allowed and all else is denied, as with SocketBindAllow= and SocketBindDeny=any. */
static bool make_list(struct filter *filter)
{
	check_attach(filter, "linear_bind4", BPF_CGROUP_INET4_BIND);
	check_attach(filter, "linear_bind6", BPF_CGROUP_INET6_BIND);
	for (uint32_t i = 0; i < PEER_RULES_MAX; i++) {
		struct peer_rule rule = { .family = PEER_END };

		if (i < filter->size)
			rule = (struct peer_rule){ .port_min = (uint16_t)RANGE_PORT(i),
						   .port_count = RANGE_LENGTH };
		put_rule(filter->peers->maps.allow_rules, i, rule);
	}
	put_rule(filter->peers->maps.deny_rules, 0, (struct peer_rule){ 0 });
	return true;
}

/*
 * Landlock (landlock(7)) judges without a program, so it is timed by the clock alone. The constants are those of
 * <linux/landlock.h>, which older headers lack; the ABI is -1 without Landlock.
 */

#define LANDLOCK_ABI_WITH_PORTS 4
#define LANDLOCK_BIND_TCP 1
#define LANDLOCK_NET_PORT 2

static long landlock_abi(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1 /* version */);
}

static bool make_landlock(struct filter *filter)
{
	(void)filter;
	return landlock_abi() >= LANDLOCK_ABI_WITH_PORTS;
}

/* It knows no ranges, so each port has a rule. */
static int restrict_self(const struct filter *filter)
{
	const uint64_t handled[] = { 0 /* of files */, LANDLOCK_BIND_TCP };
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, handled, sizeof(handled), 0);

	for (size_t i = 0; i < filter->size * RANGE_LENGTH; i++) {
		const uint64_t rule[] = { LANDLOCK_BIND_TCP,
					  RANGE_PORT(i / RANGE_LENGTH) + i % RANGE_LENGTH };

		if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_NET_PORT, rule, 0) < 0)
			return -errno;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		return -errno;
	return close(ruleset);
}

static struct filter filters[] = {
	[NONE] = { "no program" },
	[EMPTY] = { "empty programs", check_make_empty },
	[FENCE] = { "cgfence, 1", make_fence, .size = 1 },
	{ "cgfence, 128", make_fence, .size = 128 },
	[LIST] = { "systemd, 1", make_list, .size = 1 },
	{ "systemd, 128", make_list, .size = 128 },
	[LANDLOCK] = { "Landlock, 1", make_landlock, restrict_self, .size = 1 },
	{ "Landlock, 128", make_landlock, restrict_self, .size = 128 },
};

/* Calls. */

static const char *address; /* of the family that is measured now */
static struct endpoint endpoint;
static int fd;

/* A reader of all descriptors on the host, such as somebody's reconciler, can hold the closed socket of the last call. */
static void aim(uint32_t port)
{
	endpoint = endpoint_parse(text("tcp %s %u reuseport", address, port));
}

static void make_socket(void)
{
	fd = endpoint_make(&endpoint);
	if (fd < 0)
		report_fail("no socket: %s", strerror(-fd));
}

static bool call_bind(void)
{
	return bind(fd, &endpoint.address.any, endpoint.length) == 0;
}

static bool call_bind_and_listen(void)
{
	return call_bind() && listen(fd, 1) == 0;
}

static void close_socket(void)
{
	close(fd);
}

#define CALL(call, data)                                   \
	{                                                  \
		aim, make_socket, call, close_socket, data \
	}

static const struct check_call bind_calls[] = { CALL(call_bind, CHECK_WARM),
						CALL(call_bind, CHECK_NO_TLB),
						CALL(call_bind, CHECK_COLD) };
static const struct check_call listen_call = CALL(call_bind_and_listen, CHECK_WARM);

#define TITLE "Bind check: time of all programs above empty ones"

enum { PROGRAMS, LISTEN, NO_TLB, COLD };

static struct check_suite suite = {
	.filters = filters,
	.filter_count = sizeof(filters) / sizeof(filters[0]),
	.hook_count = 2,
	.tables = {
		[PROGRAMS] = { "bind-check", TITLE, "cgfence, 128", &bind_calls[CHECK_WARM], false,
			       NULL },
		[LISTEN] = { "bind-listen", "The whole of bind(2) and listen(2), TCP", NULL,
			     &listen_call, true, NULL },
		[NO_TLB] = { "bind-no-tlb", TITLE CHECK_NO_TLB_TITLE, "cgfence, 128",
			     &bind_calls[CHECK_NO_TLB], false, NULL },
		[COLD] = { "bind-cold", TITLE CHECK_COLD_TITLE, "cgfence, 128",
			   &bind_calls[CHECK_COLD], false, NULL },
	},
	.table_count = 4,
};

static const struct {
	const char *name;
	const char *address;
	struct check_hook hooks[2];
} families[] = {
	{ "IPv4",
	  "0.0.0.0",
	  { { BPF_CGROUP_INET4_BIND, "empty_bind4" },
	    { BPF_CGROUP_INET4_POST_BIND, "empty_post_bind4" } } },
	{ "IPv6",
	  "::",
	  { { BPF_CGROUP_INET6_BIND, "empty_bind6" },
	    { BPF_CGROUP_INET6_POST_BIND, "empty_post_bind6" } } },
};

#define LAST_FENCE (LIST - 1)
#define LAST_LIST (LANDLOCK - 1)

static void add(size_t table, size_t filter, size_t range, const char *what)
{
	check_add(&suite, table, filter, RANGE_PORT(range), what);
}

static void add_all(size_t table)
{
	if (table == LISTEN)
		add(table, NONE, 0, "");
	add(table, EMPTY, 0, "");
	for (size_t i = FENCE; i <= LAST_LIST; i++)
		add(table, i, filters[i].size - 1, i < LIST ? "" : "found last");
	add(table, LAST_LIST, 0, "found first");
	add(table, LAST_LIST, filters[LAST_LIST].size / 2, "in the middle");
	for (size_t i = LANDLOCK; table == LISTEN && i < LANDLOCK + SIZES; i++)
		add(table, i, filters[i].size / 2, "");
}

static void add_cold(size_t table)
{
	add(table, EMPTY, 0, "");
	add(table, FENCE, 0, "");
	add(table, LAST_FENCE, filters[LAST_FENCE].size / 2, "");
	add(table, LAST_LIST, 0, "found first");
	add(table, LAST_LIST, filters[LAST_LIST].size / 2, "in the middle");
}

static void judge(size_t which, const char *kind)
{
	struct table *table = suite.tables[which].table;
	double few = table_median(table, "cgfence, 1");
	double many = table_median(table, "cgfence, 128");
	double middle = table_median(table, "systemd, 128: in the middle");

	/* Of cold data the difference is smaller than the noise. */
	if (which == PROGRAMS)
		report_at_most(many / few, 1.2, "times",
			       text("bind check, %s: 128 ranges against 1", kind));
	report_at_least(middle / many, 3, "times",
			text("bind check, %s: faster than systemd's list of 128 for a port in its "
			     "middle",
			     kind));
	report_compare(text("bind check, %s, 128 ranges, port in the middle", kind),
		       "systemd's list", many, middle);
}

void suite_bind_check(void)
{
	if (landlock_abi() < LANDLOCK_ABI_WITH_PORTS)
		report_skip("no Landlock for bind: this kernel's ABI is below 4, or it is off");
	for (size_t i = 0; i < 2; i++) {
		report_progress(text("bind-check: %s", families[i].name));
		address = families[i].address;
		memcpy(suite.hooks, families[i].hooks, sizeof(suite.hooks));
		check_begin(&suite, families[i].name);
		add_all(PROGRAMS);
		add_all(LISTEN);
		add_cold(NO_TLB);
		add_cold(COLD);
		check_run(&suite, 2, 2);
		judge(PROGRAMS, families[i].name);
		judge(NO_TLB, text("%s, empty TLB", families[i].name));
		judge(COLD, text("%s, cold caches", families[i].name));
	}
}
