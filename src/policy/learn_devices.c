// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/learn_devices.h"
#include "base/error.h"
#include "policy/device_words.h"

#include <string.h>

struct devices {
	const struct cgfence_lesson *lesson;
	struct drivers drivers;
	struct learn_entry *entries;
	size_t count;
};

static void release(struct devices *devices)
{
	drivers_free(&devices->drivers);
	free(devices->entries);
}

#define cleanup_devices __attribute__((cleanup(release)))

static struct device_number number_of(const struct lesson_touch *touch)
{
	return (struct device_number){
		.block = touch->subject.type == BPF_DEVCG_DEV_BLOCK,
		.major = touch->subject.major,
		.minor = touch->subject.minor,
	};
}

static bool same_major(const struct lesson_touch *a, const struct lesson_touch *b)
{
	return a->subject.type == b->subject.type && a->subject.major == b->subject.major;
}

static void unite(struct learn_entry *entry, const struct learn_entry *other)
{
	entry->touch.subject.access |= other->touch.subject.access;
	entry->known = entry->known && other->known;
	lesson_unite(&entry->touch, &other->touch);
}

/* One entry for each device: different accesses of it are one. */
static void gather(struct devices *devices, const struct cgfence_policy *policy,
		   const struct lesson_touch *touches, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct learn_entry *last = devices->count ? &devices->entries[devices->count - 1]
							  : NULL;
		struct learn_entry entry = { .touch = touches[i],
					     .known = learn_has_device(policy, &touches[i]) };

		if (!lesson_is_device(&touches[i]) || touches[i].by != LESSON_BY_PROGRAM)
			continue;
		if (last && same_major(&last->touch, &touches[i]) &&
		    last->touch.subject.minor == touches[i].subject.minor)
			unite(last, &entry);
		else
			devices->entries[devices->count++] = entry;
	}
}

/* Entries from @first to before @end are of one major. */
static int name_entries(struct devices *devices, size_t first, size_t end)
{
	struct device_number *numbers = calloc(end - first, sizeof(*numbers));
	char words[DEVICE_WORDS_SIZE];
	bool is_one_kind;

	if (!numbers)
		return -ENOMEM;
	for (size_t i = first; i < end; i++)
		numbers[i - first] = number_of(&devices->entries[i].touch);
	is_one_kind = device_words_generalise(devices->lesson->host, &devices->drivers, numbers,
					      end - first, words);
	for (size_t i = first; i < end; i++) {
		if (is_one_kind)
			memcpy(devices->entries[i].words, words, sizeof(words));
		else
			device_words_find(devices->lesson->host, &devices->drivers,
					  &numbers[i - first], devices->entries[i].words);
	}
	free(numbers);
	return 0;
}

static bool is_driver(const struct learn_entry *entry)
{
	return entry->words[strlen(entry->words) - 1] == '*';
}

/* Only those of drivers stand for several devices. */
static void unite_same_words(struct devices *devices)
{
	size_t kept = 0;

	for (size_t i = 0; i < devices->count; i++) {
		struct learn_entry *entry = &devices->entries[i];
		size_t same = is_driver(entry) ? 0 : kept;

		while (same < kept && strcmp(devices->entries[same].words, entry->words) != 0)
			same++;
		if (same < kept)
			unite(&devices->entries[same], entry);
		else if (kept++ != i)
			devices->entries[kept - 1] = *entry;
	}
	devices->count = kept;
}

/* access(F_OK) passes wherever an entry matches, and making a node is the least that an entry can allow. */
static void give_access(struct learn_entry *entry)
{
	entry->only_asked = !entry->touch.subject.access;
	if (entry->only_asked)
		entry->touch.subject.access = BPF_DEVCG_ACC_MKNOD;
}

int learn_devices(const struct cgfence_lesson *lesson, const struct cgfence_policy *policy,
		  const struct lesson_touch *touches, size_t touch_count,
		  struct learn_entry **entries, size_t *count, struct cgfence_error *error)
{
	cleanup_devices struct devices devices = { .lesson = lesson };
	int result = lesson->host->drivers(&devices.drivers, error);

	if (result)
		return result;
	devices.entries = calloc(touch_count + 1, sizeof(*devices.entries));
	if (!devices.entries)
		return error_out_of_memory(error);
	gather(&devices, policy, touches, touch_count);
	for (size_t first = 0, end; first < devices.count && result == 0; first = end) {
		for (end = first + 1; end < devices.count; end++) {
			if (!same_major(&devices.entries[first].touch, &devices.entries[end].touch))
				break;
		}
		if (name_entries(&devices, first, end))
			result = error_out_of_memory(error);
	}
	if (result)
		return result;
	unite_same_words(&devices);
	for (size_t i = 0; i < devices.count; i++)
		give_access(&devices.entries[i]);
	*entries = cleanup_steal(devices.entries);
	*count = devices.count;
	return 0;
}
