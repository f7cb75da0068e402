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
	pid_t wanted; /* 0 for none */
	pid_t found;
	uint64_t age_ns;
};

static int consider(uint64_t cgroup, uint32_t number, void *context)
{
	struct search *search = context;
	pid_t thread = (pid_t)number;
	struct process process;

	(void)cgroup;
	if (search->wanted && search->found == search->wanted)
		return 0;
	if (!process_read(thread, &process))
		return 0;
	if (!search->found || thread == search->wanted || process.age_ns > search->age_ns) {
		search->found = thread;
		search->age_ns = process.age_ns;
	}
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
		struct search search = { .wanted =
						 owner_first_process(cgfence_cgroup_path(cgroup)) };
		int result = read_threads(cgroup, consider, &search, error);

		if (result == 0 && !search.found)
			break;
		if (result == 0)
			result = open_found(cgroup, search.found, entrance, error);
		if (result != -EAGAIN)
			return result;
	}
	return error_set(
		error, ESRCH,
		"%s has no process, and so no /dev in which a node could be; leave out --node",
		cgfence_cgroup_path(cgroup));
}
