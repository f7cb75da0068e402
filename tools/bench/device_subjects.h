/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Filters that are asked for one device each, over and over. */
#pragma once

#include "device_filters.h"

#include <sys/sysmacros.h>
#include <sys/types.h>

/* What runc's filter finds first, of these entries: it sorts them by type and number. */
#define FIRST_DEVICE makedev(1, 3)
#define CONSOLE_DEVICE makedev(5, 1)
#define WILDCARD_DEVICE makedev(136, 77)
#define UNKNOWN_DEVICE makedev(10, 77)

#define DEVICE_SUBJECTS_MAX 64

/* A filter that is asked for one device. */
struct device_subject {
	const struct filter *filter;
	struct bench_series series;
	char node[128];
	bool refused; /* the filter refuses the device */
};

struct device_subjects {
	struct device_subject list[DEVICE_SUBJECTS_MAX];
	size_t count;
};

/* What a measuring function is given. */
struct device_work {
	struct bench *bench;
	const struct device_subject *subject;
	int companion; /* an empty program */
};

/** device_last() - the device of some entries that runc's filter looks at last: the highest number. */
dev_t device_last(size_t entries);

/** device_subjects_new() - none yet, to be given to device_subjects_free(). */
struct device_subjects *device_subjects_new(struct bench *bench);

/** device_subjects_free() - free their values too. */
void device_subjects_free(struct device_subjects *subjects);

/**
 * device_subjects_add() - one more, with a node of the device.
 * @name: of the filter
 * @what: of the device, may be empty
 */
struct device_subject *device_subjects_add(struct bench *bench, struct device_subjects *subjects,
					   const struct filter *filter, dev_t device,
					   const char *name, const char *what);

/* Calls of a batch, and batches of a round, the value of which is their median: an interrupt is in few of them. */
#define DEVICE_CALLS 100
#define DEVICE_BATCHES 15

/** device_subject_access() - access(2) to read and write, DEVICE_CALLS times. */
void device_subject_access(struct bench *bench, const struct device_subject *subject);

/** device_subjects_measure() - each in turn, as the filters are made now, and made anew some times. */
void device_subjects_measure(struct bench *bench, struct device_subjects *subjects,
			     struct device_filters *filters,
			     double (*measure)(const struct device_work *work));

/** device_subjects_report() - with ratios to @peer, which is one of them. */
void device_subjects_report(struct bench *bench, const char *group, const char *title,
			    struct device_subjects *subjects, const struct device_subject *peer);
