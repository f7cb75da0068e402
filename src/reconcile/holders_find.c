// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/holders_find.h"
#include "base/boot_time.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/yield.h"
#include "cgroup/cgroup.h"
#include "cgroup/mountinfo.h"
#include "reconcile/holders_walk.h"
#include "reconcile/nearest.h"

#include <string.h>

/* How old a second look may be. */
#define SECOND_LOOK_NS (100 * 1000 * 1000)

/* To walk through so many fences and members costs as much as to load the iterator. */
#define WALKED_MAX 200

/* Keeps the first failure. */
static void note(int result, const struct cgfence_error *reason, int *code,
		 struct cgfence_error *error)
{
	if (result && *code == 0)
		*code = error_set(error, -result, "%s", reason->text);
}

static int list_wanted(const struct listeners *listeners, struct wanted_socket **wanted)
{
	struct wanted_socket *list = calloc(listeners->count + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < listeners->count; i++) {
		list[i].inode = listeners->items[i].inode;
		list[i].cookie = listeners->items[i].cookie;
	}
	wanted_sockets_sort(list, listeners->count);
	*wanted = list;
	return 0;
}

static int iterate(const struct port_fences *fences, struct holders_iterator *iterator,
		   struct holders *list, struct holders *apart, struct cgfence_error *error)
{
	cleanup_free uint64_t *ids = calloc(fences->count + 1, sizeof(*ids));

	if (!ids)
		return error_out_of_memory(error);
	for (size_t i = 0; i < fences->count; i++)
		ids[i] = fences->items[i].id;
	return holders_iterator_run(iterator, ids, fences->count, list, apart, error);
}

/* Return: as iterate(), or -ENOSYS without iterators. */
static int iterate_once(const struct port_fences *fences, struct holders *list,
			struct cgfence_error *error)
{
	struct holders_iterator *iterator = NULL;
	int result;

	if (holders_iterator_new(&iterator, NULL))
		return -ENOSYS;
	result = iterate(fences, iterator, list, NULL, error);
	holders_iterator_free(iterator);
	return result;
}

/* A fence that is gone has no holders. */
static int find_by_walk(const struct hierarchy *hierarchy, const struct port_fence *fence,
			const struct wanted_socket *wanted, size_t count, struct holders *list,
			struct cgfence_error *error)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	int result = hierarchy_open_any(hierarchy, fence->id, &cgroup, error);

	if (result)
		return result == -ENOENT ? 0 : result;
	return holders_walk(cgroup, wanted, count, list, error);
}

/* Marks the fences of threads whose descriptors the iterator visits only with a leader that is elsewhere. */
static int mark_apart(const struct port_fences *fences, const struct hierarchy *hierarchy,
		      const struct holders *apart, struct nearest *nearest, bool *marked)
{
	for (size_t i = 0; i < apart->count; i++) {
		const struct cgfence_holder *thread = &apart->items[i];
		size_t fence = PORT_FENCE_NONE;
		int result = 0;

		if (thread->fence_id)
			fence = port_fences_find(fences, thread->fence_id);
		else
			result =
				nearest_find(nearest, fences, hierarchy, thread->cgroup_id, &fence);
		if (result)
			return result;
		if (fence != PORT_FENCE_NONE)
			marked[fence] = true;
		yield_now();
	}
	return 0;
}

static void find_by_iterator(const struct port_fences *fences, struct holders_iterator *iterator,
			     const struct hierarchy *hierarchy, struct holders *list, bool *marked,
			     int *code, struct cgfence_error *error)
{
	struct cgfence_error reason = { 0 };
	struct nearest nearest = { 0 };
	struct holders apart = { 0 };
	int result = iterate(fences, iterator, list, &apart, &reason);

	note(result, &reason, code, error);
	result = mark_apart(fences, hierarchy, &apart, &nearest, marked);
	nearest_free(&nearest);
	if (result)
		error_set(&reason, -result, "cannot tell whose the threads are: %s",
			  strerror(-result));
	note(result, &reason, code, error);
	holders_free(&apart);
}

static int find(const struct port_fences *fences, const struct hierarchy *hierarchy,
		const struct listeners *listeners, struct holders_iterator *iterator,
		struct holders *list, struct cgfence_error *error)
{
	cleanup_free struct wanted_socket *wanted = NULL;
	cleanup_free bool *walked = calloc(fences->count + 1, sizeof(*walked));
	struct cgfence_error reason = { 0 };
	int code = 0;

	if (!walked || list_wanted(listeners, &wanted))
		return error_out_of_memory(error);
	/* The walk of a fence includes the fences below it. */
	for (size_t i = 0; i < fences->count && !iterator; i++)
		walked[i] = fences->items[i].above == PORT_FENCE_NONE;
	if (iterator)
		find_by_iterator(fences, iterator, hierarchy, list, walked, &code, error);
	for (size_t i = 0; i < fences->count; i++) {
		if (!walked[i])
			continue;
		note(find_by_walk(hierarchy, &fences->items[i], wanted, listeners->count, list,
				  &reason),
		     &reason, &code, error);
		yield_now();
	}
	if (code == -EOPNOTSUPP && !iterator) {
		int again = iterate_once(fences, list, &reason);

		if (again == 0)
			code = 0;
		else if (again != -ENOSYS)
			code = error_set(error, -again, "%s", reason.text);
	}
	return code;
}

int holders_find(const struct port_fences *fences, const struct hierarchy *hierarchy,
		 const struct listeners *listeners, struct holders_iterator *iterator,
		 struct holders *list, struct cgfence_error *error)
{
	struct holders_iterator *own = NULL;
	int result;

	if (!iterator && fences->count > WALKED_MAX)
		holders_iterator_new(&own, NULL);
	result = find(fences, hierarchy, listeners, iterator ? iterator : own, list, error);
	holders_iterator_free(own);
	return result;
}

/* Return: 1 if the cgroup is in the fence, 0 if it is not or is gone, -errno if that is unknown. */
static int is_in_fence(const struct port_fence *fence, uint64_t cgroup_id,
		       struct cgfence_error *error)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	int result;

	if (cgroup_id == fence->id)
		return 1;
	result = cgfence_cgroup_open_id(cgroup_id, &cgroup, error);
	if (result)
		return result == -ENOENT ? 0 : result;
	return path_below(cgfence_cgroup_path(cgroup), fence->path) != NULL;
}

void second_look_free(struct second_look *look)
{
	holders_free(&look->holders);
}

static int compare_cookies(const void *left, const void *right)
{
	const struct cgfence_holder *a = left;
	const struct cgfence_holder *b = right;

	return a->cookie < b->cookie ? -1 : a->cookie > b->cookie;
}

static void take_second_look(struct second_look *look, const struct port_fences *fences)
{
	uint64_t now = boot_time_ns();

	if (look->taken_ns && now - look->taken_ns < SECOND_LOOK_NS)
		return;
	look->holders.count = 0;
	look->result = look->iterator
			       ? iterate(fences, look->iterator, &look->holders, NULL, &look->error)
			       : -EBUSY;
	if (look->result == -EBUSY)
		look->result = iterate_once(fences, &look->holders, &look->error);
	if (look->result == -ENOSYS)
		error_set(&look->error, ENOSYS, "the kernel has no iterator to look again");
	if (look->holders.count)
		qsort(look->holders.items, look->holders.count, sizeof(*look->holders.items),
		      compare_cookies);
	look->taken_ns = boot_time_ns();
}

int second_look_find(struct second_look *look, const struct port_fences *fences, size_t fence,
		     const struct listener *listener, bool *held, struct cgfence_error *error)
{
	const struct cgfence_holder key = { .cookie = listener->cookie };
	const struct cgfence_holder *end;
	const struct cgfence_holder *at;
	int found = 0;

	take_second_look(look, fences);
	end = look->holders.items + look->holders.count;
	at = look->holders.count ? bsearch(&key, look->holders.items, look->holders.count,
					   sizeof(key), compare_cookies)
				 : end;
	for (; at && at > look->holders.items && at[-1].cookie == key.cookie;)
		at--;
	for (; at && at < end && at->cookie == key.cookie && !found; at++)
		found = is_in_fence(&fences->items[fence], at->cgroup_id, error);
	if (found < 0)
		return found;
	if (!found && look->result)
		return error_set(error, -look->result, "%s", look->error.text);
	*held = found;
	return 0;
}
