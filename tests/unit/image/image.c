// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "image/image.h"
#include "unit/support/policy_text.h"

#include <stdio.h>
#include <string.h>

#define OTHER_VERSION \
	"it was made by another version of cgfence; attach its policy again with this one"
#define DAMAGED "its policy map is damaged; detach it and attach its policy again"

static struct cgfence_image *compile(const char *text)
{
	cleanup_policy struct cgfence_policy *policy = policy_text_parse(text);
	struct cgfence_image *image = NULL;
	struct cgfence_error error = { 0 };

	cr_assert_eq(image_compile(policy, 7, true, &image, &error), 0, "%s", error.text);
	return image;
}

static struct cgfence_image *compile_example(void)
{
	return compile(
		"{`name`: `example`, `enforce`: false, `devices`: {`defaults`: true, `allow`: [`c 10:229 rw`]}}");
}

Test(image, says_what_the_policy_says)
{
	cleanup_free struct cgfence_image *image = compile_example();
	cleanup_free struct cgfence_image *plain = compile("{`devices`: {}}");
	cleanup_free struct cgfence_image *ports_only = compile("{`ports`: []}");

	cr_expect_eq(image->abi_version, CGFENCE_ABI_VERSION);
	cr_expect_eq(image->generation, 7);
	cr_expect_eq(image->ephemeral, 1);
	cr_expect_eq(image->enforce, 0);
	cr_expect_eq(image->devices.fenced, 1);
	cr_expect_eq(image->devices.base, 1);
	cr_expect_eq(image->name_length, strlen("example"));
	cr_expect_eq(memcmp((const char *)image + image->name_offset, "example", 7), 0);
	/* An array map rounds its values up to this, and would show bytes that nobody set. */
	cr_expect_eq(image->size % 8, 0);
	cr_expect_eq(plain->enforce, 1);
	cr_expect_eq(plain->devices.base, 0);
	cr_expect_eq(plain->name_length, 0);
	cr_expect_eq(ports_only->devices.fenced, 0);
}

Test(image, the_same_policy_makes_the_same_image)
{
	cleanup_free struct cgfence_image *once = compile_example();
	cleanup_free struct cgfence_image *twice = compile_example();

	cr_assert_eq(once->size, twice->size);
	cr_expect_eq(memcmp(once, twice, once->size), 0);
}

/* Each piece is in memory of exactly its size, so that the sanitizer sees a read past its end. */
Test(image, refuses_every_truncation)
{
	cleanup_free struct cgfence_image *image = compile_example();

	cr_assert_eq(image_check(image, image->size, NULL), 0);
	for (size_t size = 0; size < image->size; size++) {
		cleanup_free void *piece = malloc(size ? size : 1);
		struct cgfence_error error = { 0 };

		memcpy(piece, image, size);
		cr_assert_eq(image_check(piece, size, &error), -EINVAL, "%zu bytes", size);
		cr_expect_str_eq(error.text, size < sizeof(*image) ? OTHER_VERSION : DAMAGED,
				 "%zu bytes: %s", size, error.text);
		cr_expect_not(error.invalid_input, "the operator is not at fault");
	}
}

Test(image, refuses_what_is_foreign_or_damaged)
{
	static const struct {
		const char *name;
		size_t offset;
		uint32_t value;
		const char *message;
	} cases[] = {
		{ "no version", offsetof(struct cgfence_image, abi_version), 0, OTHER_VERSION },
		{ "a later version", offsetof(struct cgfence_image, abi_version),
		  CGFENCE_ABI_VERSION + 1, OTHER_VERSION },
		{ "a smaller size", offsetof(struct cgfence_image, size), 88, DAMAGED },
		{ "a larger size", offsetof(struct cgfence_image, size), 1 << 20, DAMAGED },
		{ "too many slots", offsetof(struct cgfence_image, devices.slot_count), 1 << 20,
		  DAMAGED },
		{ "as many slots as can be", offsetof(struct cgfence_image, devices.slot_count),
		  UINT32_MAX, DAMAGED },
		{ "no slot", offsetof(struct cgfence_image, devices.slot_count), 0, DAMAGED },
		{ "slots past the end", offsetof(struct cgfence_image, devices.slots_offset),
		  1 << 20, DAMAGED },
		{ "slots at the end of memory",
		  offsetof(struct cgfence_image, devices.slots_offset), UINT32_MAX - 7, DAMAGED },
		{ "slots in the header", offsetof(struct cgfence_image, devices.slots_offset), 0,
		  DAMAGED },
		{ "slots between words", offsetof(struct cgfence_image, devices.slots_offset),
		  sizeof(struct cgfence_image) + 12, DAMAGED },
		{ "too many buckets", offsetof(struct cgfence_image, devices.bucket_mask),
		  (1 << 20) - 2, DAMAGED },
		{ "as many buckets as can be", offsetof(struct cgfence_image, devices.bucket_mask),
		  UINT32_MAX - 1, DAMAGED },
		{ "parts of buckets", offsetof(struct cgfence_image, devices.bucket_mask), 1,
		  DAMAGED },
		{ "buckets in the header",
		  offsetof(struct cgfence_image, devices.multipliers_offset), 0, DAMAGED },
		{ "buckets past the slots",
		  offsetof(struct cgfence_image, devices.multipliers_offset), 1 << 20, DAMAGED },
		{ "something hot that the table refuses",
		  offsetof(struct cgfence_image, devices.hot), 1, DAMAGED },
		{ "nothing hot that the table allows", offsetof(struct cgfence_image, devices.hot),
		  0, DAMAGED },
		{ "a name past the end", offsetof(struct cgfence_image, name_offset), 1 << 20,
		  DAMAGED },
		{ "a name at the end of memory", offsetof(struct cgfence_image, name_offset),
		  UINT32_MAX, DAMAGED },
		{ "a name too long", offsetof(struct cgfence_image, name_length), 1 << 20,
		  DAMAGED },
		{ "an unknown action", offsetof(struct cgfence_image, ports.on_violation), 3,
		  DAMAGED },
		{ "an unknown guard", offsetof(struct cgfence_image, ports.guard),
		  CGFENCE_GUARD_DENY + 1, DAMAGED },
		{ "a flag that is none", offsetof(struct cgfence_image, enforce), 2, DAMAGED },
		{ "a flag of the ports that is none",
		  offsetof(struct cgfence_image, ports.sctp_any), 0x80000000, DAMAGED },
		{ "a flag of the devices that is none",
		  offsetof(struct cgfence_image, devices.has_by_major), 2, DAMAGED },
		{ "a flag of a set of ports that is none",
		  offsetof(struct cgfence_image, ports.isolated[1].outside), 2, DAMAGED },
		{ "a rule for all devices that has no type",
		  offsetof(struct cgfence_image, devices.any[0]), 1, DAMAGED },
		{ "a name so long that it wraps", offsetof(struct cgfence_image, name_length),
		  UINT32_MAX, DAMAGED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free struct cgfence_image *image = compile_example();
		struct cgfence_error error = { 0 };
		size_t size = image->size;

		memcpy((char *)image + cases[i].offset, &cases[i].value, sizeof(cases[i].value));
		cr_expect_eq(image_check(image, size, &error), -EINVAL, "%s", cases[i].name);
		cr_expect_str_eq(error.text, cases[i].message, "%s: %s", cases[i].name, error.text);
	}
}

Test(image, refuses_bytes_that_follow_it)
{
	cleanup_free struct cgfence_image *image = compile_example();
	cleanup_free struct cgfence_image *longer = calloc(1, image->size + 8);

	memcpy(longer, image, image->size);
	cr_expect_eq(image_check(longer, image->size + 8, NULL), -EINVAL);
}

/* @bits: flipped in the first slot that has a rule, or in the first empty one */
static void expect_damaged(const char *policy, bool empty, uint64_t bits, const char *name)
{
	cleanup_free struct cgfence_image *image = compile(policy);
	uint64_t *slots = (uint64_t *)((char *)image + image->devices.slots_offset);
	struct cgfence_error error = { 0 };

	while (empty == (*slots != 0))
		slots++;
	cr_assert_lt((char *)slots, (char *)image + image->size);
	*slots ^= bits;
	cr_expect_eq(image_check(image, image->size, &error), -EINVAL, "%s", name);
	cr_expect_str_eq(error.text, DAMAGED, "%s: %s", name, error.text);
	*slots ^= bits;
	cr_expect_eq(image_check(image, image->size, NULL), 0, "%s", name);
}

Test(image, refuses_rules_that_none_are)
{
	static const char one[] = "{`devices`: {`allow`: [`c 10:229 rw`]}}";
	static const struct {
		const char *name;
		uint64_t bits;
	} cases[] = {
		{ "both types", CGFENCE_SELECTOR_BLOCK },
		{ "no type", CGFENCE_SELECTOR_CHAR },
		{ "a number beside the wildcard", CGFENCE_SELECTOR_ANY_MINOR },
		{ "another number beside its wildcard", CGFENCE_SELECTOR_ANY_MAJOR },
		{ "no access", 3ULL << 49 },
		{ "a bit of no meaning in the selector", 1ULL << 40 },
		{ "a bit of no meaning above the access", 1ULL << 54 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		expect_damaged(one, false, cases[i].bits, cases[i].name);
	expect_damaged(one, false, CGFENCE_SELECTOR_ANY_MINOR | 229,
		       "a wildcard that the header does not tell");
	expect_damaged(one, false,
		       CGFENCE_SELECTOR_ANY_MAJOR | 10ULL << CGFENCE_SELECTOR_MINOR_BITS,
		       "another wildcard that the header does not tell");
	expect_damaged(one, false,
		       CGFENCE_SELECTOR_ANY_MINOR | CGFENCE_SELECTOR_ANY_MAJOR | 229 |
			       10ULL << CGFENCE_SELECTOR_MINOR_BITS,
		       "the place of a rule for all devices");
	expect_damaged("{`devices`: {}}", true, 1, "a rule where there is none");
}

Test(image, refuses_a_rule_for_all_devices_of_the_other_type)
{
	cleanup_free struct cgfence_image *image = compile("{`devices`: {`allow`: [`c *:* r`]}}");

	cr_assert_eq(image->devices.any[0], 0);
	image->devices.any[0] = image->devices.any[1];
	cr_expect_eq(image_check(image, image->size, NULL), -EINVAL);
}

Test(image, refuses_names_that_no_policy_has)
{
	static const char *const names[] = { "\xff"
					     "abc",
					     "", "ab" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		cleanup_free struct cgfence_image *image =
			compile("{`name`: `name`, `devices`: {}}");
		struct cgfence_policy *policy = NULL;
		struct cgfence_error error = { 0 };

		strncpy((char *)image + image->name_offset, names[i], image->name_length);
		cr_assert_eq(image_check(image, image->size, NULL), 0);
		cr_expect_eq(image_decompile(image, &policy, &error), -EINVAL, "'%s'", names[i]);
		cr_expect_str_eq(error.text, DAMAGED);
		cr_expect_not(error.invalid_input, "the operator is not at fault");
		cr_expect_null(policy);
	}
}

Test(image, decompiles_to_the_policy)
{
	static const char *const texts[] = {
		"{`devices`: {}}",
		"{`devices`: {`defaults`: true}}",
		"{`devices`: {`defaults`: true, `deny`: [`c 1:3 w`]}, `enforce`: false}",
		"{`devices`: {`allow`: [`a *:* rwm`, `b 8:* r`, `c *:7 w`], `deny`: [`a 4095:1048575 m`]}}",
		"{`devices`: {}, `name`: `n`}",
		"{`devices`: {}, `name`: `eight by`}",
		"{`devices`: {}, `name`: `\u00e9t\u00e9 \U0001f600`}",
		"{`devices`: {}, `name`: `a name that is much longer than the sixteen bytes which the kernel gives to a program`}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		cleanup_policy struct cgfence_policy *policy = policy_text_parse(texts[i]);
		cleanup_policy struct cgfence_policy *back = NULL;
		cleanup_free struct cgfence_image *image = compile(texts[i]);

		cr_assert_eq(image_check(image, image->size, NULL), 0, "%s", texts[i]);
		cr_assert_eq(image_decompile(image, &back, NULL), 0, "%s", texts[i]);
		policy_text_expect_same(policy, back, texts[i]);
	}
	policy_text_expect_no_leak();
}
