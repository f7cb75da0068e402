// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs of others whose place a fence may take, and those whose it may not. */
#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/adopted.h"
#include "kernel/attached.h"
#include "kernel/error.h"
#include "kernel/foreign.h"
#include "kernel/hidden.h"
#include "kernel/hook.h"

#include <bpf/bpf.h>
#include <cgfence/foreign.h>

/* A program that a link holds can be taken off, but only its owner has the link that could hold it again. */
static bool is_held_by_link(uint64_t cgroup_id, uint32_t program)
{
	for (uint32_t id = 0; bpf_link_get_next_id(id, &id) == 0;) {
		cleanup_close int link = bpf_link_get_fd_by_id(id);
		struct bpf_link_info info = { 0 };
		uint32_t size = sizeof(info);

		if (link >= 0 && bpf_obj_get_info_by_fd(link, &info, &size) == 0 &&
		    info.type == BPF_LINK_TYPE_CGROUP && info.cgroup.cgroup_id == cgroup_id &&
		    info.cgroup.attach_type == BPF_CGROUP_DEVICE && info.prog_id == program)
			return true;
	}
	return false;
}

static int refuse(const struct attached_program *program, const char *path, const char *reason,
		  struct cgfence_error *error)
{
	char text[CGFENCE_FOREIGN_TEXT_SIZE];
	char name[16];

	foreign_read_name(program->id, name);
	foreign_describe(program->id, name, text);
	return error_set(error, EPERM, "%s on the device hook of %s %s", text, path, reason);
}

static int check(const struct attached_program *program, uint64_t cgroup_id, const char *path,
		 struct cgfence_error *error)
{
	if (!(program->flags & BPF_F_ALLOW_MULTI))
		return refuse(
			program, path,
			"was attached without BPF_F_ALLOW_MULTI, so nothing can take its place without a gap; fence a cgroup above it instead",
			error);
	if (is_held_by_link(cgroup_id, program->id))
		return refuse(
			program, path,
			"is held by a link of its owner, which nobody else could give back; fence a cgroup above it, or have the owner detach it",
			error);
	return 0;
}

/* Takes over the descriptor, also on failure. */
static int add(struct adopted *adopted, const struct attached_program *program, uint64_t cgroup_id,
	       uint32_t order, int fd)
{
	struct adopted_program *larger =
		reallocarray(adopted->programs, adopted->count + 1, sizeof(*larger));

	if (!larger) {
		cleanup_close_descriptor(&fd);
		return -ENOMEM;
	}
	adopted->programs = larger;
	larger[adopted->count++] = (struct adopted_program){
		.cgroup_id = cgroup_id,
		.order = order,
		.flags = program->flags,
		.id = program->id,
		.fd = fd,
	};
	return 0;
}

static int add_open(struct adopted *adopted, const struct attached_program *program,
		    uint64_t cgroup_id, uint32_t order, struct cgfence_error *error)
{
	int fd = bpf_prog_get_fd_by_id(program->id);

	/* It was detached meanwhile. */
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return kernel_error(error, errno, "open the program %u", program->id);
	return add(adopted, program, cgroup_id, order, fd) ? error_out_of_memory(error) : 0;
}

/* Return: 0, also if the cgroup was removed meanwhile, or -errno. */
static int read_attached(int cgroup, struct attached *attached)
{
	int result = -ENOENT;

	for (int i = 0; i < hook_count; i++) {
		if (hooks[i].attach_type == BPF_CGROUP_DEVICE)
			result = attached_read(cgroup, &hooks[i], 0, attached);
	}
	return result == -ENOENT || result == -ENODEV ? 0 : result;
}

int adopted_find(int cgroup, uint64_t cgroup_id, const char *path, struct adopted *adopted,
		 struct cgfence_error *error)
{
	cleanup_attached struct attached attached = { 0 };
	uint32_t order = 0;
	int result = read_attached(cgroup, &attached);

	if (result)
		return kernel_error(error, -result, "list the device programs of %s", path);
	for (uint32_t i = 0; i < attached.count && result == 0; i++) {
		const struct attached_program *program = &attached.programs[i];

		if (hidden_is_of_cgfence(program->id))
			continue;
		result = check(program, cgroup_id, path, error);
		if (result == 0)
			result = add_open(adopted, program, cgroup_id, order++, error);
	}
	return result;
}

int adopted_find_any(int cgroup, uint64_t cgroup_id, struct adopted *adopted)
{
	cleanup_attached struct attached attached = { 0 };
	int result = read_attached(cgroup, &attached);

	for (uint32_t i = 0; i < attached.count && result == 0; i++) {
		if (!hidden_is_of_cgfence(attached.programs[i].id))
			result = add(adopted, &attached.programs[i], cgroup_id, i, -1);
	}
	return result;
}
