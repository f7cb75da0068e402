// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "daemon/intake.h"
#include "base/boot_time.h"

#include <string.h>

#define BATCH 64

/* So many at once are a flood, and then reading is paused. */
#define FLOOD 256
#define PAUSE_NS (20 * 1000 * 1000ULL)

/* So many at once fill the buffer of the kernel but for a few, so that some may not have found room. */
#define FULL (CGFENCE_EVENTS_SIZE / (sizeof(struct cgfence_event) + 8) * 7 / 8)

int intake_open(struct intake *intake, struct cgfence_error *error)
{
	intake->start_ns = boot_time_ns();
	return cgfence_events_open(&intake->kernel, error);
}

void intake_close(struct intake *intake)
{
	cgfence_events_close(intake->kernel);
	intake->kernel = NULL;
}

int intake_fd(const struct intake *intake)
{
	return cgfence_events_fd(intake->kernel);
}

bool intake_is_paused(struct intake *intake)
{
	if (intake->paused_ns && boot_time_ns() >= intake->paused_ns)
		intake->paused_ns = 0;
	return intake->paused_ns;
}

static void put_listener(struct intake *intake, const struct cgfence_event *event)
{
	unsigned int waiting = 0;
	unsigned int rank = 0;

	for (size_t i = 0; i < intake->listener_count; i++) {
		const struct intake_listener *other = &intake->listeners[i];

		if (other->event.cgroup_id != event->cgroup_id)
			continue;
		waiting++;
		rank = other->rank + 1;
	}
	if (waiting == INTAKE_LISTENERS_PER_FENCE || intake->listener_count == INTAKE_MAX) {
		intake->lost = true;
		return;
	}
	intake->listeners[intake->listener_count++] = (struct intake_listener){ *event, rank };
}

static void put_words(struct intake *intake, const struct cgfence_event *event)
{
	/* An earlier watch told of it, or nobody was there to be told. */
	if (event->record.last_ns < intake->start_ns)
		return;
	if (intake->word_count == INTAKE_MAX)
		intake->words_lost++;
	else
		intake->words[intake->word_count++] = *event;
}

void intake_put(struct intake *intake, const struct cgfence_event *event)
{
	/* One without a cookie tells of a listener that is not known yet. */
	if (event->socket_cookie || event->made_outside)
		put_listener(intake, event);
	put_words(intake, event);
}

int intake_read(struct intake *intake, struct cgfence_error *error)
{
	struct cgfence_event batch[BATCH];
	size_t count = BATCH;
	size_t total = 0;
	int result = 0;

	if (intake_is_paused(intake))
		return 0;
	/* Whoever fills the buffer while it is read cannot keep the reader. */
	while (result == 0 && count == BATCH && total < INTAKE_MAX) {
		count = 0;
		result = cgfence_events_read(intake->kernel, batch, BATCH, &count, error);
		for (size_t i = 0; i < count; i++)
			intake_put(intake, &batch[i]);
		total += count;
	}
	if (total >= FLOOD)
		intake->paused_ns = boot_time_ns() + PAUSE_NS;
	if (total >= FULL)
		intake->lost = true;
	return result;
}

/* The index of the one whose turn it is; @intake has some. */
static size_t find_next(const struct intake *intake)
{
	size_t first = 0;

	for (size_t i = 1; i < intake->listener_count; i++) {
		if (intake->listeners[i].rank < intake->listeners[first].rank)
			first = i;
	}
	return first;
}

bool intake_has_first(const struct intake *intake)
{
	return intake->listener_count && !intake->listeners[find_next(intake)].rank;
}

bool intake_next_listener(struct intake *intake, struct cgfence_event *event)
{
	size_t next;

	if (intake->listener_count == 0)
		return false;
	next = find_next(intake);
	*event = intake->listeners[next].event;
	intake->listener_count--;
	memmove(&intake->listeners[next], &intake->listeners[next + 1],
		(intake->listener_count - next) * sizeof(intake->listeners[0]));
	return true;
}

bool intake_take_lost(struct intake *intake)
{
	bool lost = intake->lost;

	intake->lost = false;
	return lost;
}
