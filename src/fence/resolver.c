// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Looks for fences whose words stand for something else by now. Many fences remember the same, which is looked up once;
 * a fence is read again only after a change.
 */
#include "base/boot_time.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/uevent.h"
#include "base/yield.h"
#include "fence/census.h"
#include "fence/remembered.h"
#include "fence/resolve.h"

#include <errno.h>

/* So long it goes on with fences that change; each takes some milliseconds. */
#define SLICE_NS (50 * 1000 * 1000ULL)

struct known {
	uint64_t id;
	uint64_t mark; /* of fence_mark(), before it was read */
	uint64_t mark_now;
	struct remembered *words; /* NULL if it has none */
};

struct cgfence_resolver {
	int devices;			     /* their events; -1 if there are none */
	const struct cgfence_census *census; /* NULL for none */
	struct known *fences;		     /* in ascending order of ids */
	size_t count;
	uint64_t next; /* the id at which the next pass begins */
	struct remembered_set set;
};

int cgfence_resolver_new(struct cgfence_resolver **resolver, struct cgfence_error *error)
{
	struct cgfence_resolver *made = calloc(1, sizeof(*made));

	if (!made)
		return error_out_of_memory(error);
	/* Where there are no events, devices are looked at by passes all the same. */
	made->devices = uevent_open();
	*resolver = made;
	return 0;
}

static void release_fences(struct cgfence_resolver *resolver, struct known *fences, size_t count)
{
	for (size_t i = 0; i < count; i++)
		remembered_drop(&resolver->set, fences[i].words);
	free(fences);
}

void cgfence_resolver_use_census(struct cgfence_resolver *resolver,
				 const struct cgfence_census *census)
{
	resolver->census = census;
}

void cgfence_resolver_free(struct cgfence_resolver *resolver)
{
	if (!resolver)
		return;
	release_fences(resolver, resolver->fences, resolver->count);
	if (resolver->devices >= 0)
		close(resolver->devices);
	free(resolver);
}

int cgfence_resolver_fd(const struct cgfence_resolver *resolver)
{
	return resolver->devices;
}

bool cgfence_resolver_read(struct cgfence_resolver *resolver)
{
	return resolver->devices >= 0 && uevent_read(resolver->devices);
}

/* Moves what is known of fences to a new list, whose ids are set. Both are in ascending order. */
static void take_known(struct cgfence_resolver *resolver, struct known *fences, size_t count)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		while (at < resolver->count && resolver->fences[at].id < fences[i].id)
			at++;
		if (at == resolver->count || resolver->fences[at].id != fences[i].id)
			continue;
		fences[i].mark = resolver->fences[at].mark;
		fences[i].words = resolver->fences[at].words;
		resolver->fences[at].words = NULL;
	}
	release_fences(resolver, resolver->fences, resolver->count);
	resolver->fences = fences;
	resolver->count = count;
}

static int list(struct cgfence_resolver *resolver, struct cgfence_error *error)
{
	cleanup_free struct fence_mark_of *marks = NULL;
	struct known *fences;
	size_t count = 0;
	int result = census_marks(resolver->census, &marks, &count, error);

	if (result)
		return result;
	fences = calloc(count + 1, sizeof(*fences));
	if (!fences)
		return error_out_of_memory(error);
	for (size_t i = 0; i < count; i++)
		fences[i] = (struct known){ .id = marks[i].id, .mark_now = marks[i].mark };
	take_known(resolver, fences, count);
	return 0;
}

/* Reads a fence that may have changed. One that cannot be read is tried again by the next pass. */
static void refresh(struct cgfence_resolver *resolver, struct known *fence)
{
	if (fence->mark_now && fence->mark_now == fence->mark)
		return;
	remembered_drop(&resolver->set, fence->words);
	fence->words = NULL;
	fence->mark = remembered_read(&resolver->set, fence->id, &fence->words) ? 0
										: fence->mark_now;
}

static void resolve(const struct known *fence, cgfence_resolved_visitor *visit, void *context)
{
	struct cgfence_error error = { 0 };
	const struct cgfence_resolved failed = { .error = &error };
	int result = fence_resolve(fence->id, visit, context, &error);

	if (result && result != -ENOENT)
		visit(&failed, context);
}

static bool is_over(uint64_t begin_ns)
{
	return boot_time_ns() - begin_ns >= SLICE_NS;
}

int cgfence_resolver_pass(struct cgfence_resolver *resolver, cgfence_resolved_visitor *visit,
			  void *context, bool *more, struct cgfence_error *error)
{
	uint64_t begin_ns = boot_time_ns();
	struct device_cache cache = { 0 };
	uint64_t first = resolver->next;
	int result = list(resolver, error);

	if (result)
		return result;
	resolver->next = 0;
	for (size_t i = 0; i < resolver->count && !resolver->next; i++) {
		struct known *fence = &resolver->fences[i];

		if (fence->id < first)
			continue;
		yield_now();
		refresh(resolver, fence);
		if (!fence->words || !remembered_has_changed(fence->words, &cache))
			continue;
		resolve(fence, visit, context);
		if (is_over(begin_ns) && i + 1 < resolver->count)
			resolver->next = resolver->fences[i + 1].id;
	}
	device_cache_clear(&cache);
	*more = resolver->next;
	return 0;
}
