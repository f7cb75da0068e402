/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where a run happens, and cgroups and fences there, without which the run fails. */
#pragma once

#include <cgfence/cgfence.h>
#include <linux/bpf.h>
#include "support/children.h"

/** probe_run() - run a function by stage_run(), in the directory and with a network namespace of its own. */
int probe_run(int (*function)(void));

/** probe_cgroup() - a new cgroup, for fences_remove(); @parent NULL for that of the run. */
struct cgfence_cgroup *probe_cgroup(const struct cgfence_cgroup *parent, const char *name);

/** probe_fence() - fence a cgroup by a policy of JSON text with ' for ". */
void probe_fence(const struct cgfence_cgroup *cgroup, const char *json);

/** probe_new_fence() - probe_cgroup() and probe_fence(). */
struct cgfence_cgroup *probe_new_fence(const char *name, const char *json);

/**
 * probe_grow() - make fences one by one, and remove them.
 * @numbers: of fences, ascending, @count of them
 * @measure: called when one fence less than numbers[index] stands
 */
void probe_grow(const char *json, const size_t *numbers, size_t count,
		void (*measure)(size_t index));

/** probe_attach() - attach a program to a cgroup, beside others. */
void probe_attach(const struct cgfence_cgroup *cgroup, int program, enum bpf_attach_type hook);

/** probe_share() - children_share(). */
void *probe_share(size_t size);

/** probe_directory() - where this program is, with all else that was built. */
const char *probe_directory(void);

/* The words of a command; "cgfence" is the one that was built, by PATH. */
#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/** probe_command() - children_measure(); the run fails if the command does not end with status 0. */
struct children_cost probe_command(const char *const *words);
