// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "policy/memory.h"
#include "policy/write.h"
#include "unit/support/policy_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static char directory[] = "/tmp/cgfence-unit-XXXXXX";

static void make_directory(void)
{
	cr_assert_not_null(mkdtemp(directory));
}

/* @target: NULL for none */
static void put(const char *name, const char *target)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	unlink(path);
	if (target)
		cr_assert_eq(symlink(target, path), 0);
}

static void remove_directory(void)
{
	put("a", NULL);
	put("b", NULL);
	cr_expect_eq(rmdir(directory), 0);
}

TestSuite(policy_memory, .init = make_directory, .fini = remove_directory);

/* @format: with %s for the directory, twice at most */
static struct cgfence_policy *parse(const char *format)
{
	char text[512];

	snprintf(text, sizeof(text), format, directory, directory);
	return policy_text_parse(text);
}

static char *pack(const struct cgfence_policy *policy)
{
	struct cgfence_error error = { 0 };
	char *packed = NULL;

	cr_assert_eq(policy_memory_pack(policy, &packed, &error), 0, "%s", error.text);
	return packed;
}

/* Resolves again what was packed, which then is what the devices mean, and packs that. */
static void expect_again(char **packed, const char *devices)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	cleanup_policy struct cgfence_policy *wanted = policy_text_parse(devices);
	cleanup_free char *text = policy_text_format(wanted);
	cleanup_free char *now = NULL;
	struct cgfence_error error = { 0 };

	cr_assert_eq(policy_memory_read(*packed, &policy, &error), 0, "%s", error.text);
	now = policy_text_format(policy);
	cr_expect_str_eq(now, text, "is %s\n  not %s", now, text);
	free(*packed);
	*packed = pack(policy);
}

Test(policy_memory, words_are_resolved_again)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	cleanup_free char *packed = NULL;

	put("a", "/dev/null");
	put("b", "/dev/zero");
	policy = parse("{`devices`:{`allow`:[`%s/[ab] r`,`c 10:229 r`]}}");
	packed = pack(policy);
	expect_again(&packed, "{`devices`:{`allow`:[`c 1:3 r`,`c 1:5 r`,`c 10:229 r`]}}");
	put("a", "/dev/full");
	expect_again(&packed, "{`devices`:{`allow`:[`c 1:7 r`,`c 1:5 r`,`c 10:229 r`]}}");
	put("b", "/proc/self/status");
	expect_again(&packed, "{`devices`:{`allow`:[`c 1:7 r`,`c 10:229 r`]}}");
}

/* Its numbers may be those of another device by now. */
Test(policy_memory, what_is_allowed_and_gone_is_not_allowed_any_more)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	cleanup_free char *packed = NULL;

	put("a", "/dev/null");
	policy = parse("{`devices`:{`allow`:[`%s/a r`,{`path`:`%s/a`,`access`:`w`}]}}");
	packed = pack(policy);
	put("a", NULL);
	expect_again(&packed, "{`devices`:{}}");
	put("a", "/dev/zero");
	expect_again(&packed, "{`devices`:{`allow`:[`c 1:5 rw`]}}");
}

Test(policy_memory, what_is_denied_and_gone_keeps_its_numbers)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	cleanup_free char *packed = NULL;

	put("a", "/dev/null");
	put("b", "/dev/zero");
	policy = parse("{`devices`:{`defaults`:true,`deny`:[`%s/a w`,`c 1:7 r`,`%s/b* r`]}}");
	packed = pack(policy);
	put("a", NULL);
	put("b", "/dev/full");
	expect_again(&packed, "{`devices`:{`defaults`:true,`deny`:[`c 1:3 w`,`c 1:7 r`]}}");
	/* However often, and not those of another entry. */
	put("b", NULL);
	expect_again(&packed, "{`devices`:{`defaults`:true,`deny`:[`c 1:3 w`,`c 1:7 r`]}}");
	put("a", "/dev/random");
	expect_again(&packed, "{`devices`:{`defaults`:true,`deny`:[`c 1:8 w`,`c 1:7 r`]}}");
}

Test(policy_memory, a_limit_of_the_host_is_not_taken_for_a_device_that_is_gone)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	cleanup_policy struct cgfence_policy *again = NULL;
	cleanup_free char *packed = NULL;
	struct cgfence_error error = { 0 };
	struct rlimit before;
	struct rlimit none;

	put("a", "/dev/null");
	policy = parse("{`devices`:{`allow`:[`%s/* r`]}}");
	packed = pack(policy);
	/* A pattern needs a descriptor to look into a directory. */
	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ 0, before.rlim_max };
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	cr_expect_neq(policy_memory_read(packed, &again, &error), 0);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	cr_expect_null(again);
}

Test(policy_memory, what_is_written_otherwise_is_told_apart)
{
	cleanup_policy struct cgfence_policy *words =
		policy_text_parse("{`devices`:{`allow`:[`/dev/null r`]}}");
	cleanup_policy struct cgfence_policy *numbers =
		policy_text_parse("{`devices`:{`allow`:[`c 1:3 r`]}}");
	cleanup_policy struct cgfence_policy *others =
		policy_text_parse("{`devices`:{`allow`:[`c 1:3 r`,`c 1:3 r`]}}");
	cleanup_free char *packed_words = pack(words);
	cleanup_free char *packed = pack(numbers);

	cr_expect(policy_memory_differs(words, packed));
	cr_expect(policy_memory_differs(numbers, packed_words));
	cr_expect_not(policy_memory_differs(words, packed_words));
	cr_expect_not(policy_memory_differs(numbers, packed));
	cr_expect(policy_memory_differs(others, packed));
	cr_expect(policy_memory_differs(numbers, NULL));
}

Test(policy_memory, what_is_damaged_is_told_as_such)
{
	static const char *const damaged[] = { "",
					       "{}",
					       "[]",
					       "{\"written\":{}}",
					       "{\"written\":[],\"stood_for\":[]}",
					       "{\"written\":{},\"stood_for\":{}" };

	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
		struct cgfence_policy *policy = NULL;
		struct cgfence_error error = { 0 };
		char *text = NULL;

		cr_expect_eq(policy_memory_format(damaged[i], &text, &error), -EINVAL);
		cr_expect_not_null(strstr(error.text, "damaged"));
		cr_expect_eq(policy_memory_read(damaged[i], &policy, &error), -EINVAL);
	}
}
