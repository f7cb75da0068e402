// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs of others that make attaching impossible, or that attaching would silence. */
#include "kernel/attached.h"
#include "cgroup/cgroup.h"
#include "base/error.h"
#include "kernel/foreign.h"

#include <bpf/bpf.h>
#include <cgfence/foreign.h>

/* A program that was attached, or will be. */
struct attempt {
	const struct cgfence_cgroup *cgroup;
	const struct hook *hook;
	uint32_t btf_id; /* of the kernel function, for LSM programs */
};

static struct attempt attempt_of(const struct cgfence_cgroup *cgroup, const struct hook *hook,
				 int program)
{
	struct attempt attempt = { .cgroup = cgroup, .hook = hook };
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);

	if (hook->attach_type == BPF_LSM_CGROUP &&
	    bpf_obj_get_info_by_fd(program, &info, &size) == 0)
		attempt.btf_id = info.attach_btf_id;
	return attempt;
}

/* One query returns the programs on all LSM hooks; only the hook of our program matters. */
static void keep_same_function(struct attached *attached, const struct attempt *attempt)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < attached->count; i++) {
		if (foreign_read_btf_id(attached->programs[i].id) == attempt->btf_id)
			attached->programs[kept++] = attached->programs[i];
	}
	attached->count = kept;
}

static int read_own(int cgroup, const struct attempt *attempt, struct attached *attached)
{
	int result = attached_read(cgroup, attempt->hook, 0, attached);

	if (result == 0 && attempt->hook->attach_type == BPF_LSM_CGROUP)
		keep_same_function(attached, attempt);
	return result;
}

static uint32_t flags_of(const struct attached *attached)
{
	return attached->count ? attached->programs[0].flags : 0;
}

/* The name of a program in messages, and its cgroup. */
struct described {
	char text[CGFENCE_FOREIGN_TEXT_SIZE];
	const char *path;
	int path_length;
	/* The end of what can be done about it, with as much of the path behind it. */
	const char *way_above;
	int above_length;
};

static struct described describe(const struct ascent *ascent,
				 const struct attached_program *program)
{
	struct described described = {
		.path = cgfence_cgroup_path(ascent->cgroup),
		.path_length = cgroup_path_length(ascent->cgroup, ascent->above),
	};
	/* A standing fence of a plain name has its programs on the cgroup above, and nothing is above the root. */
	bool has_above = described.path_length > 1;
	char name[16];

	described.way_above = has_above ? ", or fence it from above with attach --standing " : "";
	described.above_length = has_above ? described.path_length : 0;
	foreign_read_name(program->id, name);
	foreign_describe(program->id, name, described.text);
	return described;
}

static int explain_block(const struct ascent *ascent, const struct hook *hook,
			 const struct attached *attached, int code, struct cgfence_error *error)
{
	struct described program = describe(ascent, &attached->programs[0]);
	bool overridable = flags_of(attached) & BPF_F_ALLOW_OVERRIDE;

	return error_set(
		error, code,
		"%s is attached to the %s hook of %.*s %s, which excludes every other program%s; have its owner attach it with BPF_F_ALLOW_MULTI, or detach it%s%.*s",
		program.text, hook->name, program.path_length, program.path,
		overridable ? "with BPF_F_ALLOW_OVERRIDE" : "alone",
		ascent->above ? " from its cgroup and those below" : "", program.way_above,
		program.above_length, program.path);
}

/* A program without BPF_F_ALLOW_MULTI excludes others from its cgroup, and without any flag also from those below. */
static bool blocks(const struct attached *attached, bool above)
{
	if (attached->count == 0 || flags_of(attached) & BPF_F_ALLOW_MULTI)
		return false;
	return !above || !(flags_of(attached) & BPF_F_ALLOW_OVERRIDE);
}

/*
 * The rules are those of hierarchy_allows_attach() and __cgroup_bpf_attach() in kernel/bpf/cgroup.c.
 * Return: 0 if no program is in the way, -code.
 */
static int explain_permission(const struct attempt *attempt, int code, struct cgfence_error *error)
{
	cleanup_ascent struct ascent ascent = { .fd = -1 };

	if (ascent_begin(&ascent, attempt->cgroup))
		return 0;
	do {
		cleanup_attached struct attached attached = { 0 };

		if (read_own(ascent.fd, attempt, &attached))
			return 0;
		if (blocks(&attached, ascent.above))
			return explain_block(&ascent, attempt->hook, &attached, code, error);
		/* Programs above this one do not restrict what is attached below it. */
		if (attached.count && ascent.above)
			return 0;
	} while (ascent_go_up(&ascent) == 0);
	return 0;
}

/* The kernel has other reasons for E2BIG too; with fewer programs than the limit it is one of those. */
static int explain_fullness(const struct attempt *attempt, int code, struct cgfence_error *error)
{
	cleanup_attached struct attached attached = { 0 };
	const struct ascent here = { .cgroup = attempt->cgroup };
	struct described last;

	if (read_own(cgfence_cgroup_fd(attempt->cgroup), attempt, &attached) ||
	    attached.count < ATTACHED_MAX)
		return 0;
	last = describe(&here, &attached.programs[attached.count - 1]);
	return error_set(
		error, code,
		"%u programs are attached to the %s hook of %s, the most that the kernel takes, the last of them %s; have the owner of one detach it",
		attached.count, attempt->hook->name, last.path, last.text);
}

void foreign_explain_refusal(const struct cgfence_cgroup *cgroup, const struct hook *hook,
			     int program, int code, struct cgfence_error *error)
{
	struct attempt attempt = attempt_of(cgroup, hook, program);

	if (code == EPERM)
		explain_permission(&attempt, code, error);
	else if (code == E2BIG)
		explain_fullness(&attempt, code, error);
}

static int refuse_overriding(const struct ascent *ascent, const struct hook *hook,
			     const struct attached *attached, struct cgfence_error *error)
{
	struct described program = describe(ascent, &attached->programs[0]);

	return error_set(
		error, EPERM,
		"%s is attached to the %s hook of %.*s with BPF_F_ALLOW_OVERRIDE, so it would lose its say in a cgroup with a fence of its own; have its owner attach it with BPF_F_ALLOW_MULTI, or detach it%s%.*s",
		program.text, hook->name, program.path_length, program.path, program.way_above,
		program.above_length, program.path);
}

int foreign_check_overriding(const struct cgfence_cgroup *cgroup, const struct hook *hook,
			     int program, struct cgfence_error *error)
{
	const struct attempt attempt = attempt_of(cgroup, hook, program);
	cleanup_ascent struct ascent ascent = { .fd = -1 };
	cleanup_attached struct attached effective = { 0 };

	/* If the query fails, the error of the attachment explains enough. */
	if (attached_read(cgfence_cgroup_fd(cgroup), hook, BPF_F_QUERY_EFFECTIVE, &effective) ||
	    effective.count == 0 || ascent_begin(&ascent, cgroup))
		return 0;
	do {
		cleanup_attached struct attached attached = { 0 };

		if (read_own(ascent.fd, &attempt, &attached))
			return 0;
		if (attached.count && ascent.above && flags_of(&attached) & BPF_F_ALLOW_OVERRIDE)
			return refuse_overriding(&ascent, hook, &attached, error);
		/* Where another is attached already, it overrides what ours would. */
		if (attached.count)
			return 0;
	} while (ascent_go_up(&ascent) == 0);
	return 0;
}

int foreign_foresee_refusal(const struct cgfence_cgroup *cgroup, const struct hook *hook,
			    struct cgfence_error *error)
{
	const struct attempt attempt = { .cgroup = cgroup, .hook = hook };
	int result = explain_permission(&attempt, EPERM, error);

	if (result == 0)
		result = explain_fullness(&attempt, E2BIG, error);
	return result ? result : foreign_check_overriding(cgroup, hook, -1, error);
}
