// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Adopted fences: what they keep, and giving it back. */
#include "base/cleanup.h"
#include "base/error.h"
#include "cgroup/cgroup.h"
#include "cgroup/hierarchy.h"
#include "fence/fence.h"
#include "kernel/adopted.h"
#include "kernel/foreign.h"
#include "policy/policy.h"

#include <cgfence/adopt.h>
#include <stdio.h>
#include <string.h>

bool cgfence_policy_adopts(const struct cgfence_policy *policy)
{
	return policy->adopt;
}

static int refuse_plain(const struct cgfence_cgroup *cgroup, struct cgfence_error *error)
{
	return error_set(
		error, EINVAL,
		"the fence of %s is not an adopted one, so there is nothing to give back; 'cgfence detach' takes it away",
		cgfence_cgroup_path(cgroup));
}

/* How many programs there are to give back, now that a killed command's work is finished. */
static int count_kept(const struct cgfence_cgroup *cgroup, size_t *count,
		      struct cgfence_error *error)
{
	cleanup_fence struct cgfence_fence *fence = NULL;
	cleanup_adopted struct adopted adopted = { 0 };
	uint64_t id = cgfence_cgroup_id(cgroup);
	int result = cgfence_fence_open(id, &fence, error);

	if (result == 0)
		result = adopted_read(id, &adopted, error);
	if (result)
		return result;
	if (!adopted.count && !cgfence_fence_policy(fence)->adopt)
		return refuse_plain(cgroup, error);
	*count = adopted.count;
	return 0;
}

int cgfence_fence_release(const struct cgfence_cgroup *cgroup, bool *released, size_t *given_back,
			  struct cgfence_error *error)
{
	size_t count = 0;
	int result = count_kept(cgroup, &count, error);

	if (result == -ENOENT) {
		*released = false;
		return 0;
	}
	if (result == 0)
		result = cgfence_fence_detach(cgfence_cgroup_id(cgroup), released, error);
	if (result == 0)
		*given_back = count;
	return result;
}

static char *path_of(uint64_t id)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	char *path = NULL;

	if (cgroup_open_any_id(id, &cgroup, NULL) == 0)
		return strdup(cgfence_cgroup_path(cgroup));
	return asprintf(&path, "id:%llu", (unsigned long long)id) < 0 ? NULL : path;
}

/* Adds room for a path behind the array, and puts it there. */
static int add_path(struct cgfence_foreign_program **block, size_t *size, size_t *offset,
		    uint64_t id)
{
	cleanup_free char *path = path_of(id);
	size_t length = path ? strlen(path) + 1 : 0;
	struct cgfence_foreign_program *larger = path ? realloc(*block, *size + length) : NULL;

	if (!larger)
		return -ENOMEM;
	*block = larger;
	memcpy((char *)larger + *size, path, length);
	*offset = *size;
	*size += length;
	return 0;
}

static int describe(const struct adopted *adopted, struct cgfence_foreign_program **programs)
{
	size_t size = adopted->count * sizeof(**programs);
	cleanup_free struct cgfence_foreign_program *block = calloc(1, size + 1);
	cleanup_free size_t *offsets = calloc(adopted->count + 1, sizeof(*offsets));

	if (!block || !offsets)
		return -ENOMEM;
	for (size_t i = 0; i < adopted->count; i++) {
		const struct adopted_program *program = &adopted->programs[i];

		block[i] = (struct cgfence_foreign_program){ .id = program->id,
							     .hook = "device",
							     .attach_flags = program->flags };
		foreign_read_name(program->id, block[i].name);
		if (add_path(&block, &size, &offsets[i], program->cgroup_id))
			return -ENOMEM;
	}
	for (size_t i = 0; i < adopted->count; i++)
		block[i].cgroup = (const char *)block + offsets[i];
	*programs = cleanup_steal(block);
	return 0;
}

int cgfence_fence_list_adopted(uint64_t id, struct cgfence_foreign_program **programs,
			       size_t *count, struct cgfence_error *error)
{
	cleanup_adopted struct adopted adopted = { 0 };
	int result = adopted_read(id, &adopted, error);

	if (result == 0 && describe(&adopted, programs))
		result = error_out_of_memory(error);
	if (result == 0)
		*count = adopted.count;
	return result;
}
