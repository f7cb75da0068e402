// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "device_filters.h"
#include "entries.h"
#include "peers.h"
#include "runc.h"
#include "bench_peers.skel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const size_t device_sizes[DEVICE_SIZES] = { 14, 64, 200, 1000, 4096 };

const struct device_runc device_runc[DEVICE_RUNC_FILTERS] = {
	{ 14, "rw", "runc, 14" },
	{ 64, "rw", "runc, 64" },
	{ 200, "rw", "runc, 200" },
	{ 242, "rw", "runc, 242" },
	/* Without a look at the access bits, which it leaves out for such entries. */
	{ 200, "rwm", "runc, 200 of all access" },
};

static void fill_hash(struct bench *bench, int map, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct entry entry = entries_get(i, "rw");
		struct peer_device key = {
			.type = entry.type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK,
			.major = (uint32_t)entry.major,
			.minor = entry.minor < 0 ? PEER_ANY : (uint32_t)entry.minor,
		};
		uint32_t access = (strchr(entry.access, 'r') ? BPF_DEVCG_ACC_READ : 0) |
				  (strchr(entry.access, 'w') ? BPF_DEVCG_ACC_WRITE : 0) |
				  (strchr(entry.access, 'm') ? BPF_DEVCG_ACC_MKNOD : 0);

		if (bpf_map_update_elem(map, &key, &access, BPF_ANY) < 0)
			bench_fail(bench, "cannot fill the hash map: %s", strerror(errno));
	}
}

static struct filter make_filter(struct bench *bench, const char *cgroup, int program)
{
	struct filter filter = { .place = probe_make_place(bench, cgroup), .program = program };

	if (program >= 0)
		probe_attach(bench, filter.place.cgroup, program, BPF_CGROUP_DEVICE);
	return filter;
}

static struct filter make_fence(struct bench *bench, size_t entries, bool enforce)
{
	struct filter filter;
	char *policy = entries_policy(entries, "rw", enforce);
	char name[64];

	snprintf(name, sizeof(name), "%s-%zu", enforce ? "enforcing" : "auditing", entries);
	filter.place = probe_make_place(bench, name);
	probe_fence(bench, filter.place.cgroup, policy);
	filter.program = probe_program(filter.place.cgroup, BPF_CGROUP_DEVICE);
	if (filter.program < 0)
		bench_fail(bench, "a fence has no program");
	free(policy);
	return filter;
}

static struct filter make_runc(struct bench *bench, size_t index)
{
	int program = runc_filter(bench, device_runc[index].entries, device_runc[index].access);
	char name[64];

	snprintf(name, sizeof(name), "runc-%zu", index);
	return make_filter(bench, name, program);
}

/* The programs of the benchmark itself. */
static void make_peers(struct bench *bench, struct device_filters *filters)
{
	filters->peers = bench_peers__open_and_load();
	if (!filters->peers)
		bench_fail(bench, "cannot load the programs of the benchmark: %s", strerror(errno));
	filters->companion = bpf_program__fd(filters->peers->progs.companion_device);
	fill_hash(bench, bpf_map__fd(filters->peers->maps.devices), DEVICE_HASH_ENTRIES);
	filters->empty =
		make_filter(bench, "empty", bpf_program__fd(filters->peers->progs.empty_device));
	filters->hash =
		make_filter(bench, "hash", bpf_program__fd(filters->peers->progs.hash_device));
}

/* What is made, in this order, beginning anywhere. */
enum {
	ENFORCING,
	AUDITING = ENFORCING + DEVICE_SIZES,
	RUNC = AUDITING + DEVICE_SIZES,
	PEERS = RUNC + DEVICE_RUNC_FILTERS,
	TO_MAKE,
};

_Static_assert(TO_MAKE == DEVICE_SETUPS, "each is the first to be made once");

static void make_nth(struct bench *bench, struct device_filters *filters, size_t n)
{
	if (n < AUDITING)
		filters->enforcing[n] = make_fence(bench, device_sizes[n], true);
	else if (n < RUNC)
		filters->auditing[n - AUDITING] =
			make_fence(bench, device_sizes[n - AUDITING], false);
	else if (n < PEERS)
		filters->runc[n - RUNC] = make_runc(bench, n - RUNC);
	else
		make_peers(bench, filters);
}

void device_filters_make(struct bench *bench, struct device_filters *filters, size_t setup)
{
	filters->none = make_filter(bench, "none", -1);
	for (size_t i = 0; i < TO_MAKE; i++)
		make_nth(bench, filters, (setup + i) % TO_MAKE);
}

static void remove_filter(struct bench *bench, const struct filter *filter)
{
	probe_remove_place(bench, &filter->place);
}

void device_filters_remove(struct bench *bench, struct device_filters *filters)
{
	remove_filter(bench, &filters->none);
	remove_filter(bench, &filters->empty);
	remove_filter(bench, &filters->hash);
	for (size_t i = 0; i < DEVICE_SIZES; i++) {
		close(filters->enforcing[i].program);
		close(filters->auditing[i].program);
		remove_filter(bench, &filters->enforcing[i]);
		remove_filter(bench, &filters->auditing[i]);
	}
	for (size_t i = 0; i < DEVICE_RUNC_FILTERS; i++) {
		if (filters->runc[i].program >= 0)
			close(filters->runc[i].program);
		remove_filter(bench, &filters->runc[i]);
	}
	bench_peers__destroy(filters->peers);
}
