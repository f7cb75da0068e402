// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/lesson.h"
#include "base/error.h"
#include "base/splitmix64.h"

#include <stdio.h>
#include <string.h>

#define SLOTS_FIRST 256

/* What Linux has where the file cannot be read (net/ipv4/af_inet.c). */
#define EPHEMERAL_LOW 32768
#define EPHEMERAL_HIGH 60999

static void read_ephemeral_range(struct cgfence_lesson *lesson)
{
	FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	unsigned int low;
	unsigned int high;

	lesson->ephemeral_low = EPHEMERAL_LOW;
	lesson->ephemeral_high = EPHEMERAL_HIGH;
	if (file && fscanf(file, "%u %u", &low, &high) == 2 && low && low <= high &&
	    high <= 65535) {
		lesson->ephemeral_low = low;
		lesson->ephemeral_high = high;
	}
	if (file)
		fclose(file);
}

int cgfence_lesson_new(struct cgfence_lesson **lesson, struct cgfence_error *error)
{
	struct cgfence_lesson *made = calloc(1, sizeof(*made));

	if (made)
		made->slots = calloc(SLOTS_FIRST, sizeof(*made->slots));
	if (!made || !made->slots) {
		free(made);
		return error_out_of_memory(error);
	}
	made->slot_count = SLOTS_FIRST;
	made->host = &device_host_here;
	read_ephemeral_range(made);
	*lesson = made;
	return 0;
}

void cgfence_lesson_free(struct cgfence_lesson *lesson)
{
	if (lesson)
		free(lesson->slots);
	free(lesson);
}

uint64_t cgfence_lesson_count(const struct cgfence_lesson *lesson)
{
	return lesson->requests;
}

bool lesson_is_device(const struct lesson_touch *touch)
{
	return touch->subject.hook == CGFENCE_HOOK_DEVICE;
}

/* ---- who ---- */

/* As "runc:[2:INIT]", which runc calls the first process of a container. */
static bool is_of_runtime(const char *comm)
{
	static const char *const names[] = { "runc", "crun", "youki" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t length = strlen(names[i]);

		if (strncmp(comm, names[i], length) == 0 &&
		    !(comm[length] >= 'a' && comm[length] <= 'z'))
			return true;
	}
	return false;
}

/* systemd calls a process "(nginx)" until it executes the service (exec_child, src/core/exec-invoke.c). */
static enum lesson_by find_by(const char *comm)
{
	if (is_of_runtime(comm))
		return LESSON_BY_RUNTIME;
	return *comm == '(' || strcmp(comm, "systemd-executo") == 0 ? LESSON_BY_SYSTEMD
								    : LESSON_BY_PROGRAM;
}

static void add_name(struct lesson_touch *touch, const char *name)
{
	size_t at = 0;

	while (at < LESSON_NAMES && *touch->names[at] &&
	       strncmp(touch->names[at], name, sizeof(touch->names[0])) != 0)
		at++;
	if (at == LESSON_NAMES)
		touch->others = true;
	else
		memcpy(touch->names[at], name, sizeof(touch->names[0]));
}

void lesson_unite(struct lesson_touch *touch, const struct lesson_touch *other)
{
	bool is_later = other->last_ns >= touch->last_ns;
	struct lesson_touch united = is_later ? *other : *touch;
	const struct lesson_touch *earlier = is_later ? touch : other;

	united.subject = touch->subject;
	united.by = touch->by;
	united.count = touch->count + other->count;
	united.others = touch->others || other->others;
	if (earlier->first_ns < united.first_ns)
		united.first_ns = earlier->first_ns;
	for (int i = 0; i < LESSON_NAMES && *earlier->names[i]; i++)
		add_name(&united, earlier->names[i]);
	*touch = united;
}

void lesson_who(const struct lesson_touch *touch, char who[LESSON_WHO_SIZE])
{
	size_t count = 0;
	size_t used = 0;

	who[0] = '\0';
	while (count < LESSON_NAMES && *touch->names[count])
		count++;
	for (size_t i = 0; i < count; i++) {
		const char *before = i + 1 == count && !touch->others ? " and " : ", ";

		used += (size_t)snprintf(who + used, LESSON_WHO_SIZE - used, "%s%s",
					 i ? before : "", touch->names[i]);
	}
	if (touch->others)
		snprintf(who + used, LESSON_WHO_SIZE - used, " and others");
}

/* ---- touches ---- */

static bool is_same(const struct lesson_touch *a, const struct lesson_touch *b)
{
	return a->by == b->by && memcmp(&a->subject, &b->subject, sizeof(a->subject)) == 0;
}

static size_t place_of(const struct lesson_touch *touch)
{
	const struct cgfence_denial_subject *subject = &touch->subject;
	uint64_t state = (uint64_t)subject->major << 32 | subject->minor;

	state ^= (uint64_t)subject->hook << 60 | (uint64_t)subject->access << 52 |
		 (uint64_t)touch->by << 28 | (uint64_t)subject->type << 20;
	return (size_t)splitmix64_next(&state);
}

/* The slot of a touch, or the unused one where it belongs. */
static struct lesson_touch *find_slot(struct lesson_touch *slots, size_t slot_count,
				      const struct lesson_touch *touch)
{
	size_t at = place_of(touch) & (slot_count - 1);

	while (slots[at].subject.type && !is_same(&slots[at], touch))
		at = (at + 1) & (slot_count - 1);
	return &slots[at];
}

static int grow(struct cgfence_lesson *lesson, struct cgfence_error *error)
{
	size_t count = 2 * lesson->slot_count;
	struct lesson_touch *slots = calloc(count, sizeof(*slots));

	if (!slots)
		return error_out_of_memory(error);
	for (size_t i = 0; i < lesson->slot_count; i++) {
		if (lesson->slots[i].subject.type)
			*find_slot(slots, count, &lesson->slots[i]) = lesson->slots[i];
	}
	free(lesson->slots);
	lesson->slots = slots;
	lesson->slot_count = count;
	return 0;
}

static struct lesson_touch touch_of(const struct cgfence_denial_record *record)
{
	struct lesson_touch touch = {
		.subject = record->subject,
		.count = record->count,
		.first_ns = record->first_ns,
		.last_ns = record->last_ns,
		.pid = record->pid,
	};

	touch.subject.verdict = 0;
	memcpy(touch.names[0], record->comm, strnlen(record->comm, sizeof(record->comm) - 1));
	touch.by = find_by(touch.names[0]);
	return touch;
}

static int add(struct cgfence_lesson *lesson, const struct lesson_touch *touch,
	       struct cgfence_error *error)
{
	struct lesson_touch *slot;

	if (!touch->subject.type)
		return 0;
	if (2 * lesson->used >= lesson->slot_count && grow(lesson, error))
		return -ENOMEM;
	slot = find_slot(lesson->slots, lesson->slot_count, touch);
	lesson->used += !slot->subject.type;
	lesson->requests += touch->count;
	if (slot->subject.type)
		lesson_unite(slot, touch);
	else
		*slot = *touch;
	return 0;
}

int cgfence_lesson_add(struct cgfence_lesson *lesson, const struct cgfence_denial_record *record,
		       struct cgfence_error *error)
{
	struct lesson_touch touch = touch_of(record);

	touch.count = 1;
	touch.first_ns = touch.last_ns;
	return add(lesson, &touch, error);
}

int cgfence_lesson_add_missing(struct cgfence_lesson *lesson,
			       const struct cgfence_denial_record *record,
			       struct cgfence_error *error)
{
	struct lesson_touch touch = touch_of(record);

	return find_slot(lesson->slots, lesson->slot_count, &touch)->subject.type
		       ? 0
		       : add(lesson, &touch, error);
}

int cgfence_lesson_add_listener(struct cgfence_lesson *lesson, enum cgfence_protocol protocol,
				enum cgfence_family family, uint16_t port, uint32_t pid,
				const char *comm, uint64_t time_ns, struct cgfence_error *error)
{
	bool chosen = port >= lesson->ephemeral_low && port <= lesson->ephemeral_high;
	struct cgfence_denial_record record = {
		.subject = {
			.hook = chosen ? CGFENCE_HOOK_LISTEN : CGFENCE_HOOK_BIND,
			.type = protocol == CGFENCE_UDP ? CGFENCE_IPPROTO_UDP : CGFENCE_IPPROTO_TCP,
			.access = (__u8)family,
			.major = port,
		},
		.pid = pid,
		.count = 1,
		.first_ns = time_ns,
		.last_ns = time_ns,
	};

	memcpy(record.comm, comm, strnlen(comm, sizeof(record.comm) - 1));
	/* It is seen at each look. */
	return cgfence_lesson_add_missing(lesson, &record, error);
}

int lesson_compare_numbers(const void *left, const void *right)
{
	const struct cgfence_denial_subject *a = &((const struct lesson_touch *)left)->subject;
	const struct cgfence_denial_subject *b = &((const struct lesson_touch *)right)->subject;

	if (a->hook != b->hook)
		return a->hook < b->hook ? -1 : 1;
	if (a->type != b->type)
		return a->type > b->type ? -1 : 1;
	if (a->major != b->major)
		return a->major < b->major ? -1 : 1;
	return a->minor < b->minor ? -1 : a->minor > b->minor;
}

static int compare_touches(const void *left, const void *right)
{
	const struct lesson_touch *a = left;
	const struct lesson_touch *b = right;
	int order = lesson_compare_numbers(a, b);

	return order ? order : (int)a->subject.access - (int)b->subject.access;
}

int lesson_sorted(const struct cgfence_lesson *lesson, struct lesson_touch **touches, size_t *count,
		  struct cgfence_error *error)
{
	struct lesson_touch *sorted = calloc(lesson->used + 1, sizeof(*sorted));
	size_t used = 0;

	if (!sorted)
		return error_out_of_memory(error);
	for (size_t i = 0; i < lesson->slot_count; i++) {
		if (lesson->slots[i].subject.type)
			sorted[used++] = lesson->slots[i];
	}
	qsort(sorted, used, sizeof(*sorted), compare_touches);
	*touches = sorted;
	*count = used;
	return 0;
}
