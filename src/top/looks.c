// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "top/looks.h"
#include "base/array.h"
#include "report/printable.h"
#include "report/violation.h"

#include <errno.h>
#include <string.h>

void looks_forget_subjects(struct top_looks *looks)
{
	for (size_t i = 0; i < looks->subject_count; i++)
		free(looks->subjects[i].cgroup);
	free(looks->subjects);
	looks->subjects = NULL;
	looks->subject_count = 0;
}

static void release_listener(struct top_listener *listener)
{
	free(listener->cgroup);
	free(listener->socket);
	free(listener->comm);
	free(listener->reason);
}

void looks_release(struct top_looks *looks)
{
	looks_forget_subjects(looks);
	for (size_t i = 0; i < looks->listener_count; i++)
		release_listener(&looks->listeners[i]);
	free(looks->listeners);
	*looks = (struct top_looks){ 0 };
}

int looks_add_subject(struct top_looks *looks, const struct cgfence_denial_record *record,
		      const char *cgroup)
{
	struct top_subject *subjects = looks->subjects;
	size_t place = looks->subject_count;
	char *copy;

	while (place && subjects[place - 1].record.last_ns < record->last_ns)
		place--;
	if (place == LOOKS_SUBJECTS_MAX)
		return 0;
	if (!subjects) {
		subjects = calloc(LOOKS_SUBJECTS_MAX, sizeof(*subjects));
		looks->subjects = subjects;
	}
	copy = subjects ? printable_copy(cgroup) : NULL;
	if (!copy)
		return -ENOMEM;
	if (looks->subject_count == LOOKS_SUBJECTS_MAX)
		free(subjects[--looks->subject_count].cgroup);
	memmove(&subjects[place + 1], &subjects[place],
		(looks->subject_count - place) * sizeof(*subjects));
	subjects[place] = (struct top_subject){ *record, copy };
	looks->subject_count++;
	return 0;
}

/* Keeps those for which @keeps says so. */
static void sift(struct top_looks *looks, bool (*keeps)(const struct top_listener *, const void *),
		 const void *context)
{
	size_t kept = 0;

	for (size_t i = 0; i < looks->listener_count; i++) {
		if (keeps(&looks->listeners[i], context))
			looks->listeners[kept++] = looks->listeners[i];
		else
			release_listener(&looks->listeners[i]);
	}
	looks->listener_count = kept;
}

static bool is_of_another(const struct top_listener *listener, const void *context)
{
	return listener->fence != *(const uint64_t *)context;
}

static bool is_of_one(const struct top_listener *listener, const void *context)
{
	return rows_find(context, listener->fence);
}

void looks_forget_listeners(struct top_looks *looks, uint64_t fence)
{
	sift(looks, is_of_another, &fence);
}

void looks_keep_listeners(struct top_looks *looks, const struct top_rows *rows)
{
	sift(looks, is_of_one, rows);
}

int looks_add_listener(struct top_looks *looks, uint64_t fence,
		       const struct cgfence_violation *violation)
{
	struct top_listener *listeners = array_with_room(looks->listeners, looks->listener_count,
							 &looks->listener_room, sizeof(*listeners));
	char socket[VIOLATION_SOCKET_SIZE] = "";
	struct top_listener *made;

	if (!listeners)
		return -ENOMEM;
	looks->listeners = listeners;
	if (!violation->rest)
		violation_format_socket(violation, socket);
	made = &listeners[looks->listener_count];
	*made = (struct top_listener){
		.fence = fence,
		.cgroup = printable_copy(violation->member ? violation->member : violation->cgroup),
		.socket = strdup(socket),
		.comm = printable_copy(violation->comm ? violation->comm : ""),
		.reason = printable_copy(violation->reason ? violation->reason : ""),
		.pid = violation->pid,
		.rest = violation->rest,
	};
	if (!made->cgroup || !made->socket || !made->comm || !made->reason) {
		release_listener(made);
		return -ENOMEM;
	}
	looks->listener_count++;
	return 0;
}

size_t looks_count_excess(const struct top_looks *looks, uint64_t fence, const char *cgroup)
{
	size_t count = 0;

	for (size_t i = 0; i < looks->listener_count; i++) {
		const struct top_listener *listener = &looks->listeners[i];

		if (listener->fence == fence && (!cgroup || strcmp(listener->cgroup, cgroup) == 0))
			count += listener->rest ? listener->rest : 1;
	}
	return count;
}
