// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "bind_rules.h"
#include "peers.h"
#include "bench_peers.skel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const size_t bind_sizes[BIND_SIZES] = { 1, 16, 128 };

static void fence(struct bench *bench, struct bind_rules *rules, size_t ranges)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		bench_fail(bench, "out of memory");
	fprintf(file, "{'ports': [");
	for (size_t i = 0; i < ranges; i++)
		fprintf(file, "%s'%zu-%zu'", i ? ", " : "", BIND_RANGE_PORT(i),
			BIND_RANGE_PORT(i) + BIND_RANGE_LENGTH - 1);
	fprintf(file, "]}");
	fclose(file);
	probe_fence(bench, rules->place.cgroup, text);
	free(text);
}

static void put_rule(struct bench *bench, struct bpf_map *map, uint32_t index,
		     struct peer_rule rule)
{
	if (bpf_map_update_elem(bpf_map__fd(map), &index, &rule, BPF_ANY) < 0)
		bench_fail(bench, "cannot fill the list of rules: %s", strerror(errno));
}

/* The ranges are allowed and all else is denied, as with SocketBindAllow= and SocketBindDeny=any. */
static void list(struct bench *bench, struct bind_rules *rules, size_t ranges)
{
	struct bench_peers *peers = rules->peers;

	for (uint32_t i = 0; i < PEER_RULES_MAX; i++) {
		struct peer_rule rule = { .family = PEER_END };

		if (i < ranges)
			rule = (struct peer_rule){ .port_min = (uint16_t)BIND_RANGE_PORT(i),
						   .port_count = BIND_RANGE_LENGTH };
		put_rule(bench, peers->maps.allow_rules, i, rule);
	}
	put_rule(bench, peers->maps.deny_rules, 0, (struct peer_rule){ 0 });
	probe_attach(bench, rules->place.cgroup, bpf_program__fd(peers->progs.linear_bind4),
		     BPF_CGROUP_INET4_BIND);
	probe_attach(bench, rules->place.cgroup, bpf_program__fd(peers->progs.linear_bind6),
		     BPF_CGROUP_INET6_BIND);
}

static void attach_empty(struct bench *bench, const struct bind_rules *rules,
			 const struct bench_peers *peers)
{
	probe_attach(bench, rules->place.cgroup, bpf_program__fd(peers->progs.empty_bind4),
		     BPF_CGROUP_INET4_BIND);
	probe_attach(bench, rules->place.cgroup, bpf_program__fd(peers->progs.empty_bind6),
		     BPF_CGROUP_INET6_BIND);
	probe_attach(bench, rules->place.cgroup, bpf_program__fd(peers->progs.empty_post_bind4),
		     BPF_CGROUP_INET4_POST_BIND);
	probe_attach(bench, rules->place.cgroup, bpf_program__fd(peers->progs.empty_post_bind6),
		     BPF_CGROUP_INET6_POST_BIND);
}

struct bench_peers *bind_load_peers(struct bench *bench)
{
	struct bench_peers *peers = bench_peers__open_and_load();

	if (!peers)
		bench_fail(bench, "cannot load the programs of the benchmark: %s", strerror(errno));
	return peers;
}

static void make_fence(struct bench *bench, struct bind_rules *rules, size_t ranges)
{
	char name[32];

	snprintf(name, sizeof(name), "fence-%zu", ranges);
	rules->place = probe_make_place(bench, name);
	fence(bench, rules, ranges);
}

static void make_list(struct bench *bench, struct bind_rules *rules, size_t ranges)
{
	char name[32];

	snprintf(name, sizeof(name), "list-%zu", ranges);
	rules->place = probe_make_place(bench, name);
	rules->peers = bind_load_peers(bench);
	list(bench, rules, ranges);
}

static void make_empty(struct bench *bench, struct bind_rules *rules)
{
	rules->place = probe_make_place(bench, "empty");
	rules->peers = bind_load_peers(bench);
	attach_empty(bench, rules, rules->peers);
}

static void make_nth(struct bench *bench, struct bind_setup *setup, size_t n)
{
	if (n < BIND_SIZES)
		make_fence(bench, &setup->fences[n], bind_sizes[n]);
	else if (n < 2 * BIND_SIZES)
		make_list(bench, &setup->lists[n - BIND_SIZES], bind_sizes[n - BIND_SIZES]);
	else
		make_empty(bench, &setup->empty);
}

void bind_setup_make(struct bench *bench, struct bind_setup *setup, size_t times)
{
	setup->none.place = probe_make_place(bench, "none");
	for (size_t i = 0; i < BIND_SETUPS; i++)
		make_nth(bench, setup, (times + i) % BIND_SETUPS);
}

static void remove_rules(struct bench *bench, struct bind_rules *rules)
{
	probe_remove_place(bench, &rules->place);
	bench_peers__destroy(rules->peers);
}

void bind_setup_remove(struct bench *bench, struct bind_setup *setup)
{
	remove_rules(bench, &setup->none);
	remove_rules(bench, &setup->empty);
	for (size_t i = 0; i < BIND_SIZES; i++) {
		remove_rules(bench, &setup->fences[i]);
		remove_rules(bench, &setup->lists[i]);
	}
}
