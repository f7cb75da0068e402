// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Where the device rules that a program enforces are written. */
#include "runtime/rules.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "runtime/owner.h"

#include <cgfence/adopt.h>
#include <stdio.h>
#include <string.h>

static void cleanup_free_json(json_t **value)
{
	json_decref(*value);
}

#define cleanup_json __attribute__((cleanup(cleanup_free_json)))

void cgfence_rules_free(struct cgfence_rules *rules)
{
	free(rules->name);
	free(rules->text);
	*rules = (struct cgfence_rules){ 0 };
}

/* runc has it among its labels (libcontainer/configs, Config.Labels). */
static const char *bundle_of_runc(const json_t *state)
{
	static const char key[] = "bundle=";
	const json_t *label;
	size_t index;

	json_array_foreach (json_object_get(json_object_get(state, "config"), "labels"), index,
			    label) {
		const char *text = json_string_value(label);

		if (text && strncmp(text, key, sizeof(key) - 1) == 0)
			return text + sizeof(key) - 1;
	}
	return NULL;
}

static const char *bundle_of(const json_t *state, const char *runtime)
{
	return strcmp(runtime, "runc") == 0 ? bundle_of_runc(state)
					    : json_string_value(json_object_get(state, "bundle"));
}

int rules_read_bundle(const char *bundle, const char *runtime, struct cgfence_rules *rules,
		      struct cgfence_error *error)
{
	cleanup_free char *path = NULL;
	cleanup_free char *text = NULL;
	cleanup_json json_t *config = NULL;

	if (asprintf(&path, "%s/config.json", bundle) < 0) {
		path = NULL;
		return error_out_of_memory(error);
	}
	config = owner_read_state(path);
	if (!config)
		return error_set(error, ENOENT,
				 "%s, which has the rules, is no JSON file of root's", path);
	text = json_dumps(config, 0);
	if (!text)
		return error_out_of_memory(error);
	rules->dialect = runtime;
	rules->length = strlen(text);
	rules->name = cleanup_steal(path);
	rules->text = cleanup_steal(text);
	return 0;
}

static int find_in_state(const char *path, const char *runtime, struct cgfence_rules *rules,
			 struct cgfence_error *error)
{
	cleanup_json json_t *state = owner_read_state(path);
	const char *bundle = state ? bundle_of(state, runtime) : NULL;

	if (!bundle)
		return error_set(error, ENOENT, "%s does not say where its bundle is", path);
	return rules_read_bundle(bundle, runtime, rules, error);
}

int cgfence_cgroup_find_rules(const char *cgroup, struct cgfence_rules *rules,
			      struct cgfence_error *error)
{
	cleanup_free char *path = NULL;
	const char *runtime = owner_find_state(cgroup, &path);
	char *unit;

	if (runtime)
		return find_in_state(path, runtime, rules, error);
	unit = owner_by_unit(cgroup);
	if (!unit)
		return error_set(
			error, ENOENT,
			"no state of runc or crun names %s, and it is not called after a unit",
			cgroup);
	*rules = (struct cgfence_rules){ .dialect = "systemd", .name = unit };
	return 0;
}
