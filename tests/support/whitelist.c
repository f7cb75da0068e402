// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "whitelist.h"
#include "harness.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define RW (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

const struct whitelist_entry whitelist_usual[5] = {
	{ BPF_DEVCG_DEV_CHAR, -1, -1, BPF_DEVCG_ACC_MKNOD },
	{ BPF_DEVCG_DEV_BLOCK, -1, -1, BPF_DEVCG_ACC_MKNOD },
	{ BPF_DEVCG_DEV_CHAR, 1, 3, RW },
	{ BPF_DEVCG_DEV_CHAR, 1, 5, BPF_DEVCG_ACC_READ },
	{ BPF_DEVCG_DEV_CHAR, 136, -1, RW },
};

struct whitelist whitelist_load(const struct whitelist_entry *entries, size_t count)
{
	return whitelist_load_named("whitelist", entries, count);
}

struct whitelist whitelist_load_named(const char *name, const struct whitelist_entry *entries,
				      size_t count)
{
	struct whitelist whitelist = { .program = -1 };
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);

	whitelist.program = whitelist_program(name, entries, count);
	cr_assert_geq(whitelist.program, 0, "bpf: %s", strerror(-whitelist.program));
	cr_assert_eq(bpf_obj_get_info_by_fd(whitelist.program, &info, &size), 0);
	whitelist.id = info.id;
	return whitelist;
}

void whitelist_attach(struct whitelist *whitelist, const struct cgfence_cgroup *cgroup,
		      unsigned int flags)
{
	int result = bpf_prog_attach(whitelist->program, cgfence_cgroup_fd(cgroup),
				     BPF_CGROUP_DEVICE, flags);

	cr_assert_eq(result, 0, "attach: %s", strerror(errno));
	whitelist->cgroup = cgroup;
}

struct whitelist whitelist_put(const struct cgfence_cgroup *cgroup)
{
	struct whitelist whitelist =
		whitelist_load(whitelist_usual, sizeof(whitelist_usual) / sizeof(*whitelist_usual));

	whitelist_attach(&whitelist, cgroup, BPF_F_ALLOW_MULTI);
	return whitelist;
}

int whitelist_take(const struct whitelist *whitelist)
{
	return bpf_prog_detach2(whitelist->program, cgfence_cgroup_fd(whitelist->cgroup),
				BPF_CGROUP_DEVICE) < 0
		       ? errno
		       : 0;
}

void whitelist_close(struct whitelist *whitelist)
{
	if (whitelist->program >= 0)
		close(whitelist->program);
	whitelist->program = -1;
}

struct whitelist_programs whitelist_query(const struct cgfence_cgroup *cgroup)
{
	struct whitelist_programs programs = { .count = 64 };

	cr_assert_eq(bpf_prog_query(cgfence_cgroup_fd(cgroup), BPF_CGROUP_DEVICE, 0,
				    &programs.flags, programs.ids, &programs.count),
		     0);
	return programs;
}
