// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/adopted_list.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cgroup/cgroup.h"
#include "cgroup/hierarchy.h"
#include "kernel/foreign.h"

#include <cgfence/adopt.h>
#include <cgfence/foreign.h>
#include <stdio.h>
#include <string.h>

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

int adopted_list_describe(const struct adopted *adopted, struct cgfence_foreign_program **programs)
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

/* A standing fence keeps some programs of members that are gone, to know them again. */
static void drop_gone(struct adopted *adopted, const struct hierarchy *hierarchy)
{
	size_t kept = 0;

	for (size_t i = 0; i < adopted->count; i++) {
		struct adopted_program *program = &adopted->programs[i];

		if (hierarchy_has(hierarchy, program->cgroup_id))
			adopted->programs[kept++] = *program;
		else
			cleanup_close_descriptor(&program->fd);
	}
	adopted->count = kept;
}

int adopted_list_read(uint64_t id, struct adopted *adopted, struct cgfence_error *error)
{
	cleanup_hierarchy struct hierarchy hierarchy = HIERARCHY_CLOSED;
	cleanup_adopted struct adopted read = { 0 };
	int result = adopted_read(id, &read, error);

	if (result == 0 && read.count)
		result = hierarchy_open(&hierarchy, error);
	if (result)
		return result;
	drop_gone(&read, &hierarchy);
	*adopted = read;
	read = (struct adopted){ 0 };
	return 0;
}

int cgfence_fence_list_adopted(uint64_t id, struct cgfence_foreign_program **programs,
			       size_t *count, struct cgfence_error *error)
{
	cleanup_adopted struct adopted adopted = { 0 };
	int result = adopted_list_read(id, &adopted, error);

	if (result == 0 && adopted_list_describe(&adopted, programs))
		result = error_out_of_memory(error);
	if (result == 0)
		*count = adopted.count;
	return result;
}
