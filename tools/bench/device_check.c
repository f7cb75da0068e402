// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a device filter costs, by the kernel's statistics of its program. */
#include "device_calls.h"
#include "device_subjects.h"
#include "entries.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

/* The last that has an entry of its own. */
static dev_t last_exact_device(size_t entries)
{
	return entries > 14 ? device_last(entries) : CONSOLE_DEVICE;
}

static double time_program(const void *argument)
{
	const struct device_work *work = argument;
	const struct filter *filter = work->subject->filter;
	struct bench_series batches = bench_series_new("", DEVICE_BATCHES);

	device_subject_access(work->bench, work->subject);
	for (int i = 0; i < DEVICE_BATCHES; i++) {
		struct probe_cost before = probe_cost(work->bench, filter->program);
		struct probe_cost empty_before = probe_cost(work->bench, work->companion);
		struct probe_cost empty_after;
		struct probe_cost after;

		device_subject_access(work->bench, work->subject);
		after = probe_cost(work->bench, filter->program);
		empty_after = probe_cost(work->bench, work->companion);
		if (after.runs - before.runs != DEVICE_CALLS)
			bench_fail(work->bench, "%s: the program did not run in each call",
				   work->subject->series.name);
		bench_series_add(&batches, probe_mean_ns(before, after) -
						   probe_mean_ns(empty_before, empty_after));
	}
	return bench_series_take_median(&batches);
}

/* The program of a subject above an empty one. */
static double measure_program(const struct device_work *work)
{
	static const enum bpf_attach_type hook = BPF_CGROUP_DEVICE;

	return probe_beside(work->bench, &work->subject->filter->place, &work->companion, &hook, 1,
			    time_program, work);
}

static double median(const struct device_subject *subject)
{
	return subject ? bench_series_quantile(&subject->series, 0.5) : NAN;
}

/* What each filter costs where it allows, at once or in the end, and where it refuses. Two subjects for each size first. */
enum { FENCE_FIRST, FENCE_LAST, FENCE_HITS };

static struct device_subject *add_fences(struct bench *bench, struct device_subjects *subjects,
					 const struct device_filters *filters)
{
	struct device_subject *first = &subjects->list[subjects->count];
	char name[64];

	for (size_t i = 0; i < DEVICE_SIZES; i++) {
		snprintf(name, sizeof(name), "cgfence, %zu", device_sizes[i]);
		device_subjects_add(bench, subjects, &filters->enforcing[i], FIRST_DEVICE, name,
				    "/dev/null");
		device_subjects_add(bench, subjects, &filters->enforcing[i],
				    last_exact_device(device_sizes[i]), name, "last entry");
	}
	for (size_t i = 0; i < DEVICE_SIZES; i++) {
		snprintf(name, sizeof(name), "cgfence, %zu", device_sizes[i]);
		device_subjects_add(bench, subjects, &filters->enforcing[i], WILDCARD_DEVICE, name,
				    "wildcard");
		device_subjects_add(bench, subjects, &filters->enforcing[i], UNKNOWN_DEVICE, name,
				    "refused")
			->refused = true;
		device_subjects_add(bench, subjects, &filters->auditing[i], UNKNOWN_DEVICE, name,
				    "audited");
	}
	return first;
}

/* Three subjects for each of runc's filters, in this order; none of them for a filter that is not there. */
enum { RUNC_FIRST, RUNC_LAST, RUNC_REFUSED, RUNC_SUBJECTS };

static void add_runc(struct bench *bench, struct device_subjects *subjects,
		     const struct device_filters *filters,
		     const struct device_subject *added[DEVICE_RUNC_FILTERS][RUNC_SUBJECTS])
{
	for (size_t i = 0; i < DEVICE_RUNC_FILTERS; i++) {
		const struct filter *filter = &filters->runc[i];
		const char *label = device_runc[i].label;
		struct device_subject *refused;

		if (filter->program < 0) {
			bench_skip(bench, "the filter of %s entries: runc made none", label);
			continue;
		}
		added[i][RUNC_FIRST] = device_subjects_add(bench, subjects, filter, FIRST_DEVICE,
							   label, "found first");
		added[i][RUNC_LAST] = device_subjects_add(bench, subjects, filter,
							  device_last(device_runc[i].entries),
							  label, "found last");
		refused = device_subjects_add(bench, subjects, filter, UNKNOWN_DEVICE, label,
					      "refused");
		refused->refused = true;
		added[i][RUNC_REFUSED] = refused;
	}
}

/* How far the values of a series lie apart. */
static double quartile_distance(const struct device_subject *subject)
{
	return bench_series_quantile(&subject->series, 0.75) -
	       bench_series_quantile(&subject->series, 0.25);
}

/* At the exact hits of all sizes. What an empty program is above another one, up to a nanosecond, is no difference. */
static void judge_hits(struct bench *bench, const struct device_subject *hits,
		       const struct device_subject *empty)
{
	static const char *const names[] = { "/dev/null", "the last entry" };
	double resolution = fmin(quartile_distance(empty), 1);
	double most = 0;

	for (size_t i = 0; i < DEVICE_SIZES * FENCE_HITS; i++)
		most = fmax(most, median(&hits[i]));
	bench_target(bench, most <= 10,
		     "device check: at most 10 ns above an empty program at a hit (%.1f ns)", most);
	for (size_t kind = 0; kind < FENCE_HITS; kind++) {
		double with_14 = median(&hits[kind]);

		most = 0;
		for (size_t i = 0; i < DEVICE_SIZES; i++)
			most = fmax(most, median(&hits[i * FENCE_HITS + kind]));
		bench_target(
			bench, most <= 1.2 * with_14 + resolution,
			"device check: from 14 to 4,096 entries no more than 20 %% above 14, give "
			"or take the resolution of %.1f ns (%s: %.1f ns with 14, at most %.1f ns)",
			resolution, names[kind], with_14, most);
	}
}

static void judge_runc(struct bench *bench, const struct device_subject *hits,
		       const struct device_subject *runc[DEVICE_RUNC_FILTERS][RUNC_SUBJECTS])
{
	double our_first = median(&hits[2 * FENCE_HITS + FENCE_FIRST]);
	double our_last = median(&hits[2 * FENCE_HITS + FENCE_LAST]);
	double first = median(runc[2][RUNC_FIRST]);
	double last = median(runc[2][RUNC_LAST]);

	if (!runc[2][RUNC_FIRST])
		return;
	bench_target(bench, our_first <= first,
		     "device check: no slower than the filter of runc for what that finds first "
		     "(200 entries: %.1f ns, runc %.1f ns)",
		     our_first, first);
	bench_target(
		bench, our_last * 10 <= last,
		"device check: at least 10 times faster than the filter of runc at 200 entries "
		"for what that finds last (%.1f times)",
		last / our_last);
	bench_compare(bench, "device check, 200 entries, found first", "filter of runc", our_first,
		      first);
	bench_compare(bench, "device check, 200 entries, found last", "filter of runc", our_last,
		      last);
}

static void check_programs(struct bench *bench, struct device_filters *filters)
{
	const struct device_subject *runc[DEVICE_RUNC_FILTERS][RUNC_SUBJECTS] = { 0 };
	struct device_subjects *subjects = device_subjects_new(bench);
	int statistics = probe_enable_statistics(bench);
	const struct device_subject *empty;
	const struct device_subject *hits;
	const struct device_subject *hash;

	empty = device_subjects_add(bench, subjects, &filters->empty, FIRST_DEVICE, "empty program",
				    "");
	hits = add_fences(bench, subjects, filters);
	add_runc(bench, subjects, filters, runc);
	hash = device_subjects_add(bench, subjects, &filters->hash,
				   device_last(DEVICE_HASH_ENTRIES), "plain hash map, 200",
				   "last entry");
	device_subjects_measure(bench, subjects, filters, measure_program);
	close(statistics);
	device_subjects_report(bench, "device-check",
			       "Device check: time of the program above an empty one", subjects,
			       &hits[2 * FENCE_HITS + FENCE_LAST]);
	judge_hits(bench, hits, empty);
	judge_runc(bench, hits, runc);
	bench_compare(bench, "device check, 200 entries", "plain hash map",
		      median(&hits[2 * FENCE_HITS + FENCE_LAST]), median(hash));
	device_subjects_free(subjects);
}

void bench_device_check(struct bench *bench)
{
	struct device_filters filters = { 0 };

	device_filters_make(bench, &filters, 0);
	bench_progress(bench, "device-check: programs");
	check_programs(bench, &filters);
	bench_progress(bench, "device-check: system calls");
	bench_device_calls(bench, &filters);
	device_filters_remove(bench, &filters);
}
