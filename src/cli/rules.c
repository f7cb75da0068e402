// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/rules.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "cli/source.h"

#include <cgfence/adopt.h>
#include <jansson.h>
#include <string.h>

/* What runc before 1.2 adds to every list, and crun before 1.5 and since 1.20. */
#define TUN "c 10:200 rwm"

static void cleanup_free_json(json_t **value)
{
	json_decref(*value);
}

#define cleanup_json __attribute__((cleanup(cleanup_free_json)))

static int import(struct cgfence_rules *rules, char **text, struct cgfence_error *error)
{
	struct cgfence_import_source source = { rules->name, rules->text, rules->length };
	int result = 0;

	if (!rules->text)
		result = source_read_unit(rules->name, &source, error);
	if (result == 0)
		result = cgfence_import(rules->dialect, NULL, &source, 1, NULL, NULL, text, error);
	if (!rules->text)
		source_free(&source);
	return result;
}

static bool remove_entry(json_t *entries, const char *entry)
{
	for (size_t i = 0; i < json_array_size(entries); i++) {
		if (strcmp(json_string_value(json_array_get(entries, i)), entry) == 0)
			return json_array_remove(entries, i) == 0;
	}
	return false;
}

/* Return: NULL if there is no other version. */
static char *alter(const char *dialect, const char *text)
{
	cleanup_json json_t *policy = json_loads(text, 0, NULL);
	json_t *entries = json_object_get(json_object_get(policy, "devices"), "allow");

	if (strcmp(dialect, "systemd") == 0 || !json_is_array(entries))
		return NULL;
	if (!remove_entry(entries, TUN))
		json_array_append_new(entries, json_string(TUN));
	return json_dumps(policy, 0);
}

static int parse(const struct cgfence_rules *rules, const char *text,
		 struct cgfence_policy **policy, struct cgfence_error *error)
{
	return cgfence_policy_parse(text, strlen(text), rules->name, policy, error);
}

static int read_policy(struct cgfence_rules *rules, enum rules_variant variant,
		       struct cgfence_policy **policy, struct cgfence_error *error)
{
	cleanup_free char *text = NULL;
	cleanup_free char *altered = NULL;
	int result = import(rules, &text, error);

	if (result || variant == RULES_AS_WRITTEN)
		return result ? result : parse(rules, text, policy, error);
	altered = alter(rules->dialect, text);
	return altered ? parse(rules, altered, policy, error) : -ENOENT;
}

int rules_read_policy(const struct cgfence_cgroup *cgroup, enum rules_variant variant,
		      struct cgfence_policy **policy, struct cgfence_error *error)
{
	struct cgfence_rules rules = { 0 };
	int result = cgfence_cgroup_find_rules(cgfence_cgroup_path(cgroup), &rules, error);

	if (result == 0)
		result = read_policy(&rules, variant, policy, error);
	cgfence_rules_free(&rules);
	if (result)
		error_wrap(
			error,
			"cannot find the rules of %s; give a policy that says the same with --with",
			cgfence_cgroup_path(cgroup));
	return result;
}

int rules_read_text(const struct cgfence_cgroup *cgroup, enum rules_variant variant, char **text,
		    struct cgfence_error *error)
{
	struct cgfence_rules rules = { 0 };
	cleanup_free char *read = NULL;
	int result = cgfence_cgroup_find_rules(cgfence_cgroup_path(cgroup), &rules, error);

	if (result == 0)
		result = import(&rules, &read, error);
	if (result == 0 && variant == RULES_AS_WRITTEN)
		*text = cleanup_steal(read);
	if (result == 0 && variant != RULES_AS_WRITTEN) {
		*text = alter(rules.dialect, read);
		result = *text ? 0 : -ENOENT;
	}
	cgfence_rules_free(&rules);
	return result;
}
