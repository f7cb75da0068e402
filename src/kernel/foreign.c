// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/foreign.h"
#include "kernel/attached.h"
#include "cgroup/cgroup.h"
#include "cgroup/id.h"
#include "base/error.h"
#include "kernel/error.h"
#include "kernel/hidden.h"
#include "kernel/kernel_btf.h"
#include "kernel/link.h"
#include "kernel/pins.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>

struct search {
	const struct cgfence_cgroup *cgroup;
	const struct hook *hook;
	struct attached effective; /* and not met yet on the way up */

	struct cgfence_foreign_program *found;
	size_t count;
};

static void search_release(struct search *search)
{
	attached_release(&search->effective);
	free(search->found);
}

static int read_info(uint32_t id, struct bpf_prog_info *info)
{
	cleanup_close int program = bpf_prog_get_fd_by_id(id);
	uint32_t size = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return program < 0 || bpf_obj_get_info_by_fd(program, info, &size) < 0 ? -errno : 0;
}

void foreign_read_name(uint32_t id, char name[16])
{
	struct bpf_prog_info info;

	read_info(id, &info);
	memcpy(name, info.name, 16);
}

void foreign_describe(uint32_t id, const char *name, char text[CGFENCE_FOREIGN_TEXT_SIZE])
{
	if (*name)
		snprintf(text, CGFENCE_FOREIGN_TEXT_SIZE, "program %u '%.16s'", id, name);
	else
		snprintf(text, CGFENCE_FOREIGN_TEXT_SIZE, "program %u", id);
}

void cgfence_foreign_describe(const struct cgfence_foreign_program *program,
			      char text[CGFENCE_FOREIGN_TEXT_SIZE])
{
	foreign_describe(program->id, program->name, text);
}

uint32_t foreign_read_btf_id(uint32_t id)
{
	struct bpf_prog_info info;

	read_info(id, &info);
	return info.attach_btf_id;
}

/* The kernel lists the programs on all LSM hooks together. */
static bool guards_listening(const struct bpf_prog_info *info)
{
	return info->attach_btf_id == kernel_btf_find_target("bpf_lsm_socket_listen");
}

/* Takes a program off the list of those in effect. One that is attached at two levels may be on it once or twice. */
static bool take_effective(struct attached *effective, uint32_t id)
{
	for (uint32_t i = 0; i < effective->count; i++) {
		if (effective->programs[i].id == id) {
			effective->programs[i] = effective->programs[--effective->count];
			return true;
		}
	}
	return false;
}

static int add_program(struct search *search, const struct ascent *ascent,
		       const struct attached_program *program)
{
	struct cgfence_foreign_program *larger;
	struct bpf_prog_info info;

	/* It was detached meanwhile and has no say any more. */
	if (read_info(program->id, &info) == -ENOENT)
		return 0;
	if (search->hook->attach_type == BPF_LSM_CGROUP && !guards_listening(&info))
		return 0;
	larger = reallocarray(search->found, search->count + 1, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	search->found = larger;
	larger[search->count] = (struct cgfence_foreign_program){
		.id = program->id,
		.hook = search->hook->name,
		.attach_flags = program->flags,
		.above = ascent->above,
		.hidden = hidden_is_of_cgfence(program->id),
		.loaded_ns = info.load_time,
	};
	memcpy(larger[search->count++].name, info.name, sizeof(larger->name));
	return 0;
}

/* Takes the programs of standing fences off the list, which are pinned by other numbers than those of cgroups. */
static int take_standing(struct search *search)
{
	cleanup_free uint64_t *ids = NULL;
	size_t count = 0;
	int result = pins_list(&ids, &count, NULL);

	for (size_t i = count; i-- > 0 && ids[i] & CGFENCE_STANDING_ID;)
		take_effective(&search->effective, link_program_id(ids[i], search->hook));
	return result;
}

/* Those that are attached here and in effect where the search began. */
static int search_cgroup(struct search *search, const struct ascent *ascent)
{
	cleanup_attached struct attached attached = { 0 };
	uint32_t own;
	uint64_t id;
	int result = cgroup_read_id(ascent->fd, &id);

	if (result)
		return result;
	/* Mostly there is but our own, and so no more to ask. */
	own = link_program_id(id, search->hook);
	take_effective(&search->effective, own);
	if (search->effective.count)
		result = attached_read(ascent->fd, search->hook, 0, &attached);
	for (uint32_t i = 0; i < attached.count && result == 0; i++) {
		if (attached.programs[i].id != own &&
		    take_effective(&search->effective, attached.programs[i].id))
			result = add_program(search, ascent, &attached.programs[i]);
	}
	return result;
}

/*
 * What is in effect is asked of the kernel, for a program that forbids others or may be overridden has no say where one
 * is attached below it (compute_effective_progs, kernel/bpf/cgroup.c).
 */
static int search_hook(struct search *search)
{
	cleanup_ascent struct ascent ascent = { .fd = -1 };
	int result;

	attached_release(&search->effective);
	search->effective = (struct attached){ 0 };
	result = attached_read(cgfence_cgroup_fd(search->cgroup), search->hook,
			       BPF_F_QUERY_EFFECTIVE, &search->effective);
	/* Whoever attached something to a hook that this kernel does not have, it has no say. */
	if (result == -EINVAL)
		return 0;
	take_effective(&search->effective,
		       link_program_id(cgfence_cgroup_id(search->cgroup), search->hook));
	if (result == 0 && search->effective.count)
		result = take_standing(search);
	if (result == 0 && search->effective.count)
		result = ascent_begin(&ascent, search->cgroup);
	while (result == 0 && search->effective.count) {
		result = search_cgroup(search, &ascent);
		if (result == 0 && search->effective.count)
			result = ascent_go_up(&ascent);
	}
	/* Programs that remain at the root were detached meanwhile. */
	return result == -ENOENT ? 0 : result;
}

/* Moves the list into a block that also holds the paths. */
static int add_paths(struct search *search, struct cgfence_foreign_program **programs)
{
	size_t size = search->count * sizeof(*search->found);
	struct cgfence_foreign_program *block;
	char *text;

	for (size_t i = 0; i < search->count; i++)
		size += (size_t)cgroup_path_length(search->cgroup, search->found[i].above) + 1;
	block = realloc(search->found, size ? size : 1);
	if (!block)
		return -ENOMEM;
	search->found = NULL;
	text = (char *)(block + search->count);
	for (size_t i = 0; i < search->count; i++) {
		int length = cgroup_path_length(search->cgroup, block[i].above);

		block[i].cgroup = text;
		text = mempcpy(text, cgfence_cgroup_path(search->cgroup), (size_t)length);
		*text++ = '\0';
	}
	*programs = block;
	return 0;
}

int cgfence_fence_list_foreign(const struct cgfence_cgroup *cgroup, enum cgfence_topic topic,
			       struct cgfence_foreign_program **programs, size_t *count,
			       struct cgfence_error *error)
{
	__attribute__((cleanup(search_release))) struct search search = { .cgroup = cgroup };
	int result = 0;

	for (int i = 0; i < hook_count && result == 0; i++) {
		search.hook = &hooks[i];
		if (hook_judges(&hooks[i], topic))
			result = search_hook(&search);
	}
	/* No program has a say on a cgroup that was removed meanwhile. */
	if (result == 0 || result == -ENOENT)
		result = add_paths(&search, programs);
	if (result)
		return kernel_error(error, -result, "list the programs of %s",
				    cgfence_cgroup_path(cgroup));
	*count = search.count;
	return 0;
}

bool cgfence_foreign_judges_port(const struct cgfence_foreign_program *program,
				 const struct cgfence_port_request *request)
{
	for (int i = 0; i < hook_count; i++) {
		if (strcmp(hooks[i].name, program->hook) == 0)
			return hook_judges_port(&hooks[i], request);
	}
	return false;
}
