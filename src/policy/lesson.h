/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What was used, each request once. */
#pragma once

#include "base/cleanup.h"
#include "policy/device_host.h"

#include <cgfence/learn.h>

/* So many processes of a request are told by name. */
#define LESSON_NAMES 4

/* Long enough for those names. */
#define LESSON_WHO_SIZE 128

/* Who made requests before the program was executed. */
enum lesson_by {
	LESSON_BY_PROGRAM,
	LESSON_BY_RUNTIME, /* of containers */
	LESSON_BY_SYSTEMD,
};

struct lesson_touch {
	struct cgfence_denial_subject subject; /* without a verdict; type 0 in an unused one */
	enum lesson_by by;
	uint64_t count;
	uint64_t first_ns;
	uint64_t last_ns;
	uint32_t pid;
	char names[LESSON_NAMES][16]; /* the latest first */
	bool others;		      /* there are more */
};

struct cgfence_lesson {
	struct lesson_touch *slots; /* open addressing */
	size_t slot_count;	    /* a power of two */
	size_t used;
	uint64_t requests;
	uint32_t ephemeral_low; /* from these the kernel chooses */
	uint32_t ephemeral_high;
	const struct device_host *host; /* tests replace it */
};

/** lesson_sorted() - the touches, devices first, in ascending order; @touches receives an array to be given to free(). */
int lesson_sorted(const struct cgfence_lesson *lesson, struct lesson_touch **touches, size_t *count,
		  struct cgfence_error *error);

/** lesson_compare_numbers() - their order for bsearch(3), whatever the access or the family. */
int lesson_compare_numbers(const void *left, const void *right);

/** lesson_unite() - add what is told of one touch to another, which may be of another subject. */
void lesson_unite(struct lesson_touch *touch, const struct lesson_touch *other);

/** lesson_who() - its processes, as struct cgfence_learnt has them. */
void lesson_who(const struct lesson_touch *touch, char who[LESSON_WHO_SIZE]);

/** lesson_is_device() - is it of a device, not of a port? */
bool lesson_is_device(const struct lesson_touch *touch);
