// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/detach.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "fence/adopted.h"
#include "fence/fence.h"
#include "fence/sharing.h"
#include "kernel/adopted.h"
#include "kernel/holders_pins.h"
#include "kernel/listen_trace.h"
#include "kernel/link.h"
#include "kernel/member_programs.h"
#include "kernel/membership_pins.h"
#include "kernel/own.h"
#include "kernel/pins.h"

#include <string.h>

/* With the lock held; the last hooks first, as for any removal. */
static int remove_links(uint64_t id, struct cgfence_error *error)
{
	for (int i = hook_count - 1; i >= 0; i--) {
		int result = link_remove_detaching(id, &hooks[i], error);

		if (result < 0)
			return result;
	}
	membership_remove_all(id, true);
	fence_sharing_leave(id, true);
	return 0;
}

void fence_detach_finish(uint64_t id)
{
	int lock;

	if (pins_lock_detaching(id, &lock))
		return;
	/* The links, and with them the directory, stay for another try if an earlier step fails. */
	if (fence_adopted_give_back_detaching(id, NULL) == 0 && listen_trace_clear(id, NULL) == 0 &&
	    remove_links(id, NULL) == 0)
		adopted_unpin_detaching(id);
	pins_end_detaching(id, lock);
	member_programs_leave();
}

void fence_detach_finish_all(void)
{
	cleanup_free uint64_t *ids = NULL;
	size_t count = 0;

	if (pins_list_detaching(&ids, &count, NULL))
		return;
	for (size_t i = 0; i < count; i++)
		fence_detach_finish(ids[i]);
}

/* Checks that there is a fence and that all its links can be opened, before it touches the first. */
static int find_links(uint64_t id, bool *found, struct cgfence_error *error)
{
	*found = false;
	for (int i = 0; i < hook_count; i++) {
		cleanup_link struct link link = LINK_CLOSED;
		int result = link_open(id, &hooks[i], &link, error);

		if (result && result != -ENOENT)
			return result;
		*found = *found || result == 0;
	}
	return 0;
}

int fence_detach_remains(uint64_t id, int lock, struct cgfence_error *error)
{
	int result = fence_adopted_give_back(id, error);

	if (result == 0)
		result = listen_trace_clear(id, error);
	/* The directory makes the next command try again. */
	if (result) {
		close(lock);
		return result;
	}
	for (int i = hook_count - 1; i >= 0; i--)
		link_remove(id, &hooks[i], NULL);
	membership_remove_all(id, false);
	fence_sharing_leave(id, false);
	adopted_unpin(id);
	pins_unlock(id, lock);
	holders_pins_leave();
	own_leave_host();
	member_programs_leave();
	return 0;
}

void fence_detach_unfenced(uint64_t id)
{
	bool fenced;
	int lock;

	if (pins_try_lock(id, &lock))
		return;
	if (find_links(id, &fenced, NULL) == 0 && !fenced)
		fence_detach_remains(id, lock, NULL);
	else
		pins_unlock(id, lock);
}

/* With the lock held, which goes with the directory. */
static int detach_locked(uint64_t id, int lock, struct cgfence_error *error)
{
	int result = fence_adopted_give_back(id, error);

	if (result) {
		pins_unlock(id, lock);
		return result;
	}
	result = pins_begin_detaching(id);
	if (result) {
		fence_adopted_settle(id, true, NULL);
		pins_unlock(id, lock);
		return error_set(error, -result, "cannot rename the directory of its pins: %s",
				 strerror(-result));
	}
	result = listen_trace_clear(id, error);
	if (result) {
		pins_cancel_detaching(id);
		fence_adopted_settle(id, true, NULL);
		pins_unlock(id, lock);
		return result;
	}
	result = remove_links(id, error);
	if (result == 0)
		adopted_unpin_detaching(id);
	pins_end_detaching(id, lock);
	holders_pins_leave();
	own_leave_host();
	member_programs_leave();
	return result;
}

/* @learning: of the fence, if only this one is to be detached */
static int detach(uint64_t id, const struct cgfence_fence *learning, bool *detached,
		  struct cgfence_error *error)
{
	bool fenced;
	int result;
	int lock;

	if (!bpffs_is_mounted()) {
		*detached = false;
		return 0;
	}
	result = pins_lock(id, &lock, error);
	if (result)
		return result;
	fence_detach_finish(id);
	result = find_links(id, &fenced, error);
	if (result == 0 && learning)
		result = cgfence_fence_check_learning(learning, error);
	if (result)
		pins_unlock(id, lock);
	else if (fenced)
		result = detach_locked(id, lock, error);
	else
		result = fence_detach_remains(id, lock, error);
	if (result)
		return result;
	*detached = fenced;
	return 0;
}

int cgfence_fence_detach(uint64_t id, bool *detached, struct cgfence_error *error)
{
	return detach(id, NULL, detached, error);
}

int cgfence_fence_end_learning(const struct cgfence_fence *fence, struct cgfence_error *error)
{
	bool detached;

	return detach(fence_id(fence), fence, &detached, error);
}
