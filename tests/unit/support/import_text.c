// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import_text.h"
#include "base/cleanup.h"
#include "import/host.h"
#include "import/import.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#define LINK "link to "

/* The host of the import that runs; a test is a process of its own. */
static const json_t *described;
static size_t lookups;

static const char *find_node(const json_t *host, const char *path)
{
	return json_string_value(json_object_get(json_object_get(host, "nodes"), path));
}

static bool is_link(const char *path)
{
	const char *node = find_node(described, path);

	return node && strncmp(node, LINK, strlen(LINK)) == 0;
}

static enum import_node look(const char *path, uint32_t *major, uint32_t *minor)
{
	const char *node = find_node(described, path);
	char type = 0;

	if (!node)
		return IMPORT_NODE_ABSENT;
	if (is_link(path))
		node += strlen(LINK);
	if (strstr(node, "directory"))
		return IMPORT_NODE_DIRECTORY;
	if (sscanf(node, "%c %u:%u", &type, major, minor) != 3)
		return IMPORT_NODE_OTHER;
	return type == 'b' ? IMPORT_NODE_BLOCK : IMPORT_NODE_CHARACTER;
}

static int walk(const char *directory, int (*visit)(const char *path, void *context), void *context)
{
	size_t length = strlen(directory);
	const json_t *node;
	const char *path;
	int result = strcmp(find_node(described, directory), "large directory") == 0 ? -E2BIG : 0;

	json_object_foreach ((json_t *)json_object_get(described, "nodes"), path, node) {
		if (strncmp(path, directory, length) == 0 && path[length] == '/' && result == 0)
			result = visit(path, context);
	}
	return result;
}

static void read_drivers(const json_t *host, struct drivers *drivers)
{
	const char *text = json_string_value(json_object_get(host, "proc_devices"));

	cr_assert_eq(drivers_parse(text ? text : "", drivers), 0);
}

static bool find_majors(char type, const char *pattern, struct import_majors *majors)
{
	cleanup_drivers struct drivers drivers = { 0 };

	lookups++;
	read_drivers(described, &drivers);
	return import_find_majors(&drivers, type, pattern, majors);
}

static void add_remark(const char *text, void *context)
{
	struct imported *imported = context;
	char *longer = NULL;

	cr_assert(asprintf(&longer, "%s%s\n", imported->remarks, text) >= 0);
	free(imported->remarks);
	imported->remarks = longer;
}

struct imported import_text_run(const char *dialect, const char *part,
				const struct cgfence_import_source *sources, size_t count,
				const json_t *host)
{
	static const struct import_host here = { look, is_link, walk, find_majors };
	struct imported imported = { .remarks = strdup(""),
				     .host = host ? json_deep_copy(host) : json_object() };

	described = imported.host;
	lookups = 0;
	imported.result = import_run(dialect, part, sources, count, &here, add_remark, &imported,
				     &imported.text, &imported.error);
	cr_assert((imported.result == 0) == !!imported.text);
	cr_assert((imported.result != 0) == !!*imported.error.text);
	return imported;
}

size_t import_text_lookups(void)
{
	return lookups;
}

struct imported import_text_run_one(const char *dialect, const char *text)
{
	const struct cgfence_import_source source = { "f", text, strlen(text) };

	return import_text_run(dialect, NULL, &source, 1, NULL);
}

/* ---- what the words stand for on that host ---- */

static void add_numbers(json_t *list, const char *type, const char *numbers, const char *access)
{
	json_array_append_new(list, json_sprintf("%s %s %s", type, numbers, access));
}

static size_t add_nodes(json_t *list, const json_t *host, const char *pattern, const char *access)
{
	const json_t *node;
	const char *path;
	size_t found = 0;

	json_object_foreach ((json_t *)json_object_get(host, "nodes"), path, node) {
		const char *text = json_string_value(node);

		if (strcmp(text, "directory") != 0 && fnmatch(pattern, path, FNM_PATHNAME) == 0) {
			json_array_append_new(list, json_sprintf("%s %s", text, access));
			found++;
		}
	}
	return found;
}

static size_t add_driver(json_t *list, const json_t *host, const char *type, const char *pattern,
			 const char *access)
{
	cleanup_drivers struct drivers drivers = { 0 };
	size_t found = 0;

	read_drivers(host, &drivers);
	for (size_t i = 0; i < drivers.count; i++) {
		const struct driver *driver = &drivers.items[i];
		char numbers[16];

		if (driver->block != (*type == 'b') || fnmatch(pattern, driver->name, 0) != 0)
			continue;
		snprintf(numbers, sizeof(numbers), "%u:*", driver->major);
		add_numbers(list, type, numbers, access);
		found++;
	}
	return found;
}

static void add_entry(json_t *list, const json_t *host, const char *text)
{
	cleanup_free char *copy = strdup(text);
	bool optional = *copy == '-';
	char *entry = copy + optional;
	char *access = strrchr(entry, ' ');
	size_t found;

	cr_assert_not_null(access);
	*access++ = '\0';
	if (*entry == '/') {
		found = add_nodes(list, host, entry, access);
	} else if (strspn(entry + 2, "0123456789:*") == strlen(entry + 2)) {
		entry[1] = '\0';
		add_numbers(list, entry, entry + 2, access);
		found = 1;
	} else {
		entry[1] = '\0';
		*strrchr(entry + 2, ':') = '\0';
		found = add_driver(list, host, entry, entry + 2, access);
	}
	cr_assert(found || optional, "%s", text);
}

static void resolve(json_t *devices, const char *key, const json_t *host)
{
	json_t *list = json_array();
	const json_t *entry;
	size_t index;

	json_array_foreach (json_object_get(devices, key), index, entry)
		add_entry(list, host, json_string_value(entry));
	json_object_set_new(devices, key, list);
}

struct cgfence_policy *import_text_policy(const struct imported *imported)
{
	struct cgfence_policy *policy = NULL;
	struct cgfence_error error = { 0 };
	cleanup_free char *text = NULL;
	json_t *root;

	cr_assert_eq(imported->result, 0, "%s", imported->error.text);
	root = json_loads(imported->text, 0, NULL);
	if (json_object_get(root, "devices")) {
		resolve(json_object_get(root, "devices"), "allow", imported->host);
		resolve(json_object_get(root, "devices"), "deny", imported->host);
	}
	text = json_dumps(root, 0);
	json_decref(root);
	cr_assert_eq(cgfence_policy_parse(text, strlen(text), "p.json", &policy, &error), 0,
		     "%s: %s", text, error.text);
	return policy;
}

bool import_text_allows(const struct cgfence_policy *policy, const char *request)
{
	struct cgfence_explanation explanation = { .allowed = true };
	struct cgfence_device_request asked;

	cr_assert_eq(cgfence_device_request_parse(request, &asked, NULL), 0, "%s", request);
	cr_assert_eq(cgfence_policy_explain_device(policy, &asked, &explanation, NULL), 0);
	return explanation.allowed;
}

static void expect_text(const char *dialect, const json_t *host,
			const struct import_expectation *one)
{
	cleanup_free char *text = policy_text_unquote(one->text);
	cleanup_free char *remarks = policy_text_unquote(one->remarks);
	const struct cgfence_import_source source = { "f", text, strlen(text) };
	cleanup_imported struct imported imported =
		import_text_run(dialect, NULL, &source, 1, host);
	cleanup_free char *policy = one->policy ? policy_text_unquote(one->policy) : NULL;
	json_t *expected = policy ? json_loads(policy, 0, NULL) : NULL;
	json_t *got = imported.text ? json_loads(imported.text, 0, NULL) : NULL;

	cr_assert_eq(!!expected, !!policy, "%s", one->policy);
	cr_expect(policy ? json_equal(got, expected) : !got, "%s\ngives %s", text,
		  imported.text ? imported.text : imported.error.text);
	cr_expect_str_eq(policy ? imported.remarks : imported.error.text, remarks, "%s\ngives %s%s",
			 text, imported.remarks, imported.error.text);
	json_decref(expected);
	json_decref(got);
}

void import_text_expect(const char *dialect, const char *host,
			const struct import_expectation *cases, size_t count)
{
	cleanup_free char *text = policy_text_unquote(host);
	json_t *read = json_loads(text, 0, NULL);

	cr_assert_not_null(read);
	for (size_t i = 0; i < count; i++)
		expect_text(dialect, read, &cases[i]);
	json_decref(read);
	policy_text_expect_no_leak();
}

void import_text_free(struct imported *imported)
{
	free(imported->text);
	free(imported->remarks);
	json_decref(imported->host);
	*imported = (struct imported){ 0 };
}
