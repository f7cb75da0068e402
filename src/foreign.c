// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "foreign.h"
#include "cgroup.h"
#include "cleanup.h"
#include "error.h"
#include "kernel_error.h"
#include "link.h"

#include <bpf/bpf.h>
#include <string.h>

/* The most that the kernel attaches to one cgroup (BPF_CGROUP_MAX_PROGS, kernel/bpf/cgroup.c). */
#define CGROUP_PROGRAMS_MAX 64

struct attached {
	uint32_t ids[CGROUP_PROGRAMS_MAX];
	uint32_t count;
	uint32_t flags; /* BPF_F_ALLOW_*; meaningful if there are programs */
};

static int query(const struct cgfence_cgroup *cgroup, const struct hook *hook,
		 struct attached *attached)
{
	attached->count = CGROUP_PROGRAMS_MAX;
	if (bpf_prog_query(cgfence_cgroup_fd(cgroup), hook->attach_type, 0, &attached->flags,
			   attached->ids, &attached->count) < 0)
		return -errno;
	return 0;
}

static void read_name(uint32_t id, char name[16])
{
	cleanup_close int program = bpf_prog_get_fd_by_id(id);
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);

	if (program < 0 || bpf_obj_get_info_by_fd(program, &info, &size) < 0)
		info.name[0] = '\0';
	memcpy(name, info.name, 16);
}

/* A cgroup that holds programs which do not share it, or forbid any below, takes no other. */
static bool blocks(const struct attached *attached, bool above)
{
	if (attached->count == 0 || attached->flags & BPF_F_ALLOW_MULTI)
		return false;
	return !above || !(attached->flags & BPF_F_ALLOW_OVERRIDE);
}

static void explain_block(const struct cgfence_cgroup *cgroup, const struct hook *hook,
			  const struct attached *attached, int code, struct cgfence_error *error)
{
	char name[16];

	read_name(attached->ids[0], name);
	error_set(
		error, code,
		"program %u '%s' is attached to the %s hook of %s %s, so the kernel lets no other in; have its owner attach it with BPF_F_ALLOW_MULTI, or detach it",
		attached->ids[0], name, hook->name, cgfence_cgroup_path(cgroup),
		attached->flags & BPF_F_ALLOW_OVERRIDE ? "with BPF_F_ALLOW_OVERRIDE" : "alone");
}

/* The rules are those of hierarchy_allows_attach() and __cgroup_bpf_attach() in kernel/bpf/cgroup.c. */
static bool explain_permission(const struct cgfence_cgroup *cgroup, const struct hook *hook,
			       int code, struct cgfence_error *error)
{
	cleanup_cgroup struct cgfence_cgroup *above = NULL;
	const struct cgfence_cgroup *at = cgroup;
	struct attached attached;

	while (query(at, hook, &attached) == 0) {
		struct cgfence_cgroup *next = NULL;

		if (blocks(&attached, at != cgroup)) {
			explain_block(at, hook, &attached, code, error);
			return true;
		}
		if ((attached.count && at != cgroup) || cgfence_cgroup_open_parent(at, &next, NULL))
			return false;
		cgfence_cgroup_close(above);
		above = next;
		at = above;
	}
	return false;
}

bool foreign_explain_refusal(const struct cgfence_cgroup *cgroup, const struct hook *hook, int code,
			     struct cgfence_error *error)
{
	struct attached attached;

	if (code == EPERM)
		return explain_permission(cgroup, hook, code, error);
	if (code == E2BIG && query(cgroup, hook, &attached) == 0) {
		error_set(
			error, code,
			"%u programs are attached to the %s hook of %s, the most that the kernel takes; detach one",
			attached.count, hook->name, cgfence_cgroup_path(cgroup));
		return true;
	}
	return false;
}

/* Is this the program of a link that cgfence pinned? */
static bool is_ours(const struct cgfence_cgroup *cgroup, const struct hook *hook, uint32_t id)
{
	cleanup_link struct link link = LINK_CLOSED;

	return link_open(cgfence_cgroup_id(cgroup), hook, &link, NULL) == 0 &&
	       link.program_id == id;
}

static int add_foreign(const struct cgfence_cgroup *cgroup, const struct hook *hook,
		       struct cgfence_foreign_program **programs, size_t *count,
		       struct cgfence_error *error)
{
	struct cgfence_foreign_program *larger;
	struct attached attached;
	int result = query(cgroup, hook, &attached);

	/* Whoever attached something to a hook that this kernel does not have, it has no say. */
	if (result == -EINVAL)
		return 0;
	if (result)
		return kernel_error(error, -result, "list the programs of %s",
				    cgfence_cgroup_path(cgroup));
	larger = reallocarray(*programs, *count + attached.count + 1, sizeof(**programs));
	if (!larger)
		return error_set(error, ENOMEM, "out of memory");
	*programs = larger;
	for (uint32_t i = 0; i < attached.count; i++) {
		if (is_ours(cgroup, hook, attached.ids[i]))
			continue;
		larger[*count].id = attached.ids[i];
		read_name(attached.ids[i], larger[*count].name);
		++*count;
	}
	return 0;
}

int cgfence_fence_list_foreign(const struct cgfence_cgroup *cgroup, enum cgfence_topic topic,
			       struct cgfence_foreign_program **programs, size_t *count,
			       struct cgfence_error *error)
{
	cleanup_free struct cgfence_foreign_program *found = NULL;
	size_t used = 0;

	for (int i = 0; i < HOOK_COUNT; i++) {
		bool judges_devices = hooks[i].object == HOOK_OBJECT_DEVICE;
		int result;

		/* The listen guards only watch; others' programs there (sockops, LSM) judge other things. */
		if (hooks[i].object == HOOK_OBJECT_LISTEN ||
		    hooks[i].object == HOOK_OBJECT_LISTEN_LSM ||
		    judges_devices != (topic == CGFENCE_TOPIC_DEVICES))
			continue;
		result = add_foreign(cgroup, &hooks[i], &found, &used, error);
		if (result)
			return result;
	}
	*programs = cleanup_steal(found);
	*count = used;
	return 0;
}
