// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Suite 5: what a pass of the reconciler costs, against the ways to find out the same without it. */
#include "proc_walk.h"
#include "surroundings.h"

#include <cgfence/reconcile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FENCES 10
#define DESCRIPTORS 250
#define NS_PER_MS 1e6

/* Of the specification, with the largest crowd. */
#define TARGET_RATIO 8

/* How much more than one of the first hundred one of the last nine hundred fences may cost, for it is noise. */
#define TARGET_GROWTH 2

#define POLICY "{'ports': ['" CROWD_ASSIGNED_PORTS "'], 'on_violation': 'log', 'enforce': false}"

enum way { WALK, SS, PASS, COMMAND, WAYS };

static const char *const way_names[WAYS] = {
	[WALK] = "walk of /proc/*/fd",
	[SS] = "ss -ltnp",
	[PASS] = "pass",
	[COMMAND] = "cgfence reconcile",
};

/* What is looked at, and by whom. */
struct scene {
	struct bench *bench;
	struct cgfence_cgroup *fences[FENCES];
	struct cgfence_cgroup *outside;
	struct cgfence_reconciler *reconciler;
	struct crowd crowd;
	struct crowd_plan plan;
};

static void ignore_report(const struct cgfence_violation *violation, void *context)
{
	(void)violation;
	(void)context;
}

/* Each says whether it found what there is to be found. */
static bool look_by_walk(const struct scene *scene)
{
	size_t held;

	return proc_walk(&held) == 0 && held >= scene->plan.processes;
}

static bool look_by_ss(const struct scene *scene)
{
	(void)scene;
	return surroundings_run((const char *const[]){ "ss", "-ltnp", NULL }) == 0;
}

static bool look_by_pass(const struct scene *scene)
{
	size_t in_excess = 0;

	return cgfence_reconciler_pass(scene->reconciler, 0, ignore_report, NULL, &in_excess,
				       NULL) == 0 &&
	       in_excess == crowd_excess(&scene->plan);
}

static bool look_by_command(const struct scene *scene)
{
	const char *const words[] = { bench_program(scene->bench), "reconcile", "--json", NULL };

	return surroundings_run(words) == 3; /* some are in excess */
}

static bool (*const look_by[WAYS])(const struct scene *) = {
	[WALK] = look_by_walk,
	[SS] = look_by_ss,
	[PASS] = look_by_pass,
	[COMMAND] = look_by_command,
};

static bool time_way(const struct scene *scene, enum way way, struct bench_series *series)
{
	uint64_t begin_ns = bench_now_ns();
	bool found = look_by[way](scene);

	bench_series_add(series, (double)(bench_now_ns() - begin_ns) / NS_PER_MS);
	return found;
}

static void end_scene(struct scene *scene)
{
	crowd_stop(&scene->crowd);
	cgfence_reconciler_free(scene->reconciler);
	for (size_t i = 0; i < FENCES; i++)
		surroundings_remove(scene->fences[i]);
	surroundings_remove(scene->outside);
}

/* Without processes so far. */
static bool begin_scene(struct bench *bench, size_t fences, struct scene *scene)
{
	struct cgfence_error error = { 0 };

	*scene = (struct scene){ .bench = bench };
	scene->outside = surroundings_make_cgroup(bench, "outside");
	for (size_t i = 0; i < fences; i++) {
		char name[32];

		snprintf(name, sizeof(name), "fence-%zu", i);
		scene->fences[i] = surroundings_make_fence(bench, name, POLICY);
		if (!scene->fences[i])
			return false;
	}
	if (!scene->outside)
		return false;
	if (cgfence_reconciler_new(&scene->reconciler, &error)) {
		bench_skip(bench, "no reconciler to measure: %s", error.text);
		return false;
	}
	return true;
}

static bool begin_crowd(struct scene *scene, size_t processes, size_t fences)
{
	scene->plan = (struct crowd_plan){
		.processes = processes,
		.descriptors = DESCRIPTORS,
		.fences = scene->fences,
		.fence_count = fences,
		.outside = scene->outside,
	};
	return crowd_start(scene->bench, &scene->plan, &scene->crowd);
}

static void report_crowd(const struct scene *scene, const struct bench_series *series, size_t count)
{
	size_t processes = scene->plan.processes;
	char group[32];
	char title[160];

	snprintf(group, sizeof(group), "reconciler-%zu", processes);
	snprintf(title, sizeof(title),
		 "Who listens where: %zu processes with %zu descriptors and %zu listeners, half of "
		 "them in %d fences",
		 processes, processes * DESCRIPTORS, processes, FENCES);
	bench_report(scene->bench, group, title, "ms", series, count, 0);
}

static void check_ratio(const struct scene *scene, const struct bench_series *walk,
			const struct bench_series *pass)
{
	double walk_ms = bench_series_quantile(walk, 0.5);
	double pass_ms = bench_series_quantile(pass, 0.5);

	bench_target(scene->bench, walk_ms >= TARGET_RATIO * pass_ms,
		     "a pass over %zu processes with %zu descriptors takes %.1f ms, the walk %.1f "
		     "ms: %.1f times faster, at least %d asked for",
		     scene->plan.processes, scene->plan.processes * DESCRIPTORS, pass_ms, walk_ms,
		     walk_ms / pass_ms, TARGET_RATIO);
	bench_compare(scene->bench, "a pass over 1,000 processes", walk->name, pass_ms, walk_ms);
}

static void measure_crowd(struct scene *scene, size_t rounds, bool is_largest)
{
	struct bench_series series[WAYS];
	bool usable[WAYS];
	size_t count = 0;
	size_t pass = 0;

	/* The first of each is to warm up, and shows what is there. */
	for (enum way way = 0; way < WAYS; way++) {
		usable[way] = look_by[way](scene);
		if (!usable[way]) {
			bench_skip(scene->bench, "%s does not find what there is at %zu processes",
				   way_names[way], scene->plan.processes);
			continue;
		}
		if (way == PASS)
			pass = count;
		series[count++] = bench_series_new(way_names[way], rounds);
	}
	for (size_t round = 0; round < rounds; round++) {
		size_t next = 0;

		for (enum way way = 0; way < WAYS; way++) {
			if (usable[way])
				time_way(scene, way, &series[next++]);
		}
	}
	if (count)
		report_crowd(scene, series, count);
	if (is_largest && usable[WALK] && usable[PASS])
		check_ratio(scene, &series[0], &series[pass]);
	for (size_t i = 0; i < count; i++)
		bench_series_free(&series[i]);
}

static void measure_crowds(struct bench *bench)
{
	static const struct {
		size_t processes;
		size_t rounds;
	} crowds[] = { { 10, 41 }, { 100, 21 }, { 1000, 11 } };
	size_t count = sizeof(crowds) / sizeof(crowds[0]);
	struct scene scene;

	for (size_t i = 0; i < count; i++) {
		bench_progress(bench, "reconciler: %zu processes", crowds[i].processes);
		if (begin_scene(bench, FENCES, &scene) &&
		    begin_crowd(&scene, crowds[i].processes, FENCES))
			measure_crowd(&scene, crowds[i].rounds, i + 1 == count);
		end_scene(&scene);
	}
}

/* ---- cost of a fence ---- */

#define FENCE_PROCESSES 10
#define FENCE_ROUNDS 21

static const size_t fence_counts[] = { 1, 10, 100, 1000 };

#define FENCE_COUNTS (sizeof(fence_counts) / sizeof(fence_counts[0]))
#define FENCES_MAX 1000

struct fence_figures {
	struct bench_series pass[FENCE_COUNTS];
	struct bench_series daemon[FENCE_COUNTS];
};

/* All that the daemon does each interval: it sweeps, and looks which fences there are, before the pass. */
static void look_as_daemon(const struct scene *scene)
{
	uint64_t *ids = NULL;
	size_t count;

	cgfence_fence_sweep();
	cgfence_fence_list(&ids, &count, NULL);
	free(ids);
	look_by_pass(scene);
}

static void measure_fences(const struct scene *scene, struct bench_series *pass,
			   struct bench_series *daemon)
{
	look_as_daemon(scene);
	for (size_t round = 0; round < FENCE_ROUNDS; round++) {
		uint64_t begin_ns = bench_now_ns();

		look_as_daemon(scene);
		bench_series_add(daemon, (double)(bench_now_ns() - begin_ns) / NS_PER_MS);
		time_way(scene, PASS, pass);
	}
}

static double median_ms(const struct bench_series *series)
{
	return bench_series_quantile(series, 0.5);
}

static void report_fences(struct bench *bench, const struct fence_figures *figures)
{
	double first_us = (median_ms(&figures->pass[2]) - median_ms(&figures->pass[0])) * 1000 /
			  (double)(fence_counts[2] - fence_counts[0]);
	double last_us = (median_ms(&figures->pass[3]) - median_ms(&figures->pass[2])) * 1000 /
			 (double)(fence_counts[3] - fence_counts[2]);

	bench_report(bench, "reconciler-fences",
		     "A pass against the number of fences: 10 processes with 2,500 descriptors, "
		     "all fences but one empty",
		     "ms", figures->pass, FENCE_COUNTS, 0);
	bench_report(bench, "reconciler-daemon",
		     "The same with all else that the daemon does each interval", "ms",
		     figures->daemon, FENCE_COUNTS, 0);
	bench_target(
		bench, last_us <= TARGET_GROWTH * first_us,
		"to a pass the 1,000th fence adds %.0f us, as much as the first ones (%.0f us)",
		last_us, first_us);
}

/* Return: how many there are then. */
static size_t add_fences(struct bench *bench, struct cgfence_cgroup **fences, size_t count,
			 size_t wanted)
{
	while (count < wanted) {
		char name[32];

		snprintf(name, sizeof(name), "idle-%zu", count);
		fences[count] = surroundings_make_fence(bench, name, POLICY);
		if (!fences[count])
			break;
		count++;
	}
	return count;
}

static void measure_number_of_fences(struct bench *bench, const struct scene *scene)
{
	/* One of the fences is that of the scene. */
	struct cgfence_cgroup **idle = calloc(FENCES_MAX, sizeof(struct cgfence_cgroup *));
	struct fence_figures figures;
	size_t count = 0;
	size_t i;

	for (i = 0; i < FENCE_COUNTS && idle; i++) {
		char name[32];

		bench_progress(bench, "reconciler: %zu fences", fence_counts[i]);
		count = add_fences(bench, idle, count, fence_counts[i] - 1);
		if (count < fence_counts[i] - 1)
			break;
		snprintf(name, sizeof(name), "%zu fence%s", fence_counts[i],
			 fence_counts[i] == 1 ? "" : "s");
		figures.pass[i] = bench_series_new(name, FENCE_ROUNDS);
		figures.daemon[i] = bench_series_new(name, FENCE_ROUNDS);
		measure_fences(scene, &figures.pass[i], &figures.daemon[i]);
	}
	if (i == FENCE_COUNTS)
		report_fences(bench, &figures);
	while (i--) {
		bench_series_free(&figures.pass[i]);
		bench_series_free(&figures.daemon[i]);
	}
	bench_progress(bench, "reconciler: %zu fences are taken away", count);
	while (count--)
		surroundings_remove(idle[count]);
	free(idle);
}

void bench_reconciler(struct bench *bench)
{
	struct scene scene;
	int before = -1;
	int result;

	surroundings_raise_limit();
	result = surroundings_enter_netns(&before);
	if (result) {
		bench_skip(bench, "the reconciler needs a network namespace of its own: %s",
			   strerror(-result));
		return;
	}
	measure_crowds(bench);
	if (begin_scene(bench, 1, &scene) && begin_crowd(&scene, FENCE_PROCESSES, 1))
		measure_number_of_fences(bench, &scene);
	end_scene(&scene);
	surroundings_leave_netns(before);
}
