// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Configurations of other systems, and what their own programs say of some requests. */
#include "base/cleanup.h"
#include "unit/support/import_text.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

#define DIRECTORY "tests/import/"
#define SOURCES_MAX 4

static char *read_text(const char *name, size_t *length)
{
	cleanup_free char *path = NULL;
	char *text = NULL;
	size_t size = 0;
	ssize_t got;
	FILE *file;

	cr_assert(asprintf(&path, DIRECTORY "%s", name) >= 0);
	file = fopen(path, "re");
	cr_assert_not_null(file, "%s", path);
	got = getdelim(&text, &size, '\0', file);
	fclose(file);
	cr_assert(got > 0, "%s", path);
	*length = (size_t)got;
	return text;
}

static struct imported run_case(const json_t *one)
{
	const json_t *files = json_object_get(one, "files");
	struct cgfence_import_source sources[SOURCES_MAX] = { 0 };
	struct imported imported;
	const json_t *file;
	size_t index;

	cr_assert_leq(json_array_size(files), SOURCES_MAX);
	json_array_foreach (files, index, file) {
		sources[index].name = json_string_value(file);
		sources[index].text = read_text(sources[index].name, &sources[index].length);
	}
	imported = import_text_run(json_string_value(json_object_get(one, "from")),
				   json_string_value(json_object_get(one, "part")), sources,
				   json_array_size(files), json_object_get(one, "assume"));
	for (size_t i = 0; i < SOURCES_MAX; i++)
		free((char *)sources[i].text);
	return imported;
}

static bool port_is_allowed(const struct cgfence_policy *policy, const json_t *verdict)
{
	struct cgfence_explanation explanation = { .allowed = true };
	struct cgfence_port_request asked;

	cr_assert_eq(cgfence_port_request_parse(json_string_value(json_array_get(verdict, 0)),
						json_string_value(json_array_get(verdict, 1)),
						&asked, NULL),
		     0);
	cr_assert_eq(cgfence_policy_explain_port(policy, &asked, &explanation, NULL), 0);
	return explanation.allowed;
}

static void expect_verdicts(const char *name, const json_t *one, const struct imported *imported)
{
	cleanup_policy struct cgfence_policy *policy = import_text_policy(imported);
	const json_t *verdict;
	size_t index;

	json_array_foreach (json_object_get(one, "devices"), index, verdict) {
		const char *request = json_string_value(json_array_get(verdict, 0));
		const char *word = json_string_value(json_array_get(verdict, 1));

		cr_expect_eq(import_text_allows(policy, request), strcmp(word, "allow") == 0,
			     "%s: %s: not %s: %s\n%s", name, request, word, imported->text,
			     imported->remarks);
	}
	json_array_foreach (json_object_get(one, "ports"), index, verdict) {
		const char *word = json_string_value(json_array_get(verdict, 2));

		cr_expect_eq(port_is_allowed(policy, verdict), strcmp(word, "allow") == 0,
			     "%s: port %zu: not %s: %s", name, index, word, imported->text);
	}
	if (json_object_get(one, "ports") && !json_object_get(one, "devices"))
		cr_expect_not(cgfence_policy_fences(policy, CGFENCE_TOPIC_DEVICES), "%s", name);
	if (json_object_get(one, "devices") && !json_object_get(one, "ports"))
		cr_expect_not(cgfence_policy_fences(policy, CGFENCE_TOPIC_PORTS), "%s", name);
}

static void expect_case(const char *path)
{
	json_error_t syntax;
	json_t *one = json_load_file(path, 0, &syntax);
	cleanup_imported struct imported imported = { 0 };
	const json_t *remark;
	size_t index;

	cr_assert_not_null(one, "%s: %s", path, syntax.text);
	imported = run_case(one);
	json_array_foreach (json_object_get(one, "remarks"), index, remark)
		cr_expect(strstr(imported.remarks, json_string_value(remark)),
			  "%s: '%s' is not in: %s", path, json_string_value(remark),
			  imported.remarks);
	if (json_is_true(json_object_get(one, "none")))
		cr_expect_eq(imported.result, -ENODATA, "%s: %s", path, imported.error.text);
	else
		expect_verdicts(path, one, &imported);
	json_decref(one);
}

Test(import_cases, hold)
{
	glob_t found = { 0 };

	cr_assert_eq(glob(DIRECTORY "*.case.json", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		expect_case(found.gl_pathv[i]);
	globfree(&found);
	policy_text_expect_no_leak();
}
