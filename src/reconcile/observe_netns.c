// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/observe_netns.h"
#include "cgroup/cgroup.h"
#include "cgroup/hierarchy.h"
#include "cgroup/threads.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/yield.h"
#include "net/borrow.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int observe_netns_add(struct observation *observation, int netns, struct cgfence_error *error)
{
	struct sock_diag *diag = NULL;
	struct sock_diag **items;
	int added = sock_diag_open(netns, &diag, error);

	if (added)
		return added;
	added = inum_set_add(&observation->netns_inums, sock_diag_netns(diag)->inum);
	items = added > 0
			? array_with_room(observation->netns, observation->netns_count,
					  &observation->netns_capacity, sizeof(struct sock_diag *))
			: NULL;
	if (!items) {
		sock_diag_close(diag);
		return added == 0 ? 0 : error_out_of_memory(error);
	}
	observation->netns = items;
	items[observation->netns_count++] = diag;
	return 0;
}

static bool is_observed(const struct observation *observation, uint32_t inum)
{
	return inum_set_has(&observation->netns_inums, inum);
}

/* A fence that has the cookie of its network namespace has the inode number too, which is enough for this choice. */
static bool may_concern(const struct cgfence_image *image, uint32_t inum)
{
	return image->ports.netns_any || image->ports.netns_inum == inum;
}

static void netns_path(char path[64], uint32_t thread)
{
	snprintf(path, 64, "/proc/%u/ns/net", thread);
}

/* Any other failure means that the task or its descriptor has ended meanwhile. */
static int shortage(int code, struct cgfence_error *error)
{
	return error_set(error, code, "cannot open a network namespace: %s%s", strerror(code),
			 code == EMFILE ? "; raise the limit (ulimit -n)" : "");
}

struct member_walk {
	struct observation *observation;
	uint64_t fence_id;
	uint32_t silent; /* a thread that keeps its namespace from others; 0 if there is none */
	const struct cgfence_image *image;
	struct cgfence_error *error;
};

static bool answers(uint32_t thread, uint64_t fence_id)
{
	const struct cgfence_holder task = { .thread = thread, .fence_id = fence_id };

	return holder_answers(&task);
}

static int silence(uint32_t thread, struct cgfence_error *error)
{
	return error_set(
		error, ETIMEDOUT,
		"cannot look at the network namespace of thread %u, which keeps it from others",
		thread);
}

static int visit_member(uint64_t cgroup_id, uint32_t thread, void *context)
{
	struct member_walk *walk = context;
	cleanup_close int netns = -1;
	struct stat status;
	char path[64];

	(void)cgroup_id;
	if (!answers(thread, walk->fence_id)) {
		walk->silent = thread;
		return 0;
	}
	netns_path(path, thread);
	if (stat(path, &status) < 0 || is_observed(walk->observation, (uint32_t)status.st_ino) ||
	    !may_concern(walk->image, (uint32_t)status.st_ino))
		return 0;
	netns = open(path, O_RDONLY | O_CLOEXEC);
	if (netns < 0)
		return error_is_shortage(errno) ? shortage(errno, walk->error) : 0;
	return observe_netns_add(walk->observation, netns, walk->error);
}

/* Return: 0 also if the cgroup is gone. */
static int walk_fence(const struct hierarchy *hierarchy, const struct port_fence *fence,
		      struct member_walk *walk)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	int result = hierarchy_open_any(hierarchy, fence->id, &cgroup, walk->error);

	if (result == -ENOENT) {
		*walk->error->text = '\0';
		return 0;
	}
	if (result == 0)
		result = cgroup_for_each_thread(cgroup, visit_member, walk);
	if (result && !*walk->error->text)
		error_set(walk->error, -result, "cannot list the tasks in %s: %s", fence->path,
			  strerror(-result));
	return result;
}

int observe_netns_of_members(struct observation *observation, const struct hierarchy *hierarchy,
			     struct cgfence_error *error)
{
	uint32_t silent = 0;
	int result = 0;

	for (size_t i = 0; i < observation->fences.count && result == 0; i++) {
		const struct port_fence *fence = &observation->fences.items[i];
		struct member_walk walk = {
			.observation = observation,
			.fence_id = fence->id,
			.image = fence->image,
			.error = error,
		};

		yield_now();
		if (fence->image->ports.netns_any ||
		    !is_observed(observation, fence->image->ports.netns_inum))
			result = walk_fence(hierarchy, fence, &walk);
		if (walk.silent)
			silent = walk.silent;
	}
	return result == 0 && silent ? silence(silent, error) : result;
}

/* Is there a fence above this task that judges this network namespace? */
static bool concerns_holder(const struct observation *observation,
			    const struct cgfence_holder *holder)
{
	const struct port_fences *fences = &observation->fences;
	size_t i = port_fences_find(fences, holder->fence_id);

	for (; i != PORT_FENCE_NONE; i = fences->items[i].above) {
		if (may_concern(fences->items[i].image, holder->netns_inum))
			return true;
	}
	return false;
}

/* Has the task closed the descriptor, or put something else in its place? */
static bool is_gone(int code)
{
	return code == -EBADF || code == -ESRCH || code == -ENOTSOCK || code == -ESTALE;
}

/* @how: the end of the sentence */
static int cannot_enter(const struct cgfence_holder *holder, int code, const char *how,
			const char *reason, struct cgfence_error *error)
{
	return error_set(error, code,
			 "cannot enter the network namespace of a socket that process %u holds%s%s",
			 holder->pid, how, reason);
}

static int observe_netns_of(struct observation *observation, const struct cgfence_holder *holder,
			    struct cgfence_error *error)
{
	cleanup_close int netns = -1;

	if (holder->fd == HOLDER_FD_UNKNOWN)
		return cannot_enter(holder, EOPNOTSUPP, " without a descriptor", "", error);
	netns = socket_borrow_netns(holder);
	if (netns >= 0)
		return observe_netns_add(observation, netns, error);
	if (error_is_shortage(-netns))
		return shortage(-netns, error);
	return is_gone(netns) ? 0 : cannot_enter(holder, -netns, ": ", strerror(-netns), error);
}

int observe_netns_of_holders(struct observation *observation, struct cgfence_error *error)
{
	int code = 0;

	for (size_t i = 0; i < observation->holders.count; i++) {
		const struct cgfence_holder *holder = &observation->holders.items[i];
		struct cgfence_error reason = { 0 };
		int result;

		yield_now();
		if (!holder->netns_inum || is_observed(observation, holder->netns_inum) ||
		    !concerns_holder(observation, holder))
			continue;
		result = observe_netns_of(observation, holder, &reason);
		/* One that cannot be entered keeps nobody from the others, and the first is reported. */
		if (result && code == 0)
			code = error_set(error, -result, "%s", reason.text);
	}
	return code;
}

int observe_netns_of_event(struct observation *observation, uint32_t pid,
			   struct cgfence_error *error)
{
	int result = observe_netns_add(observation, -1, error);
	cleanup_close int netns = -1;
	char path[64];

	if (result == 0 && !answers(pid, observation->fences.items[0].id))
		return error_set(error, EAGAIN,
				 "process %u keeps its network namespace from others", pid);
	netns_path(path, pid);
	netns = open(path, O_RDONLY | O_CLOEXEC);
	if (result == 0 && netns >= 0)
		result = observe_netns_add(observation, netns, error);
	return result;
}
