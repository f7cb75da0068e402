// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/read.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "policy/except.h"
#include "policy/policy.h"
#include "policy/read_devices.h"
#include "policy/read_ports.h"
#include "policy/source.h"

#include <errno.h>
#include <string.h>

static int read_netns(struct reader *reader, const json_t *value, void *target)
{
	int word = 0;
	int result = reader_read_word(reader, value, policy_netns_words, &word);

	*(enum policy_netns *)target = (enum policy_netns)word;
	return result;
}

static int read_on_violation(struct reader *reader, const json_t *value, void *target)
{
	int word = 0;
	int result = reader_read_word(reader, value, policy_on_violation_words, &word);

	*(enum policy_on_violation *)target = (enum policy_on_violation)word;
	return result;
}

static int read_cgroup(struct reader *reader, const json_t *value, void *target)
{
	struct cgfence_policy *policy = target;

	policy->cgroup_at = reader_position(reader);
	return reader_read_string(reader, value, &policy->cgroup);
}

static int read_except(struct reader *reader, const json_t *value, void *target)
{
	struct cgfence_policy *policy = target;

	policy->except_at = reader_position(reader);
	return policy_read_except(reader, value, &policy->except);
}

/* Editors find the schema by it. */
static int ignore_schema(struct reader *reader, const json_t *value, void *target)
{
	(void)target;
	return json_is_string(value) ? 0 : reader_refuse(reader, value, "this must be a string");
}

static const struct reader_key policy_keys[] = {
	{ "name", reader_read_string, offsetof(struct cgfence_policy, name) },
	{ "cgroup", read_cgroup, 0 },
	{ "except", read_except, 0 },
	{ "enforce", reader_read_bool, offsetof(struct cgfence_policy, enforce) },
	{ "adopt", reader_read_bool, offsetof(struct cgfence_policy, adopt) },
	{ "devices", policy_read_devices, 0 },
	{ "allowed_devices", policy_read_allowed_devices, 0 },
	{ "ports", policy_read_ports, 0 },
	{ "isolated_range", policy_read_isolated_range, 0 },
	{ "netns", read_netns, offsetof(struct cgfence_policy, netns) },
	{ "privileged_ports", reader_read_bool, offsetof(struct cgfence_policy, privileged_ports) },
	{ "on_violation", read_on_violation, offsetof(struct cgfence_policy, on_violation) },
	{ "$schema", ignore_schema, 0 },
	{ 0 },
};

static void cleanup_free_json(json_t **value)
{
	json_decref(*value);
}

static int read_policy(struct reader *reader, const json_t *root, struct cgfence_policy *policy)
{
	int result = reader_read_object(reader, root, policy_keys, policy);

	if (result)
		return result;
	if (!policy->devices_fenced && !policy->ports_fenced)
		return reader_refuse(
			reader, root,
			"this policy fences nothing; give it a \"devices\" or a \"ports\" section");
	if (policy->devices_base == DEVICE_BASE_CONTAINER && policy->cgroup)
		return reader_refuse_member(
			reader, root, "cgroup",
			"\"container\" stands for what the runtime gives one container, which the hook of a runtime asks for by name; leave this out, or name another list as \"defaults\"");
	/* In the place of programs that refuse, it would let everything pass. */
	if (policy->adopt && (!policy->devices_fenced || !policy->enforce))
		return reader_refuse_member(
			reader, root, "adopt",
			"a policy with \"adopt\" decides for the programs whose place it takes; give it a \"devices\" section, and no \"enforce\": false");
	if (device_base_add(&policy->devices, policy->devices_base))
		return reader_out_of_memory(reader);
	device_rules_normalise(&policy->devices);
	return 0;
}

static bool is_blank(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (!text[i] || !strchr(" \t\r\n", text[i]))
			return false;
	}
	return true;
}

/* Where the words of jansson do not help: nothing at all, a mark before the text, and a byte that it takes for the end. */
static const char *describe_text(const struct reader *reader, const char *otherwise)
{
	static const char mark[] = { '\xef', '\xbb', '\xbf' };

	if (is_blank(reader->text, reader->length))
		return "there is no text; write a policy such as {\"devices\": {\"defaults\": true}}";
	if (reader->length >= sizeof(mark) && memcmp(reader->text, mark, sizeof(mark)) == 0)
		return "a byte order mark is before it; save it as UTF-8 without one";
	if (memchr(reader->text, '\0', reader->length))
		return "there is a NUL byte; save it as UTF-8, and leave out what is no text";
	return otherwise;
}

/* The number that ends at the place of the error is one that no integer holds. */
static int refuse_large(const json_error_t *syntax, const struct reader *reader)
{
	size_t end = (size_t)syntax->position;
	size_t start = end;
	char place[160] = "";
	int length;

	while (start && reader->text[start - 1] &&
	       strchr("0123456789+-.eE", reader->text[start - 1]))
		start--;
	length = (int)(end - start);
	json_place_of_error(reader->text, reader->length, end, place, sizeof(place));
	return error_set_invalid(
		reader->error,
		"%s:%d:%d: %s%s%.*s%s: the number is too big; ports go up to 65535, and no number in a policy is over 1048575",
		reader->origin, syntax->line,
		syntax->column > length ? syntax->column - length + 1 : 1, place,
		*place ? ": " : "", length < 40 ? length : 40, reader->text + start,
		length < 40 ? "" : "...");
}

/* jansson also refuses valid JSON. */
static int refuse_text(const json_error_t *syntax, const struct reader *reader)
{
	const char *before = "";
	char place[160] = "";
	const char *what = syntax->text;
	const char *after = "";

	switch (json_error_code(syntax)) {
	case json_error_duplicate_key:
		json_place_of_error(reader->text, reader->length, (size_t)syntax->position, place,
				    sizeof(place));
		before = ": ";
		after = "; give each key once";
		break;
	case json_error_numeric_overflow:
		return refuse_large(syntax, reader);
	case json_error_null_character:
		json_place_of_error(reader->text, reader->length, (size_t)syntax->position, place,
				    sizeof(place));
		return error_set_invalid(
			reader->error,
			"%s:%d:%d: %s: the text has a NUL character (\\u0000); leave it out",
			reader->origin, syntax->line, syntax->column, place);
	case json_error_null_byte_in_key:
		after = "; no text in a policy has a NUL character";
		break;
	case json_error_stack_overflow:
		after = "; a policy is not nested that deeply";
		break;
	default:
		before = "this is not JSON: ";
		what = describe_text(reader, what);
	}
	/* jansson counts the columns that it has read, which are none at the start of a line. */
	return error_set_invalid(reader->error, "%s:%d:%d: %s%s%s%s", reader->origin, syntax->line,
				 syntax->column > 0 ? syntax->column : 1, place, before, what,
				 after);
}

static int read_text(const char *text, size_t length, const char *origin, unsigned int flags,
		     const struct device_lookups *past, struct cgfence_policy **policy,
		     struct cgfence_error *error)
{
	__attribute__((cleanup(cleanup_free_json))) json_t *root = NULL;
	cleanup_policy struct cgfence_policy *parsed = policy_new();
	cleanup_drivers struct drivers drivers = { 0 };
	struct reader reader = {
		.text = text, .length = length, .origin = origin, .error = error, .flags = flags
	};
	json_error_t syntax;
	int result;

	if (!parsed)
		return reader_out_of_memory(&reader);
	if (length > CGFENCE_POLICY_SIZE_MAX)
		return error_set_invalid(error, "%s: the policy is longer than 1 MiB", origin);
	root = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &syntax);
	if (!root)
		return refuse_text(&syntax, &reader);
	parsed->lookups.past = past;
	parsed->lookups.drivers = &drivers;
	result = read_policy(&reader, root, parsed);
	parsed->lookups.past = NULL;
	parsed->lookups.drivers = NULL;
	if (result)
		return result;
	parsed->unresolved = flags & POLICY_READ_OFFLINE;
	if (policy_source_keep(parsed, root))
		return reader_out_of_memory(&reader);
	*policy = cleanup_steal(parsed);
	return 0;
}

int policy_read(const char *text, size_t length, const char *origin, unsigned int flags,
		struct cgfence_policy **policy, struct cgfence_error *error)
{
	return read_text(text, length, origin, flags, NULL, policy, error);
}

int policy_read_again(const char *text, size_t length, const struct device_lookups *past,
		      unsigned int flags, struct cgfence_policy **policy,
		      struct cgfence_error *error)
{
	return read_text(text, length, "the policy as it was written", flags, past, policy, error);
}

int cgfence_policy_parse(const char *text, size_t length, const char *origin,
			 struct cgfence_policy **policy, struct cgfence_error *error)
{
	return policy_read(text, length, origin, 0, policy, error);
}
