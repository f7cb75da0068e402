// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Looks for edits that are read wrongly, or leave another policy than they promise. The first line is an edit, such as
 * "allow device c 1:3 r" or "revoke port tcp 80"; the rest is the policy.
 */
#include "base/cleanup.h"
#include "fuzz/support/require.h"
#include "image/image.h"
#include "policy/edit.h"

#include <cgfence/verdict.h>
#include <errno.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Cuts the first word off. */
static const char *next_word(char **line)
{
	const char *word = strsep(line, " ");

	return word ? word : "";
}

static int parse(enum cgfence_edit_action action, char *line, struct cgfence_edit **edit,
		 struct cgfence_error *error)
{
	const char *topic = next_word(&line);
	const char *protocol;

	if (strcmp(topic, "device") == 0)
		return cgfence_edit_parse_device(action, line ? line : "", edit, error);
	protocol = next_word(&line);
	return cgfence_edit_parse_ports(action, protocol, line ? line : "", edit, error);
}

static struct cgfence_edit *read_edit(char *line)
{
	enum cgfence_edit_action action = strcmp(next_word(&line), "revoke") == 0 ? CGFENCE_REVOKE
										  : CGFENCE_ALLOW;
	cleanup_edit struct cgfence_edit *again = NULL;
	cleanup_free char *text = NULL;
	struct cgfence_error error = { 0 };
	struct cgfence_edit *edit = NULL;

	if (!line || parse(action, line, &edit, &error)) {
		require(!edit, "it was refused and made", error.text);
		return NULL;
	}
	text = strdup(cgfence_edit_text(edit));
	require(text && parse(action, text, &again, &error) == 0, "what was written is refused",
		error.text);
	require(strcmp(cgfence_edit_text(edit), cgfence_edit_text(again)) == 0,
		"what was written reads back differently", cgfence_edit_text(again));
	return edit;
}

static struct cgfence_image *compile(const struct cgfence_policy *policy)
{
	struct cgfence_image *image = NULL;

	require(image_compile(policy, 1, false, &image, NULL) == 0, "it cannot be compiled", "");
	return image;
}

static bool has_port(const struct cgfence_edit *edit, int family, uint32_t port)
{
	return port_set_has(&edit->ports, (enum port_family)family, (uint16_t)port);
}

/* Every port of the edit is allowed afterwards, or none is assigned; the others are as they were. */
static void check_ports(const struct cgfence_edit *edit, const struct cgfence_policy *before,
			const struct cgfence_policy *after)
{
	cleanup_free struct cgfence_image *image = compile(after);
	const struct port_set *old = &before->ports[edit->protocol];
	const struct port_set *new = &after->ports[edit->protocol];

	for (int family = 0; family < CGFENCE_FAMILY_COUNT; family++) {
		for (uint32_t port = 1; port < 65536; port++) {
			bool had = port_set_has(old, (enum port_family)family, (uint16_t)port);
			bool has = port_set_has(new, (enum port_family)family, (uint16_t)port);

			require(has == (has_port(edit, family, port) ? edit->action == CGFENCE_ALLOW
								     : had),
				"a port is not as it should be", edit->text);
			require(!has || cgfence_port_allowed(image, (int)edit->protocol, family,
							     port),
				"an assigned port is refused", edit->text);
		}
	}
}

/* A device that the entry selects, as a request for @access. */
static uint64_t make_request(const struct device_entry *entry, uint32_t type, uint32_t number,
			     uint32_t access)
{
	return cgfence_device_request(
		access << 16 | type,
		entry->any_major ? number % (CGFENCE_MAJOR_MAX + 1) : entry->major,
		entry->any_minor ? number % (CGFENCE_MINOR_MAX + 1) : entry->minor);
}

/* For some devices of the entry: all of the access is granted afterwards, or none of it, and no other access changes. */
static void check_entry(const struct cgfence_edit *edit, const struct device_entry *entry,
			const struct cgfence_image *before, const struct cgfence_image *after,
			uint32_t type)
{
	static const uint32_t numbers[] = { 0, 1, 3, 8, 10, 229, 4095, 1048575 };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		for (uint32_t access = 1; access <= CGFENCE_ACCESS_MASK; access++) {
			uint64_t request = make_request(entry, type, numbers[i], access);
			bool allowed = cgfence_device_allowed(after, request);

			if (edit->action == CGFENCE_ALLOW && !(access & ~entry->access))
				require(allowed, "it is not allowed", edit->text);
			else if (edit->action == CGFENCE_REVOKE && (access & entry->access))
				require(!allowed, "it is not revoked", edit->text);
			else if (!(access & entry->access) && edit->entries.count == 1)
				require(allowed == cgfence_device_allowed(before, request),
					"another access changed", edit->text);
		}
	}
}

static void check_devices(const struct cgfence_edit *edit, const struct cgfence_policy *before,
			  const struct cgfence_policy *after)
{
	cleanup_free struct cgfence_image *old = compile(before);
	cleanup_free struct cgfence_image *new = compile(after);

	for (size_t i = 0; i < edit->entries.count; i++) {
		const struct device_entry *entry = &edit->entries.items[i];

		if (entry->block)
			check_entry(edit, entry, old, new, BPF_DEVCG_DEV_BLOCK);
		if (entry->character)
			check_entry(edit, entry, old, new, BPF_DEVCG_DEV_CHAR);
	}
}

static void check_twice(const struct cgfence_edit *edit, const struct cgfence_policy *after,
			const char *text)
{
	cleanup_policy struct cgfence_policy *twice = NULL;
	struct cgfence_error error = { 0 };
	cleanup_free char *again = NULL;

	require(policy_edit(after, edit, &twice, &error) == 0, "it is refused the second time",
		error.text);
	again = require_text(twice);
	require(strcmp(text, again) == 0, "the second time it changes something", again);
}

static void check_edit(const struct cgfence_edit *edit, const struct cgfence_policy *policy)
{
	cleanup_policy struct cgfence_policy *edited = NULL;
	struct cgfence_error error = { 0 };
	cleanup_free char *text = NULL;

	if (policy_edit(policy, edit, &edited, &error)) {
		require(!edited && *error.text, "it is refused without a reason", edit->text);
		return;
	}
	text = require_text(edited);
	require_reads_back(text);
	check_twice(edit, edited, text);
	if (edit->topic == CGFENCE_TOPIC_PORTS)
		check_ports(edit, policy, edited);
	else
		check_devices(edit, policy, edited);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
	cleanup_policy struct cgfence_policy *policy = NULL;
	cleanup_edit struct cgfence_edit *edit = NULL;
	cleanup_free char *line = NULL;

	if (!end)
		return 0;
	line = strndup((const char *)data, (size_t)(end - data));
	require(line, "out of memory", "");
	edit = read_edit(line);
	if (edit && cgfence_policy_parse((const char *)end + 1, (size_t)(data + size - end - 1),
					 "fuzz", &policy, NULL) == 0)
		check_edit(edit, policy);
	return 0;
}
