// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* How long it takes from the start of a command until a process that is busy with the device meets the new verdict. */
#include "check.h"
#include "probe.h"
#include "report.h"
#include "suites.h"
#include "bench_peers.skel.h"
#include "support/clock.h"
#include "support/endpoint.h"
#include "support/fences.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define ROUNDS 51
#define WAIT_NS 2000000000ULL

#define DEVICE "c 10:77 rw"
#define POLICY(more) \
	"{'devices': {'allow': ['c 1:3 rwm'" more "]}, 'ports': {'tcp': [8080], 'udp': 'any'}}"
#define HASH_PIN "/sys/fs/bpf/bench-devices"

/* The last verdict that a busy process saw; only this process writes. */
struct sight {
	_Atomic int allowed;
	_Atomic uint64_t since_ns; /* when it first was so */
};

enum { DEVICE_IN_FENCE, PORT_IN_FENCE, DEVICE_IN_HASH, BUSY };

static struct busy {
	struct sight *sight;
	pid_t pid;
} all_busy[BUSY];

static bool may_bind(void)
{
	int fd = endpoint_open("tcp 0.0.0.0 31000");

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void start(struct busy *busy, const struct cgfence_cgroup *cgroup, bool (*may)(void))
{
	busy->sight = probe_share(sizeof(*busy->sight));
	busy->sight->allowed = -1;
	busy->pid = children_fork();
	if (busy->pid < 0)
		report_fail("cannot fork: %s", strerror(errno));
	if (busy->pid > 0)
		return;
	if (fences_enter(cgroup))
		_exit(EXIT_FAILURE);
	for (;;) {
		int allowed = may();

		if (allowed == busy->sight->allowed)
			continue;
		busy->sight->since_ns = clock_ns();
		busy->sight->allowed = allowed;
	}
}

static void wait_for(const struct busy *busy, int allowed)
{
	uint64_t begin_ns = clock_ns();

	while (busy->sight->allowed != allowed) {
		usleep(100);
		if (clock_ns() - begin_ns > WAIT_NS)
			report_fail("a busy process did not meet the new verdict");
	}
}

/* A row: a command after which a busy process meets another verdict. */
struct change {
	const char *name;
	size_t busy; /* of all_busy */
	int allowed;
	const char *const *words;
	const char *const *undo; /* NULL if the next row takes it back */
};

static double measure_change(const void *subject)
{
	const struct change *change = subject;
	const struct busy *busy = &all_busy[change->busy];
	uint64_t begin_ns;
	double ms;

	/* Only one is busy at a time: there are few processors. */
	for (size_t i = 0; i < BUSY; i++)
		kill(all_busy[i].pid, i == change->busy ? SIGCONT : SIGSTOP);
	wait_for(busy, !change->allowed);
	begin_ns = clock_ns();
	probe_command(change->words);
	wait_for(busy, change->allowed);
	ms = (double)(busy->sight->since_ns - begin_ns) / 1e6;
	if (change->undo) {
		probe_command(change->undo);
		wait_for(busy, !change->allowed);
	}
	return ms;
}

static void measure(const struct cgfence_cgroup *fence)
{
	struct table *table =
		table_new("ms", "policy-change", "From the start of a command to the new verdict");
	const char *path = cgfence_cgroup_path(fence);
/* c 10:77, in the words of bpftool. */
#define UPDATE(access)                                                                         \
	WORDS("bpftool", "map", "update", "pinned", HASH_PIN, "key", "2", "0", "0", "0", "10", \
	      "0", "0", "0", "77", "0", "0", "0", "value", access, "0", "0", "0")
	const struct change changes[] = {
		{ "cgfence allow, a device", DEVICE_IN_FENCE, 1,
		  WORDS("cgfence", "allow", path, "device", DEVICE), NULL },
		{ "cgfence revoke, a device", DEVICE_IN_FENCE, 0,
		  WORDS("cgfence", "revoke", path, "device", DEVICE), NULL },
		{ "cgfence attach, another policy", DEVICE_IN_FENCE, 1,
		  WORDS("cgfence", "attach", path, "wide.json"),
		  WORDS("cgfence", "attach", path, "narrow.json") },
		{ "cgfence allow, a port", PORT_IN_FENCE, 1,
		  WORDS("cgfence", "allow", path, "port", "tcp", "31000"), NULL },
		{ "cgfence revoke, a port", PORT_IN_FENCE, 0,
		  WORDS("cgfence", "revoke", path, "port", "tcp", "31000"), NULL },
		{ "bpftool map update, a plain hash map", DEVICE_IN_HASH, 1, UPDATE("7"),
		  UPDATE("0") },
	};
#undef UPDATE
	size_t count = sizeof(changes) / sizeof(changes[0]);

	fences_write_json("narrow.json", POLICY(""));
	fences_write_json("wide.json", POLICY(", '" DEVICE "'"));
	for (size_t i = 0; i < count; i++)
		table_add(table, measure_change, &changes[i], changes[i].name);
	table_measure(table, ROUNDS);
	report_table(table, changes[count - 1].name);
}

void suite_policy_change(void)
{
	struct cgfence_cgroup *fence = probe_new_fence("changed", POLICY(""));
	struct cgfence_cgroup *hash = probe_cgroup(NULL, "hash");
	struct bench_peers *peers = check_load_peers();

	probe_attach(hash, bpf_program__fd(peers->progs.hash_device), BPF_CGROUP_DEVICE);
	if (bpf_map__pin(peers->maps.devices, HASH_PIN))
		report_fail("cannot pin a map: %s", strerror(errno));
	check_aim_device((uint32_t)makedev(10, 77));
	start(&all_busy[DEVICE_IN_FENCE], fence, check_access);
	start(&all_busy[PORT_IN_FENCE], fence, may_bind);
	start(&all_busy[DEVICE_IN_HASH], hash, check_access);
	measure(fence);
	for (size_t i = 0; i < BUSY; i++)
		children_end(all_busy[i].pid);
	bpf_map__unpin(peers->maps.devices, NULL);
	bench_peers__destroy(peers);
	fences_remove(hash);
	fences_remove(fence);
}
