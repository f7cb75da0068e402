// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/sharing.h"
#include "base/boot_time.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "fence/guard.h"
#include "fence/readings.h"
#include "fence/sharing_take.h"
#include "image/image.h"
#include "kernel/error.h"
#include "kernel/foreign.h"
#include "kernel/own.h"
#include "kernel/refusal.h"
#include "kernel/sharers.h"
#include "policy/memory.h"

#include <string.h>

/* Whoever looks at more of those that are said to have the policy soon loads as fast. */
#define DONORS_MAX 8

/*
 * All that have a link must go on with the maps that the kernel has bound it to (kernel/own.h). If that cannot be told, the
 * change fails, for the fence would lose what it counted. Return: 1, 0 or -errno.
 */
static int present_shares(const struct fence_present *old)
{
	uint32_t own = fence_maps_id(old->maps.own);
	int uses = 1;

	if (!old->image || !old->image->shared || old->maps.own < 0 || old->maps.records < 0)
		return 0;
	if (!own)
		return -EIO;
	for (int i = 0; i < hook_count && uses > 0; i++) {
		if (old->links[i].fd >= 0)
			uses = fence_maps_use(old->links[i].program, own);
	}
	return uses;
}

/*
 * One that learns has a ring buffer of its own; a guard that denies has no program that may be shared. Return: 1, 0 or
 * -errno.
 */
static int may_share(const struct fence_change *change)
{
	if (change->pattern)
		return 0;
	if (change->old.fenced)
		return present_shares(&change->old);
	return !change->unshared && !image_learns(change->new.image) &&
	       !fence_guard_may_deny(change->new.image);
}

static uint64_t add_number(uint64_t digest, uint32_t number)
{
	return digest_add(digest, &number, sizeof(number));
}

/* Beside the policy, what is around it. The netns is that of this process. */
static uint64_t digest_of(const struct fence_change *change, const char *packed)
{
	const struct cgfence_image *image = change->new.image;
	const struct fence_maps *maps = &change->old.maps;
	uint64_t digest = DIGEST_BEGIN;

	digest = add_number(digest, fence_maps_id(maps->own));
	digest = add_number(digest, fence_maps_id(maps->records));
	digest = add_number(digest, fence_maps_id(maps->events));
	digest = add_number(digest, image->ports.netns_inum);
	digest = digest_add(digest, image + 1, image->size - sizeof(*image));
	return digest_add(digest, packed, strlen(packed));
}

static int take_from_any(struct fence_change *change, bool *taken, struct cgfence_error *error)
{
	cleanup_free char *packed = NULL;
	uint64_t donors[DONORS_MAX];
	size_t count;
	int result = policy_memory_pack(change->policy, &packed, error);

	if (result == 0 && change->old.maps.events < 0)
		result = fence_maps_open_events(&change->old.maps.events, error);
	if (result == 0)
		result = readings_choose(&change->new, error);
	if (result)
		return result;
	change->digest = digest_of(change, packed);
	count = change->alone ? 0 : sharers_list(change->digest, donors, DONORS_MAX);
	for (size_t i = 0; i < count && !*taken; i++)
		*taken = sharing_take(change, donors[i], packed);
	return 0;
}

/* Programs of its own, which need less of the kernel, are made where the maps of the host are not to be had. */
int fence_sharing_prepare(struct fence_change *change, bool *taken, struct cgfence_error *error)
{
	struct fence_maps *maps = &change->old.maps;
	int result = may_share(change);

	*taken = false;
	change->digest = 0;
	if (result < 0)
		return kernel_error(error, -result, "tell what the programs of the fence use");
	if (!result)
		return 0;
	result = 0;
	if (change->old.fenced)
		result = own_enter_again(change->id, maps, error);
	else if (own_enter(change->id, maps, NULL))
		return 0;
	if (result)
		return result;
	change->new.image->shared = 1;
	return change->old.fenced ? 0 : take_from_any(change, taken, error);
}

bool fence_sharing_give_up(struct fence_change *change, int result)
{
	if (!refusal_is(result) || !change->new.image->shared || change->old.fenced)
		return false;
	/* Whether or not that is kept, it is not tried again and again. */
	change->unshared = true;
	own_refuse();
	return true;
}

static int first_hook(const struct fence_change *change)
{
	int first = 0;

	while (first < hook_count - 1 && change->new.programs[first] < 0)
		first++;
	return first;
}

int fence_sharing_begin(const struct fence_change *change, struct cgfence_error *error)
{
	const struct cgfence_image *image = change->new.image;
	const struct cgfence_own own = { .fence = change->id,
					 .record_seed = image->record_seed,
					 .since_ns = boot_time_ns() };
	int first = first_hook(change);
	int program = change->new.programs[first];
	int result;

	if (change->old.fenced || !image->shared)
		return 0;
	result = foreign_check_overriding(change->cgroup, &hooks[first], program, error);
	if (result)
		return result;
	result = own_begin(change->cgroup, &hooks[first], &change->old.maps, &own, error);
	if (result)
		foreign_explain_refusal(change->cgroup, &hooks[first], program, -result, error);
	return result;
}

void fence_sharing_undo(const struct fence_change *change)
{
	if (!change->old.fenced)
		own_leave(change->id);
}

void fence_sharing_finish(const struct fence_change *change)
{
	if (change->old.fenced)
		sharers_leave(change->id, false);
	else if (change->digest)
		sharers_enter(change->digest, change->id);
}

void fence_sharing_leave(uint64_t id, bool detaching)
{
	sharers_leave(id, detaching);
	own_leave(id);
}
