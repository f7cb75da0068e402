// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/command.h"
#include "cli/help.h"
#include "cli/named.h"
#include "base/cleanup.h"
#include "report/handles.h"
#include "report/output.h"

#include <cgfence/standing.h>
#include <errno.h>

static bool all;
static bool standing;

/* @reason: why there is no cgroup of that name; NULL, or empty for a pattern */
static int detach_standing(const char *name, const struct cgfence_error *reason)
{
	struct cgfence_error error = { 0 };
	bool detached = false;
	uint64_t id = 0;
	int result = cgfence_standing_find(name, &id, &error);

	if ((result == -ENOENT || result == -EINVAL) && reason && *reason->text)
		return output_failure(reason);
	if (result == 0)
		result = cgfence_fence_detach(id, &detached, &error);
	if (result && result != -ENOENT)
		return output_failure(&error);
	output_say(detached ? "Detached the standing fence of %s."
			    : "There is no standing fence of %s; nothing changed.",
		   name);
	return STATUS_DONE;
}

static int detach_one(const char *name)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	struct cgfence_error error = { 0 };
	bool detached = false;
	bool hidden;
	uint64_t id;

	/* The name of a cgroup that has none may be that of a standing fence, too. */
	if (standing || cgfence_standing_is_pattern(name) ||
	    cgfence_cgroup_open(name, &cgroup, &error))
		return detach_standing(name, standing ? NULL : &error);
	if (cgfence_fence_detach(cgfence_cgroup_id(cgroup), &detached, &error))
		return output_failure(&error);
	hidden = cgfence_fence_check_hidden(cgroup, &error);
	if (!detached && !hidden && cgfence_standing_find(name, &id, NULL) == 0)
		return detach_standing(name, NULL);
	if (detached)
		output_say("Detached the fence of %s.", cgfence_cgroup_path(cgroup));
	else if (!hidden)
		named_say_unchanged(cgroup);
	return hidden ? output_failure(&error) : STATUS_DONE;
}

static int detach_all(void)
{
	struct cgfence_error error = { 0 };
	cleanup_free uint64_t *ids = NULL;
	int status = STATUS_DONE;
	size_t detached_count = 0;
	size_t count = 0;

	if (cgfence_fence_list(&ids, &count, &error))
		return output_failure(&error);
	for (size_t i = 0; i < count; i++) {
		bool detached = false;

		if (cgfence_fence_detach(ids[i], &detached, &error))
			status = output_failure(&error);
		detached_count += detached;
	}
	output_say("Detached %zu fence%s.", detached_count, detached_count == 1 ? "" : "s");
	return status;
}

static int run(const struct arguments *arguments)
{
	if (all == (arguments->operand_count == 1))
		return help_refuse_usage(&command_detach, "give either a cgroup or --all");
	if (all && standing)
		return help_refuse_usage(&command_detach,
					 "--standing is for one name; give it, or --all alone");
	if (all) {
		cgfence_fence_sweep();
		return detach_all();
	}
	cgfence_fence_sweep_some();
	return detach_one(arguments->operands[0]);
}

static const struct command_option options[] = {
	{ 0, "standing", NULL, "detach the standing fence of this name", &standing, NULL },
	{ 0, "all", NULL, "detach every fence of the host", &all, NULL },
	{ 0 },
};

const struct command command_detach = {
	.name = "detach",
	.synopsis = "[--standing] CGROUP|PATTERN\n--all",
	.summary = "detach the fence of a cgroup, or a standing fence",
	.description =
		"Fences above and below stay, and so do programs that others attached. A cgroup without a fence\n"
		"is no error; one whose fence is pinned in another bpffs is. A PATTERN is that with which a standing\n"
		"fence was attached; a plain name is that of a cgroup with a fence of its own first.",
	.example = "cgfence detach /machine/web",
	.options = options,
	.operands_min = 0,
	.operands_max = 1,
	.needs_admin = true,
	.usage_status = STATUS_INVALID,
	.run = run,
};
