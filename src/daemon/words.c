// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "daemon/words.h"
#include "base/boot_time.h"
#include "base/cleanup.h"

#define WINDOW_NS (1000 * 1000 * 1000ULL)

/* May one more line be printed now? */
static bool takes(struct watch_pace *pace, uint64_t now_ns)
{
	if (now_ns - pace->since_ns >= WINDOW_NS) {
		pace->since_ns = now_ns;
		pace->printed = 0;
	}
	if (pace->printed == WORDS_PER_FENCE) {
		pace->omitted++;
		return false;
	}
	pace->printed++;
	return true;
}

static struct watch_fence *find(struct watch_fences *fences, uint64_t id)
{
	struct watch_fence *fence = watch_fences_find(fences, id);

	return fence ? fence : watch_fences_find_gone(fences, id);
}

bool words_has_unknown(const struct intake *intake, struct watch_fences *fences)
{
	for (size_t i = 0; i < intake->word_count; i++) {
		if (!find(fences, intake->words[i].cgroup_id))
			return true;
	}
	return false;
}

/* With the path of the member, where it is one of a standing fence. */
static void tell_denial(struct watch_events *output, const struct watch_fence *fence,
			const struct cgfence_event *event)
{
	cleanup_free char *member = watch_fences_member_path(event->cgroup_id, event->member);
	const char *path = fence ? fence->path : NULL;

	watch_events_denial(output, member ? member : path, fence ? fence->name : NULL,
			    &event->record);
}

void words_tell(struct watch_words *words, struct intake *intake, struct watch_fences *fences,
		struct watch_events *output)
{
	uint64_t now_ns = boot_time_ns();

	for (size_t i = 0; i < intake->word_count; i++) {
		const struct cgfence_event *event = &intake->words[i];
		struct watch_fence *fence = find(fences, event->cgroup_id);

		if (takes(fence ? &fence->pace : &words->unknown, now_ns))
			tell_denial(output, fence, event);
		else
			words->any_omitted = true;
	}
	words->unknown.omitted += intake->words_lost;
	words->any_omitted = words->any_omitted || intake->words_lost;
	intake->words_lost = 0;
	intake->word_count = 0;
}

static void tell(struct watch_pace *pace, const char *path, struct watch_events *output)
{
	if (pace->omitted)
		watch_events_omitted(output, path, pace->omitted);
	pace->omitted = 0;
}

void words_tell_omitted(struct watch_words *words, struct watch_fences *fences,
			struct watch_events *output)
{
	words->any_omitted = false;
	for (size_t i = 0; i < fences->count; i++)
		tell(&fences->items[i].pace, fences->items[i].path, output);
	for (size_t i = 0; i < WATCH_FENCES_GONE; i++)
		tell(&fences->gone[i].pace, fences->gone[i].path, output);
	tell(&words->unknown, NULL, output);
}
