// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/memory.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "policy/read.h"

#include <errno.h>
#include <string.h>

/* The keys of what is packed. */
#define WRITTEN "written"
#define STOOD_FOR "stood_for"

static void cleanup_free_json(json_t **value)
{
	json_decref(*value);
}

#define cleanup_json __attribute__((cleanup(cleanup_free_json)))

json_t *policy_memory_source(const struct cgfence_policy *policy)
{
	cleanup_free char *text = NULL;

	if (policy->source)
		return json_loads(policy->source, 0, NULL);
	return cgfence_policy_format(policy, &text, NULL) ? NULL : json_loads(text, 0, NULL);
}

int policy_memory_pack(const struct cgfence_policy *policy, char **text,
		       struct cgfence_error *error)
{
	cleanup_json json_t *packed = json_pack("{s:o, s:o}", WRITTEN, policy_memory_source(policy),
						STOOD_FOR, device_lookups_write(&policy->lookups));
	char *dump = packed ? json_dumps(packed, JSON_COMPACT) : NULL;

	if (!dump)
		return error_out_of_memory(error);
	*text = dump;
	return 0;
}

/* Return: 0, -EINVAL if it is damaged. */
static int unpack(const char *packed, json_t **root, const json_t **written,
		  struct cgfence_error *error)
{
	*root = json_loads(packed, 0, NULL);
	*written = json_object_get(*root, WRITTEN);
	if (json_is_object(*written) && json_is_array(json_object_get(*root, STOOD_FOR)))
		return 0;
	return error_set(
		error, EINVAL,
		"what the fence remembers of its policy is damaged; attach the policy again");
}

bool policy_memory_differs(const struct cgfence_policy *policy, const char *packed)
{
	cleanup_free char *now = NULL;

	return !packed || policy_memory_pack(policy, &now, NULL) || !now ||
	       strcmp(packed, now) != 0;
}

int policy_memory_format(const char *packed, char **text, struct cgfence_error *error)
{
	cleanup_json json_t *root = NULL;
	const json_t *written = NULL;
	int result = unpack(packed, &root, &written, error);
	char *dump;

	if (result)
		return result;
	dump = json_dumps(written, JSON_INDENT(2));
	if (!dump)
		return error_out_of_memory(error);
	*text = dump;
	return 0;
}

int policy_memory_unpack(const char *packed, json_t **source, struct device_lookups *past,
			 struct cgfence_error *error)
{
	cleanup_json json_t *root = NULL;
	struct device_lookups read = { 0 };
	const json_t *written = NULL;
	int result = unpack(packed, &root, &written, error);

	if (result)
		return result;
	if (device_lookups_read(&read, json_object_get(root, STOOD_FOR))) {
		device_lookups_free(&read);
		return error_out_of_memory(error);
	}
	*source = json_incref((json_t *)written);
	*past = read;
	return 0;
}

static int read_again(const json_t *source, const struct device_lookups *past, unsigned int flags,
		      struct cgfence_policy **policy, struct cgfence_error *error)
{
	cleanup_free char *text = json_dumps(source, JSON_COMPACT);

	return text ? policy_read_again(text, strlen(text), past, flags, policy, error)
		    : error_out_of_memory(error);
}

int policy_memory_read_past(const json_t *source, const struct device_lookups *past,
			    struct cgfence_policy **policy, struct cgfence_error *error)
{
	return read_again(source, past, POLICY_READ_PAST, policy, error);
}

int policy_memory_read_lookups(const char *packed, struct device_lookups *lookups)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	cleanup_json json_t *source = NULL;
	struct device_lookups past = { 0 };
	int result = policy_memory_unpack(packed, &source, &past, NULL);

	if (result == 0)
		result = policy_memory_read_past(source, &past, &policy, NULL);
	device_lookups_free(&past);
	if (!policy)
		return result ? result : -ENOMEM;
	device_lookups_begin_again(&policy->lookups);
	*lookups = policy->lookups;
	policy->lookups = (struct device_lookups){ 0 };
	return 0;
}

int policy_memory_words(const char *packed, char **words, struct cgfence_error *error)
{
	cleanup_json json_t *root = NULL;
	const json_t *written = NULL;
	int result = unpack(packed, &root, &written, error);
	char *text = NULL;

	if (result == 0 && json_array_size(json_object_get(root, STOOD_FOR))) {
		text = json_dumps(written, JSON_COMPACT);
		if (!text)
			result = error_out_of_memory(error);
	}
	if (result == 0)
		*words = text;
	return result;
}

int policy_memory_explain(const char *packed, const struct cgfence_policy *policy, char **reason,
			  struct cgfence_error *error)
{
	cleanup_json json_t *source = NULL;
	struct device_lookups past = { 0 };
	char *text = NULL;
	size_t size = 0;
	int result = policy_memory_unpack(packed, &source, &past, error);
	FILE *stream = result ? NULL : open_memstream(&text, &size);

	if (stream)
		device_lookups_describe(&policy->lookups, &past, stream);
	device_lookups_free(&past);
	if (result)
		return result;
	if (!stream || fclose(stream)) {
		free(text);
		return error_out_of_memory(error);
	}
	*reason = text;
	return 0;
}

void policy_memory_fit(struct cgfence_policy *remembered, const struct cgfence_policy *in_force)
{
	if (in_force->except)
		return;
	free(remembered->except);
	remembered->except = NULL;
}

int policy_memory_read(const char *packed, struct cgfence_policy **policy,
		       struct cgfence_error *error)
{
	cleanup_json json_t *source = NULL;
	struct device_lookups past = { 0 };
	int result = policy_memory_unpack(packed, &source, &past, error);

	if (result == 0)
		result = read_again(source, &past, POLICY_READ_AGAIN, policy, error);
	device_lookups_free(&past);
	return result;
}
