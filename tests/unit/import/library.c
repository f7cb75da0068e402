// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The policies of tools/policies, against what the configurations that they stand for come to. */
#include "base/cleanup.h"
#include "policy/learn_touch.h"
#include "unit/support/import_text.h"

#include <cgfence/verdict.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#define LIBRARY "tools/policies/"
#define ORIGINALS "tests/import/library/"

static char *read_text(const char *directory, const char *name, const char *ending)
{
	cleanup_free char *path = NULL;
	char *text = NULL;
	size_t size = 0;
	FILE *file;

	cr_assert(asprintf(&path, "%s%s%s", directory, name, ending) >= 0);
	file = fopen(path, "re");
	cr_assert_not_null(file, "%s", path);
	cr_assert(getdelim(&text, &size, '\0', file) > 0, "%s", path);
	fclose(file);
	return text;
}

static const char *text_of(const json_t *one, const char *key)
{
	return json_string_value(json_object_get(one, key));
}

static bool allows(const struct cgfence_policy *policy, int type, uint32_t major, uint32_t minor,
		   uint8_t access)
{
	const struct lesson_touch touch = { .subject = { .hook = CGFENCE_HOOK_DEVICE,
							 .type = (uint8_t)type,
							 .access = access,
							 .major = major,
							 .minor = minor } };

	return learn_allows(policy, &touch);
}

static void expect_same_device(const char *name, const struct cgfence_policy *policy,
			       const struct cgfence_policy *original, uint32_t major,
			       uint32_t minor)
{
	static const uint8_t requests[] = { BPF_DEVCG_ACC_READ, BPF_DEVCG_ACC_WRITE,
					    BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE,
					    BPF_DEVCG_ACC_MKNOD, 0 };

	for (size_t i = 0; i < 2 * ARRAY_SIZE(requests); i++) {
		int type = i & 1 ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
		uint8_t access = requests[i / 2];

		cr_expect_eq(allows(policy, type, major, minor, access),
			     allows(original, type, major, minor, access), "%s: %c %u:%u %u", name,
			     i & 1 ? 'b' : 'c', major, minor, access);
	}
}

/* What either names and what is beside it, and some devices of every major that drivers have. */
static void expect_same(const char *name, const struct cgfence_policy *policy,
			const struct cgfence_policy *original)
{
	const struct device_rules *const both[] = { &policy->devices, &original->devices };

	for (uint32_t major = 0; major < 520; major++) {
		expect_same_device(name, policy, original, major, 0);
		expect_same_device(name, policy, original, major, 77);
	}
	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < both[i]->count; j++) {
			uint32_t major = cgfence_selector_major(both[i]->items[j].selector);
			uint32_t minor = cgfence_selector_minor(both[i]->items[j].selector);

			for (uint32_t beside = 0; beside < 9; beside++)
				expect_same_device(name, policy, original, major + beside / 3,
						   minor + beside % 3);
		}
	}
}

static void expect_case(const char *path)
{
	json_t *one = json_load_file(path, 0, NULL);
	const char *name = text_of(one, "policy");
	cleanup_free char *text = NULL;
	struct cgfence_import_source source = { 0 };
	cleanup_imported struct imported imported = { 0 };
	cleanup_imported struct imported own = { 0 };
	cleanup_policy struct cgfence_policy *original = NULL;
	cleanup_policy struct cgfence_policy *policy = NULL;

	cr_assert_not_null(name, "%s", path);
	text = read_text(ORIGINALS, text_of(one, "file"), "");
	source = (struct cgfence_import_source){ text_of(one, "file"), text, strlen(text) };
	imported = import_text_run(text_of(one, "from"), NULL, &source, 1,
				   json_object_get(one, "assume"));
	original = import_text_policy(&imported);
	own.text = read_text(LIBRARY, name, ".json");
	own.host = json_incref(imported.host);
	policy = import_text_policy(&own);
	cr_expect_str_eq(cgfence_policy_name(policy), name);
	expect_same(name, policy, original);
	json_decref(one);
}

Test(import_library, says_what_its_originals_say)
{
	glob_t found = { 0 };
	glob_t policies = { 0 };

	cr_assert_eq(glob(ORIGINALS "*.case.json", 0, NULL, &found), 0);
	cr_assert_eq(glob(LIBRARY "*.json", 0, NULL, &policies), 0);
	cr_expect_eq(found.gl_pathc, policies.gl_pathc, "a policy has no original");
	for (size_t i = 0; i < found.gl_pathc; i++)
		expect_case(found.gl_pathv[i]);
	globfree(&found);
	globfree(&policies);
	policy_text_expect_no_leak();
}

/* They are for hosts that have what they name, and valid on any other. */
Test(import_library, is_valid_everywhere)
{
	glob_t policies = { 0 };

	cr_assert_eq(glob(LIBRARY "*.json", 0, NULL, &policies), 0);
	for (size_t i = 0; i < policies.gl_pathc; i++) {
		struct cgfence_policy *policy = NULL;
		struct cgfence_error error = { 0 };

		cr_expect_eq(cgfence_policy_read_file_offline(policies.gl_pathv[i], &policy,
							      &error),
			     0, "%s", error.text);
		cgfence_policy_free(policy);
	}
	globfree(&policies);
}
