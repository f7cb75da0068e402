// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The cost of the port programs at bind and listen, beside a linear list of rules as systemd's SocketBindAllow= has it. */
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
#include <unistd.h>

#define SIZES 3

/* Ranges of ten ports, fifty apart. */
#define RANGE_PORT(index) (uint32_t)(20000 + (index)*50)
#define RANGE_LENGTH 10
#define REFUSED_PORT 19999

enum { NONE, EMPTY, FENCE, LIST = FENCE + SIZES };

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

static struct filter filters[] = {
	[NONE] = { "no program" },
	[EMPTY] = { "empty programs", check_make_empty },
	[FENCE] = { "cgfence, 1", make_fence, 1 },
	{ "cgfence, 16", make_fence, 16 },
	{ "cgfence, 128", make_fence, 128 },
	[LIST] = { "linear list, 1", make_list, 1 },
	{ "linear list, 16", make_list, 16 },
	{ "linear list, 128", make_list, 128 },
};

/* Calls. */

static const char *address; /* of the family that is measured now */
static struct endpoint endpoint;
static int fd;

static void aim(uint32_t port)
{
	endpoint = endpoint_parse(text("tcp %s %u", address, port));
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

static const struct check_call bind_call = { aim, make_socket, call_bind, close_socket, 1, 0 };
static const struct check_call listen_call = { aim,	     make_socket, call_bind_and_listen,
					       close_socket, 1,		  0 };

enum { PROGRAMS, LISTEN };

static struct check_suite suite = {
	.filters = filters,
	.filter_count = sizeof(filters) / sizeof(filters[0]),
	.hook_count = 2,
	.tables = {
		[PROGRAMS] = { "bind-check", "Bind check: time of all programs above empty ones",
			       "cgfence, 128", &bind_call, false, NULL },
		[LISTEN] = { "bind-listen", "The whole of bind(2) and listen(2), TCP", NULL,
			     &listen_call, true, NULL },
	},
	.table_count = 2,
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

static void add_all(size_t table)
{
	size_t last_fence = FENCE + SIZES - 1;
	size_t last_list = LIST + SIZES - 1;

	if (table == LISTEN)
		check_add(&suite, table, NONE, RANGE_PORT(0), "");
	check_add(&suite, table, EMPTY, RANGE_PORT(0), "");
	for (size_t i = FENCE; i <= last_fence; i++)
		check_add(&suite, table, i, RANGE_PORT(filters[i].size - 1), "");
	for (size_t i = LIST; i <= last_list; i++)
		check_add(&suite, table, i, RANGE_PORT(filters[i].size - 1), "found last");
	check_add(&suite, table, last_list, RANGE_PORT(0), "found first");
	check_add(&suite, table, last_list, RANGE_PORT(filters[last_list].size / 2),
		  "in the middle");
	if (table == PROGRAMS) {
		check_add(&suite, table, last_fence, REFUSED_PORT, "refused");
		check_add(&suite, table, last_list, REFUSED_PORT, "refused");
	}
}

static void judge(struct table *table, const char *family)
{
	double few = table_median(table, "cgfence, 1");
	double many = table_median(table, "cgfence, 128");
	double middle = table_median(table, "linear list, 128: in the middle");
	double last = table_median(table, "linear list, 128: found last");

	report_target(many <= 1.2 * few,
		      "bind check, %s: 128 ranges no more than 20 %% above 1 (%.1f ns, %.1f ns)",
		      family, few, many);
	report_target(3 * many <= middle,
		      "bind check, %s: at least 3 times faster than a linear list at 128 ranges, "
		      "for a port in its middle (%.1f times; for its last %.1f)",
		      family, middle / many, last / many);
	report_compare(text("bind check, %s, 128 ranges, port in the middle", family),
		       "linear list", many, middle);
}

void suite_bind_check(void)
{
	for (size_t i = 0; i < 2; i++) {
		report_progress(text("bind-check: %s", families[i].name));
		address = families[i].address;
		memcpy(suite.hooks, families[i].hooks, sizeof(suite.hooks));
		check_begin(&suite, families[i].name);
		add_all(PROGRAMS);
		add_all(LISTEN);
		check_run(&suite, 3, 2);
		judge(suite.tables[PROGRAMS].table, families[i].name);
	}
}
