// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "unit/support/policy_text.h"
#include "support/random_policy.h"

#include <stdio.h>
#include <string.h>

#define R BPF_DEVCG_ACC_READ
#define W BPF_DEVCG_ACC_WRITE
#define M BPF_DEVCG_ACC_MKNOD

static struct cgfence_explanation explain(const struct cgfence_policy *policy, char type, int major,
					  int minor, uint8_t access)
{
	const struct cgfence_device_request request = {
		.type = type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK,
		.major = (uint32_t)major,
		.minor = (uint32_t)minor,
		.access = access,
	};
	struct cgfence_explanation explanation = { 0 };
	struct cgfence_error error = { 0 };

	cr_assert_eq(cgfence_policy_explain_device(policy, &request, &explanation, &error), 0, "%s",
		     error.text);
	return explanation;
}

Test(explain, reasons)
{
	static const struct {
		const char *devices;
		const char *device;
		uint8_t access;
		bool allowed;
		const char *reason;
	} cases[] = {
		{ "{}", "c 1:3", R, false, "no allow entry matches the device" },
		{ "{}", "c 1:3", 0, false, "no allow entry matches the device" },
		{ "{`allow`: [`b 1:3 r`, `c 1:4 r`]}", "c 1:3", R, false,
		  "no allow entry matches the device" },
		{ "{`deny`: [`c 1:3 w`]}", "c 1:3", R, false, "no allow entry matches the device" },
		/* The covering entry, the most exact first; entries with the same numbers count together. */
		{ "{`allow`: [`c 1:3 rw`]}", "c 1:3", R, true,
		  "the allow entry 'c 1:3 rw' covers it" },
		{ "{`allow`: [`c 1:3 r`, `a 1:3 w`]}", "c 1:3", R | W, true,
		  "the allow entry 'c 1:3 rw' covers it" },
		{ "{`allow`: [`c *:* r`, `c *:3 r`, `c 1:* r`, `c 1:3 r`]}", "c 1:3", R, true,
		  "the allow entry 'c 1:3 r' covers it" },
		{ "{`allow`: [`c *:* r`, `c *:3 r`, `c 1:* r`, `c 1:3 w`]}", "c 1:3", R, true,
		  "the allow entry 'c 1:* r' covers it" },
		{ "{`allow`: [`c *:* r`, `c *:3 r`]}", "c 1:3", R, true,
		  "the allow entry 'c *:3 r' covers it" },
		{ "{`allow`: [`a *:* m`]}", "b 7:1", 0, true,
		  "the allow entry 'b *:* m' covers it" },
		{ "{`defaults`: true}", "c 1:3", R | W, true,
		  "the default entry 'c 1:3 rwm' covers it" },
		{ "{`defaults`: true}", "b 8:0", M, true, "the default entry 'b *:* m' covers it" },
		{ "{`defaults`: true}", "c 136:9", R, true,
		  "the default entry 'c 136:* rwm' covers it" },
		{ "{`defaults`: true, `allow`: [`b *:* r`]}", "b 8:0", R, true,
		  "the allow entry 'b *:* rm' covers it" },
		{ "{`allow`: [`c 1:3 rwm`]}", "c 1:3", R, true,
		  "the allow entry 'c 1:3 rwm' covers it" },
		/* The denying entry, and how much it denies. */
		{ "{`allow`: [`c 1:3 rwm`], `deny`: [`c 1:3 w`]}", "c 1:3", W, false,
		  "the deny entry 'c 1:3 w' takes all of it" },
		{ "{`allow`: [`c 1:3 rwm`], `deny`: [`c 1:3 w`]}", "c 1:3", R | W, false,
		  "the deny entry 'c 1:3 w' takes a part of it" },
		{ "{`allow`: [`c 1:3 rwm`], `deny`: [`c 1:* m`, `a *:* rw`]}", "c 1:3", W, false,
		  "the deny entry 'c *:* rw' takes all of it" },
		{ "{`deny`: [`c *:* r`, `c *:3 r`, `c 1:* r`, `c 1:3 r`]}", "c 1:3", R, false,
		  "the deny entry 'c 1:3 r' takes all of it" },
		{ "{`deny`: [`c *:3 r`]}", "c 1:3", R, false,
		  "the deny entry 'c *:3 r' takes all of it" },
		{ "{`defaults`: true, `deny`: [`c 1:* w`]}", "c 1:3", R | W, false,
		  "the deny entry 'c 1:* w' takes a part of it" },
		/* An entry that matches and does not suffice. */
		{ "{`allow`: [`c 1:3 r`]}", "c 1:3", R | W, false,
		  "only 'c 1:3 r' matches the device, and does not grant all of it" },
		{ "{`defaults`: true}", "c 10:229", R, false,
		  "only 'c *:* m' matches the device, and does not grant all of it" },
		{ "{`allow`: [`c 1:3 r`, `c 1:* w`]}", "c 1:3", R | W, false,
		  "only 'c 1:3 r', 'c 1:* w' match the device, and different entries do not add up" },
		{ "{`allow`: [`c 1:* r`, `c *:3 w`, `c *:* m`]}", "c 1:3", R | W | M, false,
		  "only 'c 1:* r', 'c *:3 w', 'c *:* m' match the device, and different entries do not add up" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_policy struct cgfence_policy *policy = NULL;
		struct cgfence_explanation explanation;
		char text[256];
		char type = 0;
		int major = 0;
		int minor = 0;

		snprintf(text, sizeof(text), "{`devices`: %s}", cases[i].devices);
		policy = policy_text_parse(text);
		cr_assert_eq(sscanf(cases[i].device, "%c %d:%d", &type, &major, &minor), 3);
		explanation = explain(policy, type, major, minor, cases[i].access);
		cr_expect_eq(explanation.allowed, cases[i].allowed, "%s: %s", cases[i].devices,
			     cases[i].device);
		cr_expect_str_eq(explanation.reason, cases[i].reason, "%s: %s\n  is     %s",
				 cases[i].devices, cases[i].device, explanation.reason);
	}
}

Test(explain, the_longest_reason_is_whole)
{
	cleanup_policy struct cgfence_policy *policy = policy_text_parse(
		"{`devices`: {`allow`: [`c 4095:1048575 r`, `c 4095:* w`, `c *:1048575 r`, `c *:* w`]}}");

	cr_expect_str_eq(
		explain(policy, 'c', 4095, 1048575, R | W).reason,
		"only 'c 4095:1048575 r', 'c 4095:* w', 'c *:1048575 r', 'c *:* w' match the device, and different entries do not add up");
}

Test(explain, a_policy_without_devices_allows_them)
{
	cleanup_policy struct cgfence_policy *policy = policy_text_parse("{`ports`: []}");
	struct cgfence_explanation explanation = explain(policy, 'b', 8, 0, R | W | M);

	cr_expect(explanation.allowed);
	cr_expect_str_eq(explanation.reason, "devices are not fenced");
}

/* The entry between the first two quotation marks of a reason. */
static bool quoted_entry(const char *reason, struct device_entry *entry)
{
	const char *start = strchr(reason, '\'');
	const char *end = start ? strchr(start + 1, '\'') : NULL;
	char text[64];

	if (!end)
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)(end - start - 1), start + 1);
	return device_entry_parse(text, entry, NULL) == 0;
}

/* Does the reason agree with the words of the specification? */
static void expect_reason_fits(const struct cgfence_explanation *explanation, char type, int major,
			       int minor, uint8_t access, const char *policy)
{
	struct device_entry entry;

	if (!quoted_entry(explanation->reason, &entry)) {
		cr_assert_str_eq(explanation->reason, "no allow entry matches the device", "%s",
				 policy);
		return;
	}
	cr_assert(type == 'c' ? entry.character : entry.block, "%s: %s", policy,
		  explanation->reason);
	cr_assert(entry.any_major || entry.major == (uint32_t)major, "%s: %s", policy,
		  explanation->reason);
	cr_assert(entry.any_minor || entry.minor == (uint32_t)minor, "%s: %s", policy,
		  explanation->reason);
	if (explanation->allowed)
		cr_assert_eq(access & ~entry.access, 0, "%s: %s", policy, explanation->reason);
	else if (strncmp(explanation->reason, "the deny entry", 14) == 0)
		cr_assert_neq(access & entry.access, 0, "%s: %s", policy, explanation->reason);
	else
		cr_assert_neq(access & ~entry.access, 0, "%s: %s", policy, explanation->reason);
}

/* Opening it, of either type, and making the whiteout; of a block device of these numbers making alone is asked about. */
Test(explain, what_the_kernel_does_not_ask_is_allowed_by_every_policy)
{
	static const struct {
		const char *reason;
		int minor;
		char type;
		uint8_t access;
		bool allowed;
	} cases[] = {
		{ "no device program about mknod of c 0:0, the whiteout of overlayfs", 0, 'c', M,
		  true },
		{ "no device program about opening 0:0, which is no device", 0, 'c', R, true },
		{ "the whiteout of overlayfs, nor about opening 0:0", 0, 'c', R | W | M, true },
		{ "no device program about opening 0:0, which is no device", 0, 'b', R | W, true },
		{ "the deny entry 'b *:* rwm' takes all of it", 0, 'b', M, false },
		{ "the deny entry 'b *:* rwm' takes all of it", 0, 'b', R | M, false },
		{ "the deny entry", 1, 'c', M, false },
		{ "the deny entry", 1, 'c', R, false },
	};
	cleanup_policy struct cgfence_policy *policy =
		policy_text_parse("{`devices`: {`deny`: [`a *:* rwm`]}}");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cgfence_explanation explanation =
			explain(policy, cases[i].type, 0, cases[i].minor, cases[i].access);

		cr_expect_eq(explanation.allowed, cases[i].allowed, "%zu: %s", i,
			     explanation.reason);
		cr_expect_not_null(strstr(explanation.reason, cases[i].reason), "%zu: %s", i,
				   explanation.reason);
	}
}

Test(explain, agrees_with_the_specification_on_random_policies)
{
	uint64_t state = 9;

	for (int i = 0; i < 1500; i++) {
		struct spoken_entry entries[RANDOM_ENTRIES_MAX + 14];
		struct random_policy random = random_policy_devices(&state);
		cleanup_free char *text = random_policy_text(&random, &state, false);
		cleanup_policy struct cgfence_policy *policy = policy_text_parse(text);
		size_t count = reference_expand(&random, entries);

		for (int j = 0; j < 40; j++) {
			char type = "bc"[random_below(&state, 2)];
			int major = (int)random_below(&state, RANDOM_MAJORS + 1);
			int minor = (int)random_below(&state, RANDOM_MINORS + 1);
			uint8_t access = (uint8_t)random_below(&state, 8);
			struct cgfence_explanation explanation =
				explain(policy, type, major, minor, access);

			/* About some of it the kernel does not ask. */
			if (!major && !minor)
				continue;
			cr_assert_eq(explanation.allowed,
				     reference_allows(entries, count, type, major, minor, access),
				     "%s: %c %d:%d access %u: %s", text, type, major, minor, access,
				     explanation.reason);
			expect_reason_fits(&explanation, type, major, minor, access, text);
		}
	}
	policy_text_expect_no_leak();
}
