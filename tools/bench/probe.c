// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "probe.h"
#include "report.h"
#include "support/fences.h"
#include "support/namespaces.h"
#include "support/stage.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int (*run_function)(void);
static struct cgfence_cgroup *work; /* holds what the suites make */

static int perform(const struct stage *stage)
{
	struct cgfence_cgroup *own = NULL; /* of the processes of the benchmark itself */
	struct cgfence_error error = { 0 };

	if (cgfence_cgroup_create(stage->cgroup, "own", &own, &error) ||
	    cgfence_cgroup_create(stage->cgroup, "work", &work, &error))
		report_fail("%s", error.text);
	if (fences_enter(own) || namespaces_enter_net() || chdir(stage->directory) < 0)
		report_fail("cannot enter a cgroup, a network namespace and a directory");
	return run_function();
}

int probe_run(int (*function)(void))
{
	run_function = function;
	return stage_run("cgfence-bench", perform);
}

struct cgfence_cgroup *probe_cgroup(const struct cgfence_cgroup *parent, const char *name)
{
	struct cgfence_cgroup *made = NULL;
	struct cgfence_error error = { 0 };

	if (cgfence_cgroup_create(parent ? parent : work, name, &made, &error))
		report_fail("%s", error.text);
	return made;
}

void probe_fence(const struct cgfence_cgroup *cgroup, const char *json)
{
	struct cgfence_error error = { 0 };

	if (fences_attach(cgroup, json, NULL, &error))
		report_fail("%s", error.text);
}

struct cgfence_cgroup *probe_new_fence(const char *name, const char *json)
{
	struct cgfence_cgroup *cgroup = probe_cgroup(NULL, name);

	probe_fence(cgroup, json);
	return cgroup;
}

void probe_grow(const char *json, const size_t *numbers, size_t count,
		void (*measure)(size_t index))
{
	uint64_t *ids = calloc(numbers[count - 1], sizeof(*ids));
	struct cgfence_cgroup *fence = NULL;
	size_t standing = 0;

	if (!ids)
		report_fail("out of memory");
	for (size_t i = 0; i < count; i++) {
		report_progress(text("beside %zu fences", numbers[i] - 1));
		for (; standing + 1 < numbers[i]; standing++) {
			fence = probe_new_fence(text("beside-%zu", standing), json);
			ids[standing] = cgfence_cgroup_id(fence);
			/* Each command that is started would have to close thousands. */
			cgfence_cgroup_close(fence);
		}
		measure(i);
	}
	while (standing > 0) {
		if (cgfence_cgroup_open_id(ids[--standing], &fence, NULL) == 0)
			fences_remove(fence);
	}
	free(ids);
}

void probe_attach(const struct cgfence_cgroup *cgroup, int program, enum bpf_attach_type hook)
{
	if (bpf_prog_attach(program, cgfence_cgroup_fd(cgroup), hook, BPF_F_ALLOW_MULTI) < 0)
		report_fail("cannot attach a program: %s", strerror(errno));
}

void *probe_share(size_t size)
{
	void *memory = children_share(size);

	if (!memory)
		report_fail("out of memory");
	return memory;
}

const char *probe_directory(void)
{
	static char path[PATH_MAX];

	if (!*path && readlink("/proc/self/exe", path, sizeof(path) - 1) > 0)
		*strrchr(path, '/') = '\0';
	return path;
}

struct children_cost probe_command(const char *const *words)
{
	struct children_cost cost = children_measure(words);

	if (cost.status)
		report_fail("'%s %s' failed", words[0], words[1]);
	return cost;
}
