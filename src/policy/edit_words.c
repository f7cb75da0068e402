// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/edit_words.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "policy/edit.h"
#include "policy/edit_lists.h"
#include "policy/memory.h"
#include "policy/write.h"

#include <errno.h>

static void cleanup_free_json(json_t **value)
{
	json_decref(*value);
}

#define cleanup_json __attribute__((cleanup(cleanup_free_json)))

/* What a fence remembers, open for edits. */
struct written {
	const struct cgfence_policy *in_force;
	json_t *root;
	struct device_lookups past;
};

static void release_written(struct written *written)
{
	json_decref(written->root);
	device_lookups_free(&written->past);
}

#define cleanup_written __attribute__((cleanup(release_written)))

/* The policy that the words are, as long as they stand for what they stood for. */
static int read_past(const struct written *written, struct cgfence_policy **policy,
		     struct cgfence_error *error)
{
	int result = policy_memory_read_past(written->root, &written->past, policy, error);

	if (result == 0)
		policy_memory_fit(*policy, written->in_force);
	return result;
}

/* Return: false if nothing is remembered, or it is not the policy in force, which is edited in numbers then. */
static bool open_written(const char *packed, struct written *written)
{
	cleanup_policy struct cgfence_policy *same = NULL;

	return packed && policy_memory_unpack(packed, &written->root, &written->past, NULL) == 0 &&
	       read_past(written, &same, NULL) == 0 && policy_equal(same, written->in_force);
}

/* Has the edit nothing left to do? */
static bool is_done(const struct cgfence_policy *policy, const struct cgfence_edit *edit)
{
	cleanup_policy struct cgfence_policy *edited = NULL;

	return policy_edit(policy, edit, &edited, NULL) == 0 && policy_equal(policy, edited);
}

/* Replaces a section by that of the policy of numbers. */
static int put_section(struct written *written, const struct cgfence_policy *numbers,
		       const char *key)
{
	cleanup_json json_t *source = policy_memory_source(numbers);

	return json_object_set(written->root, key, json_object_get(source, key)) ? -ENOMEM : 0;
}

/* Trims entries of the edit's words and devices, and adds the edit's entry to the list unless that is enough. */
static int edit_lists(struct written *written, const struct cgfence_edit *edit,
		      struct cgfence_policy **edited, struct cgfence_error *error)
{
	int result = edit_lists_trim(written->root, &written->past, edit);

	if (result)
		return error_out_of_memory(error);
	result = read_past(written, edited, error);
	if (result || (is_done(*edited, edit) && edit->entries.count))
		return result;
	/* What stands for nothing now cannot be denied. */
	if (edit->action == CGFENCE_REVOKE && !edit->entries.count)
		return 0;
	cgfence_policy_free(*edited);
	*edited = NULL;
	if (edit_lists_append(written->root, &written->past, edit))
		return error_out_of_memory(error);
	return read_past(written, edited, error);
}

static int edit_devices(struct written *written, const struct cgfence_policy *numbers,
			const struct cgfence_edit *edit, struct cgfence_policy **edited,
			struct cgfence_error *error)
{
	if (edit_lists_open(written->root))
		return error_out_of_memory(error);
	if (written->past.count || edit_lists_is_words(edit))
		return edit_lists(written, edit, edited, error);
	return put_section(written, numbers, "devices") ? error_out_of_memory(error)
							: read_past(written, edited, error);
}

static int edit_written(struct written *written, const struct cgfence_policy *numbers,
			const struct cgfence_edit *edit, struct cgfence_policy **edited,
			struct cgfence_error *error)
{
	cleanup_policy struct cgfence_policy *made = NULL;
	int result;

	if (edit->topic == CGFENCE_TOPIC_DEVICES)
		result = edit_devices(written, numbers, edit, &made, error);
	else if (put_section(written, numbers, "ports"))
		result = error_out_of_memory(error);
	else
		result = read_past(written, &made, error);
	if (result == 0)
		*edited = cleanup_steal(made);
	return result;
}

int policy_edit_written(const struct cgfence_policy *policy, const char *packed,
			const struct cgfence_edit *edit, struct cgfence_policy **edited,
			bool *changed, struct cgfence_error *error)
{
	cleanup_written struct written written = { .in_force = policy };
	cleanup_policy struct cgfence_policy *numbers = NULL;
	int result = policy_edit(policy, edit, &numbers, error);
	/* What stands for nothing now changes no number. */
	bool idle = result == 0 && policy_equal(policy, numbers) &&
		    (edit->topic == CGFENCE_TOPIC_PORTS || edit->entries.count);

	if (result)
		return result;
	if (idle || !open_written(packed, &written)) {
		*changed = !policy_equal(policy, numbers);
		*edited = cleanup_steal(numbers);
		return 0;
	}
	result = edit_written(&written, numbers, edit, edited, error);
	if (result == 0)
		*changed = policy_memory_differs(*edited, packed);
	return result;
}
