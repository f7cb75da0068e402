// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/inhabitant.h"
#include "base/error.h"
#include "cgroup/threads.h"
#include "runtime/owner.h"
#include "runtime/process.h"

#include <errno.h>
#include <string.h>

/* A process may end while it is looked at. */
#define ATTEMPTS 8

struct search {
	struct owner_processes wanted;
	bool seen[OWNER_PROCESSES_MAX]; /* which of them are in the cgroup */
	pid_t oldest;
	uint64_t age_ns;
};

static void look_for(struct search *search, pid_t thread)
{
	for (size_t i = 0; i < search->wanted.count; i++)
		search->seen[i] |= search->wanted.items[i].pid == thread;
}

static int consider(uint64_t cgroup, uint32_t number, void *context)
{
	struct search *search = context;
	pid_t thread = (pid_t)number;
	struct process process;

	(void)cgroup;
	if (!process_read(thread, &process))
		return 0;
	look_for(search, thread);
	if (!search->oldest || process.age_ns > search->age_ns) {
		search->oldest = thread;
		search->age_ns = process.age_ns;
	}
	return 0;
}

static int refuse_several(const struct cgfence_cgroup *cgroup, const struct owner_process *one,
			  const struct owner_process *other, struct cgfence_error *error)
{
	return error_set(
		error, ENOTUNIQ,
		"%s has several containers, %s and %s, each with a /dev of its own; leave out --node, and make the node in the one that is meant",
		cgfence_cgroup_path(cgroup), one->container, other->container);
}

/* @process: receives 0 if there is none */
static int choose(const struct cgfence_cgroup *cgroup, const struct search *search, pid_t *process,
		  struct cgfence_error *error)
{
	const struct owner_process *chosen = NULL;

	for (size_t i = 0; i < search->wanted.count; i++) {
		const struct owner_process *next = &search->wanted.items[i];

		if (!search->seen[i] || (chosen && chosen->pid == next->pid))
			continue;
		if (chosen)
			return refuse_several(cgroup, chosen, next, error);
		chosen = next;
	}
	*process = chosen ? chosen->pid : search->oldest;
	return 0;
}

struct presence {
	pid_t process;
	bool is_there;
};

static int recognise(uint64_t cgroup, uint32_t thread, void *context)
{
	struct presence *presence = context;

	(void)cgroup;
	presence->is_there |= (pid_t)thread == presence->process;
	return 0;
}

static int read_threads(const struct cgfence_cgroup *cgroup, cgroup_thread_visitor *visit,
			void *context, struct cgfence_error *error)
{
	int result = cgroup_for_each_thread(cgroup, visit, context);

	return result ? error_set(error, -result, "cannot list the processes of %s: %s",
				  cgfence_cgroup_path(cgroup), strerror(-result))
		      : 0;
}

/* Return: -EAGAIN if the process has ended since. */
static int open_found(const struct cgfence_cgroup *cgroup, pid_t process, struct entrance *entrance,
		      struct cgfence_error *error)
{
	struct presence presence = { .process = process };
	int result = entrance_open(process, entrance, error);

	if (result == 0)
		result = read_threads(cgroup, recognise, &presence, error);
	if (result && result != -ESRCH)
		return result;
	if (result == 0 && presence.is_there && entrance_is_open(entrance))
		return 0;
	entrance_close(entrance);
	return -EAGAIN;
}

int inhabitant_open(const struct cgfence_cgroup *cgroup, struct entrance *entrance,
		    struct cgfence_error *error)
{
	for (int i = 0; i < ATTEMPTS; i++) {
		struct search search = { 0 };
		pid_t process = 0;
		int result;

		owner_first_processes(cgfence_cgroup_path(cgroup), &search.wanted);
		result = read_threads(cgroup, consider, &search, error);
		if (result == 0)
			result = choose(cgroup, &search, &process, error);
		if (result == 0 && !process)
			break;
		if (result == 0)
			result = open_found(cgroup, process, entrance, error);
		if (result != -EAGAIN)
			return result;
	}
	return error_set(
		error, ESRCH,
		"%s has no process, and so no /dev in which a node could be; leave out --node",
		cgfence_cgroup_path(cgroup));
}
