// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a device filter costs: the time of its program by the kernel's statistics, and whole system calls. */
#include "device_filters.h"
#include "entries.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/*
 * Where the kernel puts a program decides over some nanoseconds, and what is made first gets the same place each time.
 * So all are made anew after some rounds, in another order.
 */
#define SETUPS 20
#define SETUP_ROUNDS 2
#define ROUNDS (SETUPS * SETUP_ROUNDS)
#define CHECKS 100
#define BATCHES 15
#define SUBJECTS_MAX 64

/* What runc's filter finds first, of these entries: it sorts them by type and number. */
#define FIRST_DEVICE makedev(1, 3)
#define CONSOLE_DEVICE makedev(5, 1)
#define WILDCARD_DEVICE makedev(136, 77)
#define UNKNOWN_DEVICE makedev(10, 77)

/* A filter that is asked for one device. */
struct subject {
	const struct filter *filter;
	struct bench_series series;
	char node[128];
};

struct subjects {
	struct subject list[SUBJECTS_MAX];
	size_t count;
};

static void make_node(struct bench *bench, dev_t device, char path[128])
{
	snprintf(path, 128, "%s/c-%u-%u", bench_directory(bench), major(device), minor(device));
	if (mknod(path, S_IFCHR | 0666, device) < 0 && errno != EEXIST)
		bench_fail(bench, "cannot make a device node: %s", strerror(errno));
}

static struct subject *add(struct bench *bench, struct subjects *subjects,
			   const struct filter *filter, dev_t device, const char *name,
			   const char *what)
{
	struct subject *subject = &subjects->list[subjects->count++];
	char full[64];

	snprintf(full, sizeof(full), "%s%s%s", name, *what ? ": " : "", what);
	subject->filter = filter;
	subject->series = bench_series_new(full, ROUNDS);
	make_node(bench, device, subject->node);
	return subject;
}

/* The device that runc's filter looks at last: the highest number. */
static dev_t last_device(size_t entries)
{
	struct entry entry = entries_get(entries - 1, "rw");

	return entries > 14 ? makedev(entry.major, entry.minor) : WILDCARD_DEVICE;
}

/* The last that has an entry of its own. */
static dev_t last_exact_device(size_t entries)
{
	return entries > 14 ? last_device(entries) : CONSOLE_DEVICE;
}

/* Measuring. In batches, the median of which is the value of a round: an interrupt is in few of them. */

struct work {
	struct bench *bench;
	const struct subject *subject;
	int companion;
};

static void call_access(const char *node)
{
	for (int i = 0; i < CHECKS; i++)
		access(node, R_OK | W_OK);
}

static double time_program(const void *argument)
{
	const struct work *work = argument;
	const struct filter *filter = work->subject->filter;
	struct bench_series batches = bench_series_new("", BATCHES);

	call_access(work->subject->node);
	for (int i = 0; i < BATCHES; i++) {
		struct probe_cost before = probe_cost(work->bench, filter->program);
		struct probe_cost empty_before = probe_cost(work->bench, work->companion);

		call_access(work->subject->node);
		bench_series_add(&batches,
				 probe_mean_ns(before, probe_cost(work->bench, filter->program)) -
					 probe_mean_ns(empty_before,
						       probe_cost(work->bench, work->companion)));
	}
	return bench_series_take_median(&batches);
}

static double time_access(const void *argument)
{
	const struct work *work = argument;
	struct bench_series batches = bench_series_new("", BATCHES);

	call_access(work->subject->node);
	for (int i = 0; i < BATCHES; i++) {
		uint64_t begin = bench_now_ns();

		call_access(work->subject->node);
		bench_series_add(&batches, (double)(bench_now_ns() - begin) / CHECKS);
	}
	return bench_series_take_median(&batches);
}

static double time_open(const void *argument)
{
	const struct work *work = argument;
	struct bench_series calls = bench_series_new("", CHECKS * BATCHES);

	for (int i = 0; i < CHECKS * BATCHES; i++) {
		uint64_t begin = bench_now_ns();
		int fd = open(work->subject->node, O_RDWR | O_CLOEXEC);

		bench_series_add(&calls, (double)(bench_now_ns() - begin));
		if (fd >= 0)
			close(fd);
	}
	return bench_series_take_median(&calls);
}

/* The program of a subject above an empty one. */
static double measure_program(const struct work *work)
{
	const struct probe_place *place = &work->subject->filter->place;
	double sum = 0;

	for (int order = 0; order < PROBE_ORDERS; order++) {
		probe_accompany(work->bench, place, work->companion, BPF_CGROUP_DEVICE, order);
		sum += probe_in_cgroup(work->bench, place->inner, time_program, work);
		probe_leave(work->bench, place, work->companion, BPF_CGROUP_DEVICE, order);
	}
	return sum / PROBE_ORDERS;
}

static double measure_access(const struct work *work)
{
	return probe_in_cgroup(work->bench, work->subject->filter->place.inner, time_access, work);
}

static double measure_open(const struct work *work)
{
	return probe_in_cgroup(work->bench, work->subject->filter->place.inner, time_open, work);
}

static void measure_round(struct bench *bench, struct subjects *subjects, int companion,
			  double (*measure)(const struct work *work))
{
	for (size_t i = 0; i < subjects->count; i++) {
		struct subject *subject = &subjects->list[i];
		struct work work = { bench, subject, companion };

		bench_series_add(&subject->series, measure(&work));
	}
}

/* As it is made now, and made anew some times. */
static void measure_all(struct bench *bench, struct subjects *subjects,
			struct device_filters *filters, double (*measure)(const struct work *work))
{
	for (size_t setup = 0; setup < SETUPS; setup++) {
		if (setup > 0) {
			device_filters_remove(bench, filters);
			device_filters_make(bench, filters, setup);
		}
		for (int round = 0; round < SETUP_ROUNDS; round++)
			measure_round(bench, subjects, filters->companion, measure);
	}
}

static double median(const struct subject *subject)
{
	return subject ? bench_series_quantile(&subject->series, 0.5) : NAN;
}

static void report(struct bench *bench, const char *group, const char *title,
		   struct subjects *subjects, const struct subject *peer)
{
	struct bench_series series[SUBJECTS_MAX];

	for (size_t i = 0; i < subjects->count; i++)
		series[i] = subjects->list[i].series;
	bench_report(bench, group, title, "ns", series, subjects->count,
		     (size_t)(peer - subjects->list));
}

static void release(struct subjects *subjects)
{
	for (size_t i = 0; i < subjects->count; i++)
		bench_series_free(&subjects->list[i].series);
	free(subjects);
}

static struct subjects *new_subjects(struct bench *bench)
{
	struct subjects *subjects = calloc(1, sizeof(*subjects));

	if (!subjects)
		bench_fail(bench, "out of memory");
	return subjects;
}

/* What each filter costs where it allows, at once or in the end, and where it refuses. Two subjects for each size first. */
enum { FENCE_FIRST, FENCE_LAST, FENCE_HITS };

static struct subject *add_fences(struct bench *bench, struct subjects *subjects,
				  const struct device_filters *filters)
{
	struct subject *first = &subjects->list[subjects->count];
	char name[64];

	for (size_t i = 0; i < DEVICE_SIZES; i++) {
		snprintf(name, sizeof(name), "cgfence, %zu", device_sizes[i]);
		add(bench, subjects, &filters->enforcing[i], FIRST_DEVICE, name, "/dev/null");
		add(bench, subjects, &filters->enforcing[i], last_exact_device(device_sizes[i]),
		    name, "last entry");
	}
	for (size_t i = 0; i < DEVICE_SIZES; i++) {
		snprintf(name, sizeof(name), "cgfence, %zu", device_sizes[i]);
		add(bench, subjects, &filters->enforcing[i], WILDCARD_DEVICE, name, "wildcard");
		add(bench, subjects, &filters->enforcing[i], UNKNOWN_DEVICE, name, "refused");
		add(bench, subjects, &filters->auditing[i], UNKNOWN_DEVICE, name, "audited");
	}
	return first;
}

/* Three subjects for each of runc's filters, in this order; none of them for a filter that is not there. */
enum { RUNC_FIRST, RUNC_LAST, RUNC_REFUSED, RUNC_SUBJECTS };

static void add_runc(struct bench *bench, struct subjects *subjects,
		     const struct device_filters *filters,
		     const struct subject *added[DEVICE_RUNC_FILTERS][RUNC_SUBJECTS])
{
	for (size_t i = 0; i < DEVICE_RUNC_FILTERS; i++) {
		const struct filter *filter = &filters->runc[i];
		const char *label = device_runc[i].label;

		if (filter->program < 0) {
			bench_skip(bench, "the filter of %s entries: runc made none", label);
			continue;
		}
		added[i][RUNC_FIRST] =
			add(bench, subjects, filter, FIRST_DEVICE, label, "found first");
		added[i][RUNC_LAST] = add(bench, subjects, filter,
					  last_device(device_runc[i].entries), label, "found last");
		added[i][RUNC_REFUSED] =
			add(bench, subjects, filter, UNKNOWN_DEVICE, label, "refused");
	}
}

/* How far the values of a series lie apart. */
static double quartile_distance(const struct subject *subject)
{
	return bench_series_quantile(&subject->series, 0.75) -
	       bench_series_quantile(&subject->series, 0.25);
}

/*
 * At the exact hits of all sizes. A difference that is smaller than those of an empty program to another one is no
 * difference.
 */
static void judge_hits(struct bench *bench, const struct subject *hits, const struct subject *empty)
{
	static const char *const names[] = { "/dev/null", "the last entry" };
	double resolution = quartile_distance(empty);
	double most = 0;

	for (size_t i = 0; i < DEVICE_SIZES * FENCE_HITS; i++)
		most = fmax(most, median(&hits[i]));
	bench_target(bench, most <= 10,
		     "device check: at most 10 ns above an empty program at a hit (%.1f ns)", most);
	for (size_t kind = 0; kind < FENCE_HITS; kind++) {
		double least = median(&hits[kind]);

		most = 0;
		for (size_t i = 0; i < DEVICE_SIZES; i++)
			most = fmax(most, median(&hits[i * FENCE_HITS + kind]));
		bench_target(bench, most <= fmax(1.2 * least, least + resolution),
			     "device check: from 14 to 4,096 entries no more than 20 %% above 14 "
			     "(%s: %.1f ns with 14, at most %.1f ns; an empty program varies by "
			     "%.1f ns)",
			     names[kind], least, most, resolution);
	}
}

static void judge_runc(struct bench *bench, const struct subject *hits,
		       const struct subject *runc[DEVICE_RUNC_FILTERS][RUNC_SUBJECTS])
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
	const struct subject *runc[DEVICE_RUNC_FILTERS][RUNC_SUBJECTS] = { 0 };
	struct subjects *subjects = new_subjects(bench);
	int statistics = probe_enable_statistics(bench);
	const struct subject *empty;
	const struct subject *hits;
	const struct subject *hash;

	empty = add(bench, subjects, &filters->empty, FIRST_DEVICE, "empty program", "");
	hits = add_fences(bench, subjects, filters);
	add_runc(bench, subjects, filters, runc);
	hash = add(bench, subjects, &filters->hash, last_device(DEVICE_HASH_ENTRIES),
		   "plain hash map, 200", "last entry");
	measure_all(bench, subjects, filters, measure_program);
	close(statistics);
	report(bench, "device-check", "Device check: time of the program above an empty one",
	       subjects, &hits[2 * FENCE_HITS + FENCE_LAST]);
	judge_hits(bench, hits, empty);
	judge_runc(bench, hits, runc);
	bench_compare(bench, "device check, 200 entries", "plain hash map",
		      median(&hits[2 * FENCE_HITS + FENCE_LAST]), median(hash));
	release(subjects);
}

static void check_open(struct bench *bench, struct device_filters *filters)
{
	struct subjects *subjects = new_subjects(bench);
	const struct subject *none;
	char name[64];

	none = add(bench, subjects, &filters->none, FIRST_DEVICE, "no program", "");
	add(bench, subjects, &filters->empty, FIRST_DEVICE, "empty program", "");
	for (size_t i = 0; i < DEVICE_SIZES; i++) {
		snprintf(name, sizeof(name), "cgfence, %zu", device_sizes[i]);
		add(bench, subjects, &filters->enforcing[i], FIRST_DEVICE, name, "");
	}
	for (size_t i = 0; i < DEVICE_RUNC_FILTERS; i++) {
		if (filters->runc[i].program >= 0)
			add(bench, subjects, &filters->runc[i], FIRST_DEVICE, device_runc[i].label,
			    "found first");
	}
	add(bench, subjects, &filters->hash, FIRST_DEVICE, "plain hash map, 200", "");
	for (size_t i = 0; i < DEVICE_SIZES; i += DEVICE_SIZES - 1) {
		snprintf(name, sizeof(name), "cgfence, %zu", device_sizes[i]);
		add(bench, subjects, &filters->enforcing[i], UNKNOWN_DEVICE, name, "refused");
	}
	if (filters->runc[2].program >= 0)
		add(bench, subjects, &filters->runc[2], UNKNOWN_DEVICE, device_runc[2].label,
		    "refused");
	measure_all(bench, subjects, filters, measure_open);
	report(bench, "device-open", "Device check: the whole of open(2), /dev/null where allowed",
	       subjects, none);
	release(subjects);
}

/* The devices that runc's filter finds last have no driver to open. */
static void check_access(struct bench *bench, struct device_filters *filters)
{
	struct subjects *subjects = new_subjects(bench);
	dev_t last = last_device(200);
	const struct subject *none;

	none = add(bench, subjects, &filters->none, last, "no program", "");
	add(bench, subjects, &filters->empty, last, "empty program", "");
	add(bench, subjects, &filters->enforcing[2], last, "cgfence, 200", "");
	add(bench, subjects, &filters->hash, last, "plain hash map, 200", "");
	for (size_t i = 2; i < DEVICE_RUNC_FILTERS; i++) {
		if (filters->runc[i].program >= 0)
			add(bench, subjects, &filters->runc[i], last, device_runc[i].label, "");
	}
	measure_all(bench, subjects, filters, measure_access);
	report(bench, "device-access",
	       "Device check: the whole of access(2), the last device of 200", subjects, none);
	release(subjects);
}

void bench_device_check(struct bench *bench)
{
	struct device_filters filters = { 0 };

	device_filters_make(bench, &filters, 0);
	bench_progress(bench, "device-check: programs");
	check_programs(bench, &filters);
	bench_progress(bench, "device-check: system calls");
	check_open(bench, &filters);
	check_access(bench, &filters);
	device_filters_remove(bench, &filters);
}
