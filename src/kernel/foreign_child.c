// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/foreign_child.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cgroup/scratch.h"
#include "kernel/error.h"
#include "kernel/foreign_maps.h"

#include <sys/mman.h>

void *foreign_child_new(size_t size)
{
	void *child = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return child == MAP_FAILED ? NULL : child;
}

void foreign_child_free(void *child, size_t size)
{
	if (child)
		munmap(child, size);
}

static int fail(const struct foreign_child *child, int code, const char *setting_up,
		struct cgfence_error *error)
{
	const char *const words[] = {
		[FOREIGN_SETS_UP] = setting_up,
		[FOREIGN_ATTACHES] = "attach the program to a cgroup of its own",
		[FOREIGN_ASKS] = "ask the program",
	};

	if (child->stage == FOREIGN_ATTACHES && code == EPERM)
		return error_set(
			error, EPERM,
			"a program on the root cgroup that was attached without BPF_F_ALLOW_MULTI forbids it");
	return kernel_error(error, code, "%s", words[child->stage]);
}

int foreign_child_run(struct foreign_child *child, uint32_t program, int (*ask)(void *child),
		      const char *setting_up, struct cgfence_error *error)
{
	cleanup_close int fd = bpf_prog_get_fd_by_id(program);
	struct cgfence_cgroup *cgroup = NULL;
	int result;

	if (fd < 0)
		return kernel_error(error, errno, "open the program %u", program);
	result = foreign_maps_check_asking(fd, error);
	if (result == 0)
		result = scratch_open(&cgroup, error);
	if (result)
		return result;
	child->program = fd;
	child->cgroup = cgfence_cgroup_fd(cgroup);
	result = scratch_run_long(cgroup, ask, child);
	scratch_close(cgroup);
	return result ? fail(child, result < 0 ? -result : result, setting_up, error) : 0;
}

int foreign_child_attach(struct foreign_child *child)
{
	child->stage = FOREIGN_ATTACHES;
	/* The link ends with this process. */
	if (bpf_link_create(child->program, child->cgroup, child->attach_type, NULL) < 0)
		return errno;
	child->stage = FOREIGN_ASKS;
	return 0;
}
