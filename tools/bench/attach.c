// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What making a fence and taking it away cost, as whole commands, beside bpftool with the same programs. */
#include "bpftool.h"
#include "memory.h"
#include "probe.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define ROUNDS 21
#define MANY 1000
#define MANY_CYCLES 2
#define MANY_SAMPLES 15
#define POLICIES 3

static const struct {
	const char *name;
	const char *policy;
	enum bpftool_set set;
} kinds[POLICIES] = {
	{ "devices", "{'devices': {'defaults': true}}", BPFTOOL_DEVICES },
	{ "devices and TCP ports",
	  "{'devices': {'defaults': true}, 'ports': {'tcp': [8080, '31000-31005'], 'udp': 'any'}}",
	  BPFTOOL_TCP },
	{ "devices and all ports",
	  "{'devices': {'defaults': true}, 'ports': [8080, '31000-31005']}", BPFTOOL_ALL },
};

static const char *policy_path(const struct bench *bench, int kind)
{
	static char path[POLICIES][128];

	snprintf(path[kind], sizeof(path[kind]), "%s/policy-%d.json", bench_directory(bench), kind);
	return path[kind];
}

static void write_policies(struct bench *bench)
{
	for (int kind = 0; kind < POLICIES; kind++) {
		FILE *file = fopen(policy_path(bench, kind), "we");

		if (!file)
			bench_fail(bench, "cannot write a policy: %s", strerror(errno));
		for (const char *text = kinds[kind].policy; *text; text++)
			fputc(*text == '\'' ? '"' : *text, file);
		fclose(file);
	}
}

/* In milliseconds. */
static double run_attach(struct bench *bench, const struct cgfence_cgroup *cgroup, int kind)
{
	double ns = probe_command((const char *const[]){ bench_program(bench), "attach",
							 cgfence_cgroup_path(cgroup),
							 policy_path(bench, kind), NULL });

	if (ns < 0)
		bench_fail(bench, "cgfence attach failed");
	return ns / 1e6;
}

static double run_detach(struct bench *bench, const struct cgfence_cgroup *cgroup)
{
	double ns = probe_command((const char *const[]){ bench_program(bench), "detach",
							 cgfence_cgroup_path(cgroup), NULL });

	if (ns < 0)
		bench_fail(bench, "cgfence detach failed");
	return ns / 1e6;
}

/* A bpffs of its own is a host on which nothing was ever fenced: no ring buffer, and the guards not tried yet. */
static double run_cold_attach(struct bench *bench, const struct cgfence_cgroup *cgroup, int kind)
{
	double ms;

	if (mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL) < 0)
		bench_fail(bench, "cannot mount a bpffs: %s", strerror(errno));
	ms = run_attach(bench, cgroup, kind);
	run_detach(bench, cgroup);
	umount2("/sys/fs/bpf", MNT_DETACH);
	return ms;
}

enum {
	COLD,
	WARM,
	WARM_PROCESSOR,
	DETACH,
	PEER,
	PEER_PROCESSOR,
	PEER_EACH,
	PEER_DETACH,
	VERSION,
	COLUMNS
};

static void measure_kind(struct bench *bench, const struct cgfence_cgroup *cgroup, int kind)
{
	static const char *const names[COLUMNS] = {
		[COLD] = "cgfence attach, the first of a host",
		[WARM] = "cgfence attach",
		[WARM_PROCESSOR] = "cgfence attach, processor time",
		[DETACH] = "cgfence detach",
		[PEER] = "bpftool: load, pin, attach; one batch",
		[PEER_PROCESSOR] = "bpftool: the same batch, processor time",
		[PEER_EACH] = "bpftool: load, pin, attach; each a command",
		[PEER_DETACH] = "bpftool: detach, one batch; unpin",
		[VERSION] = "cgfence --version",
	};
	struct bench_series series[COLUMNS];
	char title[128];
	char group[64];
	struct cgfence_cgroup *model = probe_make_cgroup(bench, "model");
	uint32_t policy_map;
	bool guarded = false;
	bool peer = true;

	probe_fence(bench, model, kinds[kind].policy);
	policy_map = memory_policy_map(bench, model);
	for (int i = 0; i < COLUMNS; i++)
		series[i] = bench_series_new(names[i], ROUNDS);
	for (int round = 0; round < ROUNDS; round++) {
		struct bpftool_times times;
		double processor_ms;

		bench_series_add(&series[COLD], run_cold_attach(bench, cgroup, kind));
		processor_ms = probe_processor_ms();
		bench_series_add(&series[WARM], run_attach(bench, cgroup, kind));
		bench_series_add(&series[WARM_PROCESSOR], probe_processor_ms() - processor_ms);
		guarded = memory_has_lsm_guard(cgroup);
		bench_series_add(&series[DETACH], run_detach(bench, cgroup));
		bench_series_add(&series[VERSION],
				 probe_command((const char *const[]){ bench_program(bench),
								      "--version", NULL }) /
					 1e6);
		peer = peer &&
		       bpftool_measure(bench, cgroup, kinds[kind].set, policy_map, &times) == 0;
		if (!peer)
			continue;
		bench_series_add(&series[PEER], times.batch_ms);
		bench_series_add(&series[PEER_PROCESSOR], times.batch_processor_ms);
		bench_series_add(&series[PEER_EACH], times.each_ms);
		bench_series_add(&series[PEER_DETACH], times.detach_ms);
	}
	snprintf(title, sizeof(title), "Attach and detach, whole commands: %s", kinds[kind].name);
	snprintf(group, sizeof(group), "attach-%d", kind + 1);
	bench_report(bench, group, title, "ms", series, COLUMNS, WARM);
	if (!peer)
		bench_skip(bench, "%s by bpftool: it does not load the programs", kinds[kind].name);
	else
		bench_compare(bench, kinds[kind].name, "attach by bpftool",
			      bench_series_quantile(&series[WARM], 0.5),
			      bench_series_quantile(&series[PEER], 0.5));
	if (kind == 1) {
		double ms = bench_series_quantile(&series[WARM], 0.5);
		double most = guarded ? 40 : 10;

		bench_target(bench, ms <= most,
			     "attach of devices and TCP ports: at most %.0f ms %s the LSM guard "
			     "(%.1f ms, of which %.1f ms on a processor)",
			     most, guarded ? "with" : "without", ms,
			     bench_series_quantile(&series[WARM_PROCESSOR], 0.5));
	}
	for (int i = 0; i < COLUMNS; i++)
		bench_series_free(&series[i]);
	probe_remove_cgroup(bench, model);
}

static struct cgfence_cgroup *make_numbered(struct bench *bench, const char *name, int number)
{
	char full[64];

	snprintf(full, sizeof(full), "%s-%d", name, number);
	return probe_make_cgroup(bench, full);
}

enum { FIRST, HUNDREDTH, THOUSANDTH, STATES };

static void sample(struct bench *bench, struct bench_series *attach, struct bench_series *detach,
		   const struct cgfence_cgroup *cgroup)
{
	for (int i = 0; i < MANY_SAMPLES; i++) {
		bench_series_add(attach, run_attach(bench, cgroup, 1));
		bench_series_add(detach, run_detach(bench, cgroup));
	}
}

/* First, hundredth and thousandth in turn, so that a change of the machine's speed meets all. */
static void measure_many(struct bench *bench, const struct cgfence_cgroup *cgroup)
{
	static const char *const names[STATES] = { "attach, the 1st fence", "attach, the 100th",
						   "attach, the 1,000th" };
	static const char *const detach_names[STATES] = { "detach, the 1st fence",
							  "detach, the 100th",
							  "detach, the 1,000th" };
	struct bench_series series[2 * STATES];
	static struct cgfence_cgroup *others[MANY];
	double ratio;

	for (int i = 0; i < STATES; i++) {
		series[i] = bench_series_new(names[i], (size_t)MANY_CYCLES * MANY_SAMPLES);
		series[STATES + i] =
			bench_series_new(detach_names[i], (size_t)MANY_CYCLES * MANY_SAMPLES);
	}
	for (int i = 1; i < MANY; i++)
		others[i] = make_numbered(bench, "fence", i);
	for (int cycle = 0; cycle < MANY_CYCLES; cycle++) {
		sample(bench, &series[FIRST], &series[STATES + FIRST], cgroup);
		for (int i = 1; i < MANY; i++) {
			probe_fence(bench, others[i], kinds[1].policy);
			if (i == 99)
				sample(bench, &series[HUNDREDTH], &series[STATES + HUNDREDTH],
				       cgroup);
			if (i % 250 == 0)
				bench_progress(bench, "attach: fence %d of %d, cycle %d of %d", i,
					       MANY, cycle + 1, MANY_CYCLES);
		}
		sample(bench, &series[THOUSANDTH], &series[STATES + THOUSANDTH], cgroup);
		for (int i = 1; i < MANY; i++)
			cgfence_fence_detach(cgfence_cgroup_id(others[i]), &(bool){ 0 }, NULL);
	}
	for (int i = 1; i < MANY; i++)
		probe_remove_cgroup(bench, others[i]);
	bench_report(bench, "attach-many", "Attach and detach beside many other fences", "ms",
		     series, 2 * STATES, FIRST);
	ratio = bench_series_quantile(&series[THOUSANDTH], 0.5) /
		bench_series_quantile(&series[FIRST], 0.5);
	bench_target(bench, ratio <= 1.25,
		     "the 1,000th fence costs what the first did (attach: %.2f times)", ratio);
	for (int i = 0; i < 2 * STATES; i++)
		bench_series_free(&series[i]);
}

static void measure_memory(struct bench *bench, const struct cgfence_cgroup *cgroup)
{
	static const char *const names[] = { "devices", "devices and TCP ports",
					     "devices and all ports" };
	struct bench_series series[POLICIES];
	double most = 0;

	for (int kind = 0; kind < POLICIES; kind++) {
		series[kind] = bench_series_new(names[kind], 1);
		run_attach(bench, cgroup, kind);
		bench_series_add(&series[kind], memory_of_fence(bench, cgroup) / 1024);
		most = fmax(most, series[kind].values[0]);
		run_detach(bench, cgroup);
	}
	bench_report(bench, "memory",
		     "Kernel memory of a fence: memlock of its programs and maps, "
		     "and the machine code",
		     "KiB", series, POLICIES, 1);
	bench_target(bench, most <= 64, "at most 64 KiB of kernel memory a fence (%.1f KiB)", most);
	for (int kind = 0; kind < POLICIES; kind++)
		bench_series_free(&series[kind]);
}

void bench_attach(struct bench *bench)
{
	struct cgfence_cgroup *cgroup = probe_make_cgroup(bench, "attach");

	write_policies(bench);
	for (int kind = 0; kind < POLICIES; kind++) {
		bench_progress(bench, "attach: %s", kinds[kind].name);
		measure_kind(bench, cgroup, kind);
	}
	measure_memory(bench, cgroup);
	measure_many(bench, cgroup);
	probe_remove_cgroup(bench, cgroup);
}
