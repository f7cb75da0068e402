// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "device_subjects.h"
#include "entries.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Where the kernel puts a program decides over some nanoseconds, and what is made first gets the same place each time.
 * So all are made anew after some rounds, in another order.
 */
#define SETUP_ROUNDS 3
#define ROUNDS (DEVICE_SETUPS * SETUP_ROUNDS)

dev_t device_last(size_t entries)
{
	struct entry entry = entries_get(entries - 1, "rw");

	return entries > 14 ? makedev(entry.major, entry.minor) : WILDCARD_DEVICE;
}

struct device_subjects *device_subjects_new(struct bench *bench)
{
	struct device_subjects *subjects = calloc(1, sizeof(*subjects));

	if (!subjects)
		bench_fail(bench, "out of memory");
	return subjects;
}

void device_subjects_free(struct device_subjects *subjects)
{
	for (size_t i = 0; i < subjects->count; i++)
		bench_series_free(&subjects->list[i].series);
	free(subjects);
}

static void make_node(struct bench *bench, dev_t device, char path[128])
{
	snprintf(path, 128, "%s/c-%u-%u", bench_directory(bench), major(device), minor(device));
	if (mknod(path, S_IFCHR | 0666, device) < 0 && errno != EEXIST)
		bench_fail(bench, "cannot make a device node: %s", strerror(errno));
}

struct device_subject *device_subjects_add(struct bench *bench, struct device_subjects *subjects,
					   const struct filter *filter, dev_t device,
					   const char *name, const char *what)
{
	struct device_subject *subject = &subjects->list[subjects->count++];
	char full[64];

	snprintf(full, sizeof(full), "%s%s%s", name, *what ? ": " : "", what);
	subject->filter = filter;
	subject->series = bench_series_new(full, ROUNDS);
	make_node(bench, device, subject->node);
	return subject;
}

void device_subject_access(struct bench *bench, const struct device_subject *subject)
{
	for (int i = 0; i < DEVICE_CALLS; i++) {
		if ((access(subject->node, R_OK | W_OK) < 0) != subject->refused)
			bench_fail(bench, "%s: the verdict is wrong", subject->series.name);
	}
}

static void measure_round(struct bench *bench, struct device_subjects *subjects, int companion,
			  double (*measure)(const struct device_work *work))
{
	for (size_t i = 0; i < subjects->count; i++) {
		struct device_subject *subject = &subjects->list[i];
		struct device_work work = { bench, subject, companion };

		bench_series_add(&subject->series, measure(&work));
	}
}

void device_subjects_measure(struct bench *bench, struct device_subjects *subjects,
			     struct device_filters *filters,
			     double (*measure)(const struct device_work *work))
{
	for (size_t setup = 0; setup < DEVICE_SETUPS; setup++) {
		if (setup > 0) {
			device_filters_remove(bench, filters);
			device_filters_make(bench, filters, setup);
		}
		for (int round = 0; round < SETUP_ROUNDS; round++)
			measure_round(bench, subjects, filters->companion, measure);
	}
}

void device_subjects_report(struct bench *bench, const char *group, const char *title,
			    struct device_subjects *subjects, const struct device_subject *peer)
{
	struct bench_series series[DEVICE_SUBJECTS_MAX];

	for (size_t i = 0; i < subjects->count; i++)
		series[i] = subjects->list[i].series;
	bench_report(bench, group, title, "ns", series, subjects->count,
		     (size_t)(peer - subjects->list));
}
