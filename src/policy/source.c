// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/source.h"
#include "base/cleanup.h"

#include <errno.h>

static void cleanup_free_json(json_t **value)
{
	json_decref(*value);
}

#define cleanup_json __attribute__((cleanup(cleanup_free_json)))

int policy_source_keep(struct cgfence_policy *policy, const json_t *root)
{
	char *text = json_dumps(root, JSON_COMPACT);

	if (!text)
		return -ENOMEM;
	free(policy->source);
	policy->source = text;
	return 0;
}

int policy_source_set(struct cgfence_policy *policy, const char *key, json_t *value)
{
	cleanup_json json_t *root = NULL;

	if (!policy->source) {
		json_decref(value);
		return 0;
	}
	root = json_loads(policy->source, 0, NULL);
	if (json_object_set_new(root, key, value))
		return -ENOMEM;
	return policy_source_keep(policy, root);
}
