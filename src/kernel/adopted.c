// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/adopted.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/attached.h"
#include "kernel/error.h"
#include "kernel/foreign.h"
#include "kernel/hook.h"

#include <bpf/bpf.h>
#include <cgfence/foreign.h>

static const struct hook *device_hook(void)
{
	const struct hook *hook = hooks;

	while (hook->attach_type != BPF_CGROUP_DEVICE)
		hook++;
	return hook;
}

void adopted_release(struct adopted *adopted)
{
	for (size_t i = 0; i < adopted->count; i++)
		cleanup_close_descriptor(&adopted->programs[i].fd);
	free(adopted->programs);
	*adopted = (struct adopted){ 0 };
}

static int read_attached(int cgroup, struct attached *attached, struct cgfence_error *error)
{
	int result = attached_read(cgroup, device_hook(), 0, attached);

	return result ? kernel_error(error, -result, "list the device programs of a cgroup") : 0;
}

static bool is_attached(const struct attached *attached, uint32_t program)
{
	for (uint32_t i = 0; i < attached->count; i++) {
		if (attached->programs[i].id == program)
			return true;
	}
	return false;
}

/* What to do with one of the programs. Return: 1 if it was done, 0 if there was nothing to do, -errno. */
typedef int action(int cgroup, const struct adopted_program *program, struct cgfence_error *error);

static int attach(int cgroup, const struct adopted_program *program, struct cgfence_error *error)
{
	cleanup_attached struct attached attached = { 0 };
	char text[CGFENCE_FOREIGN_TEXT_SIZE];
	char name[16];
	int result = read_attached(cgroup, &attached, error);

	if (result || is_attached(&attached, program->id))
		return result;
	if (bpf_prog_attach(program->fd, cgroup, BPF_CGROUP_DEVICE, program->flags) == 0)
		return 1;
	/* The cgroup was removed meanwhile. */
	if (errno == ENODEV || errno == ENOENT)
		return 0;
	foreign_read_name(program->id, name);
	foreign_describe(program->id, name, text);
	return kernel_error(error, errno, "give back %s", text);
}

static int detach(int cgroup, const struct adopted_program *program, struct cgfence_error *error)
{
	char text[CGFENCE_FOREIGN_TEXT_SIZE];
	char name[16];

	if (bpf_prog_detach2(program->fd, cgroup, BPF_CGROUP_DEVICE) == 0)
		return 1;
	if (errno == ENOENT || errno == ENODEV)
		return 0;
	foreign_read_name(program->id, name);
	foreign_describe(program->id, name, text);
	return kernel_error(error, errno, "take the place of %s", text);
}

/* Return: as @act; 0 if the cgroup is gone. */
static int do_one(const struct hierarchy *hierarchy, const struct adopted_program *program,
		  action *act, struct cgfence_error *error)
{
	cleanup_close int cgroup = hierarchy_open_directory(hierarchy, program->cgroup_id);

	if (cgroup == -ENOENT)
		return 0;
	if (cgroup < 0)
		return error_set(error, -cgroup, "cannot open the cgroup with id %llu",
				 (unsigned long long)program->cgroup_id);
	return act(cgroup, program, error);
}

/* All, or none but what needed nothing. */
static int do_all(const struct adopted *adopted, action *act, action *undo,
		  struct cgfence_error *error)
{
	cleanup_hierarchy struct hierarchy hierarchy = HIERARCHY_CLOSED;
	cleanup_free bool *done = calloc(adopted->count + 1, sizeof(*done));
	int result = 0;

	if (!adopted->count)
		return 0;
	if (!done)
		return error_out_of_memory(error);
	result = hierarchy_open(&hierarchy, error);
	for (size_t i = 0; i < adopted->count && result >= 0; i++) {
		result = do_one(&hierarchy, &adopted->programs[i], act, error);
		done[i] = result == 1;
	}
	for (size_t i = adopted->count; i > 0 && result < 0; i--) {
		if (done[i - 1])
			do_one(&hierarchy, &adopted->programs[i - 1], undo, NULL);
	}
	return result < 0 ? result : 0;
}

int adopted_attach(const struct adopted *adopted, struct cgfence_error *error)
{
	return do_all(adopted, attach, detach, error);
}

int adopted_detach(const struct adopted *adopted, struct cgfence_error *error)
{
	return do_all(adopted, detach, attach, error);
}

static int look(int cgroup, const struct adopted_program *program, struct cgfence_error *error)
{
	cleanup_attached struct attached attached = { 0 };

	return read_attached(cgroup, &attached, error) == 0 && is_attached(&attached, program->id);
}

bool adopted_are_attached(const struct adopted *adopted)
{
	cleanup_hierarchy struct hierarchy hierarchy = HIERARCHY_CLOSED;

	if (!adopted->count || hierarchy_open(&hierarchy, NULL))
		return false;
	for (size_t i = 0; i < adopted->count; i++) {
		if (do_one(&hierarchy, &adopted->programs[i], look, NULL) == 1)
			return true;
	}
	return false;
}
