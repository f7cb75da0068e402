// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/policy.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <string.h>

const char *const policy_netns_words[] = { "host", "any", NULL };
const char *const policy_on_violation_words[] = { "log", "close", "kill", NULL };

struct cgfence_policy *policy_new(void)
{
	struct cgfence_policy *policy = calloc(1, sizeof(*policy));

	if (policy)
		policy->enforce = true;
	return policy;
}

void cgfence_policy_free(struct cgfence_policy *policy)
{
	if (!policy)
		return;
	free(policy->name);
	free(policy->cgroup);
	device_rules_free(&policy->devices);
	free(policy);
}

/* Return: false if out of memory. */
static bool copy_string(const char *string, char **copy)
{
	*copy = string ? strdup(string) : NULL;
	return !string || *copy;
}

struct cgfence_policy *policy_copy(const struct cgfence_policy *policy)
{
	cleanup_policy struct cgfence_policy *copy = policy_new();

	if (!copy)
		return NULL;
	*copy = *policy;
	copy->cgroup = NULL;
	copy->devices = (struct device_rules){ 0 };
	if (!copy_string(policy->name, &copy->name) ||
	    !copy_string(policy->cgroup, &copy->cgroup) ||
	    device_rules_copy(&policy->devices, &copy->devices))
		return NULL;
	return cleanup_steal(copy);
}

const char *cgfence_policy_name(const struct cgfence_policy *policy)
{
	return policy->name;
}

bool cgfence_policy_enforces(const struct cgfence_policy *policy)
{
	return policy->enforce;
}

/* Two policies say the same exactly if they are written the same. */
bool policy_equal(const struct cgfence_policy *a, const struct cgfence_policy *b)
{
	cleanup_free char *text_a = NULL;
	cleanup_free char *text_b = NULL;

	return cgfence_policy_format(a, &text_a, NULL) == 0 &&
	       cgfence_policy_format(b, &text_b, NULL) == 0 && strcmp(text_a, text_b) == 0;
}
