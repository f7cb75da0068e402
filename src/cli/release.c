// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/command.h"
#include "cli/named.h"
#include "report/handles.h"
#include "report/output.h"

#include <cgfence/adopt.h>
#include <cgfence/standing.h>

static void say(bool released, size_t given_back, const char *of, const char *name)
{
	if (released)
		output_say("Gave %zu program%s back and detached the %s of %s.", given_back,
			   given_back == 1 ? "" : "s", of, name);
	else
		output_say("%s has no fence of its own; nothing changed.", name);
}

static int release_standing(const char *pattern)
{
	struct cgfence_error error = { 0 };
	size_t given_back = 0;
	bool released = false;
	uint64_t id = 0;
	int result = cgfence_standing_find(pattern, &id, &error);

	if (result == 0)
		result = cgfence_standing_release(id, &released, &given_back, &error);
	if (result)
		return output_failure(&error);
	say(released, given_back, "standing fence", pattern);
	return STATUS_DONE;
}

static int release_one(const char *name)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	struct cgfence_error error = { 0 };
	size_t given_back = 0;
	bool released = false;
	uint64_t id;
	int result = cgfence_cgroup_open(name, &cgroup, &error);

	/* A name may be that of a standing fence, too, whether or not there is such a cgroup. */
	if (result && cgfence_standing_find(name, &id, NULL) == 0)
		return release_standing(name);
	if (result || cgfence_fence_release(cgroup, &released, &given_back, &error))
		return output_failure(&error);
	if (!released && cgfence_standing_find(name, &id, NULL) == 0)
		return release_standing(name);
	if (!released && cgfence_fence_check_hidden(cgroup, &error))
		return output_failure(&error);
	if (released)
		say(released, given_back, "fence", cgfence_cgroup_path(cgroup));
	else
		named_say_unchanged(cgroup);
	return STATUS_DONE;
}

static int run(const struct arguments *arguments)
{
	const char *name = arguments->operands[0];

	cgfence_fence_sweep_some();
	return cgfence_standing_is_pattern(name) ? release_standing(name) : release_one(name);
}

const struct command command_release = {
	.name = "release",
	.synopsis = "CGROUP|PATTERN",
	.summary = "give back the programs whose place an adopted fence took",
	.description =
		"Exactly the programs that adopt has kept are attached again, with the flags and in the order that they\n"
		"had, and then the fence is detached. What allow and revoke changed meanwhile ends with it. A cgroup\n"
		"without a fence is no error; one whose fence is not adopted is. With the PATTERN of a standing fence each\n"
		"member has its programs again.",
	.example = "cgfence release /machine/web",
	.operands_min = 1,
	.operands_max = 1,
	.needs_admin = true,
	.usage_status = STATUS_INVALID,
	.run = run,
};
