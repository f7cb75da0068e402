// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs of others that make attaching impossible, or that attaching would take the say from. */
#include "attached.h"
#include "cgroup.h"
#include "error.h"
#include "foreign.h"

#include <bpf/libbpf.h>
#include <string.h>

/* The LSM hooks are asked for all at once; only that of the guard matters. */
static void keep_listen_guards(struct attached *attached)
{
	int btf_id = libbpf_find_vmlinux_btf_id("socket_listen", BPF_LSM_CGROUP);
	uint32_t kept = 0;

	for (uint32_t i = 0; i < attached->count; i++) {
		if (foreign_read_btf_id(attached->programs[i].id) == (uint32_t)btf_id)
			attached->programs[kept++] = attached->programs[i];
	}
	attached->count = kept;
}

static int read_own(int cgroup, const struct hook *hook, struct attached *attached)
{
	int result = attached_read(cgroup, hook, 0, attached);

	if (result == 0 && attached->count && hook->object == HOOK_OBJECT_LISTEN_LSM)
		keep_listen_guards(attached);
	return result;
}

static uint32_t flags_of(const struct attached *attached)
{
	return attached->count ? attached->programs[0].flags : 0;
}

/* What a message calls a program, and the place where it is. */
struct described {
	char text[FOREIGN_TEXT_SIZE];
	const char *path;
	int path_length;
};

static struct described describe(const struct ascent *ascent,
				 const struct attached_program *program)
{
	struct described described = {
		.path = cgfence_cgroup_path(ascent->cgroup),
		.path_length = cgroup_path_length(ascent->cgroup, ascent->above),
	};
	char name[16];

	foreign_read_name(program->id, name);
	foreign_describe(program->id, name, described.text);
	return described;
}

static void explain_block(const struct ascent *ascent, const struct hook *hook,
			  const struct attached *attached, int code, struct cgfence_error *error)
{
	struct described program = describe(ascent, &attached->programs[0]);
	bool overridable = flags_of(attached) & BPF_F_ALLOW_OVERRIDE;

	error_set(
		error, code,
		"%s is attached to the %s hook of %.*s %s, so the kernel lets no other in%s; have its owner attach it with BPF_F_ALLOW_MULTI, or detach it",
		program.text, hook->name, program.path_length, program.path,
		overridable ? "with BPF_F_ALLOW_OVERRIDE" : "alone",
		ascent->above ? ", not even below" : "");
}

/* A cgroup that holds a program which does not share it, or forbids any below, takes no other. */
static bool blocks(const struct attached *attached, bool above)
{
	if (attached->count == 0 || flags_of(attached) & BPF_F_ALLOW_MULTI)
		return false;
	return !above || !(flags_of(attached) & BPF_F_ALLOW_OVERRIDE);
}

/* The rules are those of hierarchy_allows_attach() and __cgroup_bpf_attach() in kernel/bpf/cgroup.c. */
static bool explain_permission(const struct cgfence_cgroup *cgroup, const struct hook *hook,
			       int code, struct cgfence_error *error)
{
	cleanup_ascent struct ascent ascent = { .fd = -1 };

	if (ascent_begin(&ascent, cgroup))
		return false;
	do {
		cleanup_attached struct attached attached = { 0 };

		if (read_own(ascent.fd, hook, &attached))
			return false;
		if (blocks(&attached, ascent.above)) {
			explain_block(&ascent, hook, &attached, code, error);
			return true;
		}
		/* What is further up has no say on what is attached below this one. */
		if (attached.count && ascent.above)
			return false;
	} while (ascent_go_up(&ascent) == 0);
	return false;
}

static bool explain_fullness(const struct cgfence_cgroup *cgroup, const struct hook *hook, int code,
			     struct cgfence_error *error)
{
	cleanup_attached struct attached attached = { 0 };
	const struct ascent here = { .cgroup = cgroup };
	struct described last;

	if (read_own(cgfence_cgroup_fd(cgroup), hook, &attached) || attached.count == 0)
		return false;
	last = describe(&here, &attached.programs[attached.count - 1]);
	error_set(
		error, code,
		"%u programs are attached to the %s hook of %s, the most that the kernel takes, the last of them %s; have the owner of one detach it",
		attached.count, hook->name, last.path, last.text);
	return true;
}

bool foreign_explain_refusal(const struct cgfence_cgroup *cgroup, const struct hook *hook, int code,
			     struct cgfence_error *error)
{
	if (code == EPERM)
		return explain_permission(cgroup, hook, code, error);
	return code == E2BIG && explain_fullness(cgroup, hook, code, error);
}

static int refuse_overriding(const struct ascent *ascent, const struct hook *hook,
			     const struct attached *attached, struct cgfence_error *error)
{
	struct described program = describe(ascent, &attached->programs[0]);

	return error_set(
		error, EPERM,
		"%s is attached to the %s hook of %.*s with BPF_F_ALLOW_OVERRIDE, so it would not be asked any more in a cgroup with a fence of its own; have its owner attach it with BPF_F_ALLOW_MULTI, or detach it",
		program.text, hook->name, program.path_length, program.path);
}

int foreign_check_overriding(const struct cgfence_cgroup *cgroup, const struct hook *hook,
			     struct cgfence_error *error)
{
	cleanup_ascent struct ascent ascent = { .fd = -1 };
	cleanup_attached struct attached effective = { 0 };

	/* The kernel itself says what is wrong if it cannot even be asked. */
	if (attached_read(cgfence_cgroup_fd(cgroup), hook, BPF_F_QUERY_EFFECTIVE, &effective) ||
	    effective.count == 0 || ascent_begin(&ascent, cgroup))
		return 0;
	do {
		cleanup_attached struct attached attached = { 0 };

		if (read_own(ascent.fd, hook, &attached))
			return 0;
		if (attached.count && ascent.above && flags_of(&attached) & BPF_F_ALLOW_OVERRIDE)
			return refuse_overriding(&ascent, hook, &attached, error);
		/* Where another is attached already, it overrides what ours would. */
		if (attached.count)
			return 0;
	} while (ascent_go_up(&ascent) == 0);
	return 0;
}
