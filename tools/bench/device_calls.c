// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "device_calls.h"
#include "device_subjects.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static double time_access(const void *argument)
{
	const struct device_work *work = argument;
	struct bench_series batches = bench_series_new("", DEVICE_BATCHES);

	device_subject_access(work->bench, work->subject);
	for (int i = 0; i < DEVICE_BATCHES; i++) {
		uint64_t begin = bench_now_ns();

		device_subject_access(work->bench, work->subject);
		bench_series_add(&batches, (double)(bench_now_ns() - begin) / DEVICE_CALLS);
	}
	return bench_series_take_median(&batches);
}

static double time_open(const void *argument)
{
	const struct device_work *work = argument;
	struct bench_series calls = bench_series_new("", DEVICE_CALLS * DEVICE_BATCHES);

	for (int i = 0; i < DEVICE_CALLS * DEVICE_BATCHES; i++) {
		uint64_t begin = bench_now_ns();
		int fd = open(work->subject->node, O_RDWR | O_CLOEXEC);

		bench_series_add(&calls, (double)(bench_now_ns() - begin));
		if (fd >= 0)
			close(fd);
		if ((fd < 0) != work->subject->refused)
			bench_fail(work->bench, "%s: the verdict is wrong",
				   work->subject->series.name);
	}
	return bench_series_take_median(&calls);
}

static double measure_access(const struct device_work *work)
{
	return probe_in_cgroup(work->bench, work->subject->filter->place.inner, time_access, work);
}

static double measure_open(const struct device_work *work)
{
	return probe_in_cgroup(work->bench, work->subject->filter->place.inner, time_open, work);
}

static void check_open(struct bench *bench, struct device_filters *filters)
{
	struct device_subjects *subjects = device_subjects_new(bench);
	const struct device_subject *none;
	char name[64];

	none = device_subjects_add(bench, subjects, &filters->none, FIRST_DEVICE, "no program", "");
	device_subjects_add(bench, subjects, &filters->empty, FIRST_DEVICE, "empty program", "");
	for (size_t i = 0; i < DEVICE_SIZES; i++) {
		snprintf(name, sizeof(name), "cgfence, %zu", device_sizes[i]);
		device_subjects_add(bench, subjects, &filters->enforcing[i], FIRST_DEVICE, name,
				    "");
	}
	for (size_t i = 0; i < DEVICE_RUNC_FILTERS; i++) {
		if (filters->runc[i].program >= 0)
			device_subjects_add(bench, subjects, &filters->runc[i], FIRST_DEVICE,
					    device_runc[i].label, "found first");
	}
	device_subjects_add(bench, subjects, &filters->hash, FIRST_DEVICE, "plain hash map, 200",
			    "");
	for (size_t i = 0; i < DEVICE_SIZES; i += DEVICE_SIZES - 1) {
		snprintf(name, sizeof(name), "cgfence, %zu", device_sizes[i]);
		device_subjects_add(bench, subjects, &filters->enforcing[i], UNKNOWN_DEVICE, name,
				    "refused")
			->refused = true;
	}
	if (filters->runc[2].program >= 0)
		device_subjects_add(bench, subjects, &filters->runc[2], UNKNOWN_DEVICE,
				    device_runc[2].label, "refused")
			->refused = true;
	device_subjects_measure(bench, subjects, filters, measure_open);
	device_subjects_report(bench, "device-open",
			       "Device check: the whole of open(2), /dev/null where allowed",
			       subjects, none);
	device_subjects_free(subjects);
}

/* The devices that runc's filter finds last have no driver to open. */
static void check_access(struct bench *bench, struct device_filters *filters)
{
	struct device_subjects *subjects = device_subjects_new(bench);
	dev_t last = device_last(200);
	const struct device_subject *none;

	none = device_subjects_add(bench, subjects, &filters->none, last, "no program", "");
	device_subjects_add(bench, subjects, &filters->empty, last, "empty program", "");
	device_subjects_add(bench, subjects, &filters->enforcing[2], last, "cgfence, 200", "");
	device_subjects_add(bench, subjects, &filters->hash, last, "plain hash map, 200", "");
	for (size_t i = 2; i < DEVICE_RUNC_FILTERS; i++) {
		if (filters->runc[i].program >= 0)
			device_subjects_add(bench, subjects, &filters->runc[i], last,
					    device_runc[i].label, "");
	}
	device_subjects_measure(bench, subjects, filters, measure_access);
	device_subjects_report(bench, "device-access",
			       "Device check: the whole of access(2), the last device of 200",
			       subjects, none);
	device_subjects_free(subjects);
}

void bench_device_calls(struct bench *bench, struct device_filters *filters)
{
	check_open(bench, filters);
	check_access(bench, filters);
}
