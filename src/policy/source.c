// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/source.h"
#include "base/cleanup.h"
#include "policy/edit_lists.h"

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

void policy_source_drop(struct cgfence_policy *policy)
{
	free(policy->source);
	policy->source = NULL;
	device_lookups_free(&policy->lookups);
}

/* A member that is made if it is not there. Return: NULL if out of memory. */
static json_t *member(json_t *object, const char *key, json_t *empty)
{
	if (json_object_get(object, key))
		json_decref(empty);
	else
		json_object_set_new(object, key, empty);
	return json_object_get(object, key);
}

int policy_source_allow(struct cgfence_policy *policy, const char *entry)
{
	cleanup_json json_t *root = policy->source ? json_loads(policy->source, 0, NULL) : NULL;
	json_t *devices;
	json_t *list;

	if (!policy->source)
		return 0;
	if (!root || edit_lists_open(root))
		return -ENOMEM;
	devices = member(root, "devices", json_object());
	/* What words stood for is kept in their order. */
	if (json_array_size(json_object_get(devices, "deny"))) {
		policy_source_drop(policy);
		return 0;
	}
	list = member(devices, "allow", json_array());
	if (json_array_append_new(list, json_string(entry)))
		return -ENOMEM;
	return policy_source_keep(policy, root);
}

int policy_source_start(struct cgfence_policy *policy, const char *base)
{
	cleanup_json json_t *root = policy->source ? json_loads(policy->source, 0, NULL) : NULL;

	if (!policy->source)
		return 0;
	if (!root || edit_lists_open(root) ||
	    json_object_set_new(member(root, "devices", json_object()), "defaults",
				json_string(base)))
		return -ENOMEM;
	return policy_source_keep(policy, root);
}
