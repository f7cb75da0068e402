/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The events of the kernel, put into an order that is fair: listeners before words, and the first listener of each
 * fence before the second of any.
 */
#pragma once

#include <cgfence/watch.h>

/* So many of each are kept at most; the kernel's buffer holds less than either. */
#define INTAKE_MAX 1024

/* So many listeners of a fence wait at most. A pass finds the rest. */
#define INTAKE_LISTENERS_PER_FENCE 16

struct intake_listener {
	struct cgfence_event event;
	unsigned int rank; /* one more than that of the one before it of its fence */
};

struct intake {
	struct cgfence_events *kernel;
	uint64_t start_ns;  /* words from before it are not told (CLOCK_BOOTTIME) */
	uint64_t paused_ns; /* nothing is read until then (CLOCK_BOOTTIME); 0 if it is not paused */
	struct intake_listener listeners[INTAKE_MAX];
	size_t listener_count;
	struct cgfence_event words[INTAKE_MAX]; /* in the order of arrival */
	size_t word_count;
	size_t words_lost; /* there was no room for them */
	bool lost;	   /* a listener may have been lost, so a pass is due */
};

/**
 * intake_open() - begin to read the events of the kernel.
 * @intake: all zero
 */
int intake_open(struct intake *intake, struct cgfence_error *error);

/** intake_close() - end it. */
void intake_close(struct intake *intake);

/** intake_fd() - readable when there is an event. */
int intake_fd(const struct intake *intake);

/**
 * intake_read() - take what the kernel has, unless reading is paused.
 *
 * After many at once it is paused for a moment, in which they gather: the kernel keeps room for the listeners of other
 * fences (bpf/denial.bpf.h). It may be called again while its results are used.
 */
int intake_read(struct intake *intake, struct cgfence_error *error);

/** intake_is_paused() - will reading be useless for a moment? */
bool intake_is_paused(struct intake *intake);

/** intake_put() - sort an event in, as intake_read() does. */
void intake_put(struct intake *intake, const struct cgfence_event *event);

/** intake_next_listener() - take out the listener whose turn it is. Return: false if there is none. */
bool intake_next_listener(struct intake *intake, struct cgfence_event *event);

/** intake_has_first() - is there a listener of a fence of which none was taken out while others of it waited? */
bool intake_has_first(const struct intake *intake);

/** intake_take_lost() - may a listener have been lost since the last call? */
bool intake_take_lost(struct intake *intake);
