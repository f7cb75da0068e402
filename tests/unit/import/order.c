// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Ordered lists on each dialect: tests/import/order-matrix.json has what runc 1.1.5, crun 1.8.1, the v1 controller and
 * LXC 5.0.2 answered, A for allowed.
 */
#include "base/cleanup.h"
#include "unit/support/import_text.h"

#include <stdio.h>
#include <string.h>

/* A rule "deny c 10:237 w" as an element of linux.resources.devices. */
static json_t *make_oci_rule(const char *rule)
{
	char word[6];
	char type = 0;
	char major[8] = "*";
	char minor[8] = "*";
	char access[4] = "rwm";
	json_t *made;

	cr_assert_geq(sscanf(rule, "%5s %c %7[^:]:%7s %3s", word, &type, major, minor, access), 2);
	made = json_pack("{s:b, s:s}", "allow", strcmp(word, "allow") == 0, "access", access);
	json_object_set_new(made, "type", json_sprintf("%c", type));
	if (*major != '*')
		json_object_set_new(made, "major", json_integer(atoi(major)));
	if (*minor != '*')
		json_object_set_new(made, "minor", json_integer(atoi(minor)));
	return made;
}

static char *make_oci(const json_t *rules)
{
	json_t *list = json_array();
	const json_t *rule;
	json_t *root;
	size_t index;
	char *text;

	json_array_foreach (rules, index, rule)
		json_array_append_new(list, make_oci_rule(json_string_value(rule)));
	root = json_pack("{s:{s:{s:o}}}", "linux", "resources", "devices", list);
	text = json_dumps(root, 0);
	json_decref(root);
	return text;
}

static char *make_lines(const json_t *rules, const char *prefix)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	const json_t *rule;
	size_t index;

	json_array_foreach (rules, index, rule) {
		const char *words = json_string_value(rule);
		size_t word = strcspn(words, " ");

		fprintf(stream, "%s%.*s = %s\n", prefix, (int)word, words, words + word + 1);
	}
	fclose(stream);
	return text;
}

static char *make_text(const char *dialect, const json_t *rules)
{
	if (strcmp(dialect, "lxc") == 0)
		return make_lines(rules, "lxc.cgroup2.devices.");
	if (strcmp(dialect, "cgroup1") == 0)
		return make_lines(rules, "devices.");
	return make_oci(rules);
}

static void format_verdicts(const struct imported *imported, const json_t *requests, char *text)
{
	cleanup_policy struct cgfence_policy *policy = import_text_policy(imported);
	const json_t *request;
	size_t index;

	json_array_foreach (requests, index, request) {
		*text++ = import_text_allows(policy, json_string_value(request)) ? 'A' : '-';
		*text++ = ' ';
	}
	text[-1] = '\0';
}

static void expect_list(const json_t *list, const char *dialect, const char *answered,
			const json_t *requests)
{
	const char *stricter =
		json_string_value(json_object_get(json_object_get(list, "stricter"), dialect));
	cleanup_free char *rules = json_dumps(json_object_get(list, "rules"), 0);
	cleanup_free char *text = make_text(dialect, json_object_get(list, "rules"));
	cleanup_imported struct imported imported = import_text_run_one(dialect, text);
	char verdicts[32];

	if (strcmp(answered, "refused") == 0) {
		cr_expect_eq(imported.result, -EINVAL, "%s: %s", dialect, rules);
		return;
	}
	format_verdicts(&imported, requests, verdicts);
	cr_expect_str_eq(verdicts, stricter ? stricter : answered, "%s: %s: %s", dialect, rules,
			 imported.text);
	for (size_t i = 0; i < strlen(verdicts); i++)
		cr_expect(verdicts[i] != 'A' || answered[i] == 'A', "%s: %s: looser", dialect,
			  rules);
	if (stricter)
		cr_expect(strstr(imported.remarks, "the policy allows"), "%s: %s: silent", dialect,
			  rules);
}

Test(import_order, matrix)
{
	json_t *matrix = json_load_file("tests/import/order-matrix.json", 0, NULL);
	const json_t *verdicts;
	const json_t *list;
	const char *dialect;
	size_t index;

	json_array_foreach (json_object_get(matrix, "lists"), index, list) {
		json_object_foreach (json_object_get(list, "verdicts"), dialect, verdicts)
			expect_list(list, dialect, json_string_value(verdicts),
				    json_object_get(matrix, "requests"));
	}
	cr_expect_eq(index, 11);
	json_decref(matrix);
	policy_text_expect_no_leak();
}
