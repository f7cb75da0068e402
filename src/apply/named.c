// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "apply/named.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/json_reader.h"
#include "cgroup/cgroup.h"
#include "cgroup/glob.h"
#include "cgroup/pattern.h"

#include <stdio.h>
#include <string.h>

static int refuse(const char *origin, const struct cgfence_policy *policy, const char *key,
		  const struct json_position *at, const char *message, struct cgfence_error *error)
{
	json_t *source = policy->source ? json_loads(policy->source, 0, NULL) : NULL;
	const char *name = strcmp(origin, "-") == 0 ? "standard input" : origin;
	int result = reader_refuse_at(name, at, key, json_object_get(source, key), message, error);

	json_decref(source);
	return result;
}

int named_refuse_except(const char *origin, const struct cgfence_policy *policy,
			struct cgfence_error *error)
{
	char message[512];

	if (!policy->except || !policy->cgroup || cgroup_is_glob(policy->cgroup))
		return 0;
	snprintf(
		message, sizeof(message),
		"exceptions are for a pattern, and the cgroup '%.150s' is none; leave them out, or write a pattern such as '%.150s-*'",
		policy->cgroup, policy->cgroup);
	return refuse(origin, policy, "except", &policy->except_at, message, error);
}

/* Return: is it invalid? Then @reason tells why. */
static bool is_bad_pattern(const char *name, bool *for_all, struct cgfence_error *reason)
{
	cleanup_free char *path = NULL;

	if (cgroup_check_appears(name, reason))
		return reason->invalid_input;
	if (cgroup_pattern_normalise(name, &path, reason))
		return reason->invalid_input;
	*for_all = cgroup_pattern_is_all_stars(path);
	return false;
}

static bool is_bad_name(const char *name, bool *is_root, struct cgfence_error *reason)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;

	if (cgfence_cgroup_open(name, &cgroup, reason))
		return reason->invalid_input;
	*is_root = cgfence_cgroup_is_root(cgroup);
	return false;
}

int named_refuse_cgroup(const char *origin, const struct cgfence_policy *policy, const char *path,
			bool offline, struct cgfence_error *error)
{
	bool is_glob = cgroup_is_glob(policy->cgroup);
	struct cgfence_error reason = { 0 };
	bool for_all = false;
	bool is_root = false;
	char message[256];
	bool bad = is_glob ? is_bad_pattern(policy->cgroup, &for_all, &reason)
			   : is_bad_name(policy->cgroup, &is_root, &reason);

	if (bad)
		return refuse(origin, policy, "cgroup", &policy->cgroup_at, reason.text, error);
	if (!for_all && strcmp(path, "/") != 0 && (!is_root || offline))
		return 0;
	snprintf(
		message, sizeof(message),
		"this is %s, where a mistake can lock you out of the host; use 'attach --force' to fence it",
		for_all ? "a pattern for every cgroup" : "the root cgroup");
	return refuse(origin, policy, "cgroup", &policy->cgroup_at, message, error);
}
