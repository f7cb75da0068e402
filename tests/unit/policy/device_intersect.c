// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/device_intersect.h"
#include "unit/support/policy_text.h"
#include "support/random_policy.h"

#include <cgfence/policy.h>
#include <string.h>

/* @a, @b: entries; @expected: the policy of both, on one line */
static void expect(const char *a, const char *b, const char *expected, bool tightened)
{
	struct cgfence_policy *left = policy_text_parse(a);
	struct cgfence_policy *right = policy_text_parse(b);
	struct device_rules both = { 0 };
	bool is_less = false;
	char *text;

	cr_assert_eq(device_rules_intersect(&left->devices, &right->devices, &both, &is_less), 0);
	device_rules_free(&left->devices);
	left->devices = both;
	text = policy_text_format(left);
	cr_expect_str_eq(text, expected);
	cr_expect_eq(is_less, tightened);
	free(text);
	cgfence_policy_free(left);
	cgfence_policy_free(right);
}

#define ALLOW(entries) "{`devices`: {`allow`: [" entries "]}}"
#define PRINTED(allow, deny)                                                      \
	"{\"enforce\": true,\"devices\": {\"defaults\": false,\"allow\": [" allow \
	"],\"deny\": [" deny "]}}"

Test(device_intersect, what_both_allow)
{
	expect(ALLOW("`c 1:3 rw`"), ALLOW("`c 1:* r`"), PRINTED("\"c 1:3 r\"", ""), false);
	expect(ALLOW("`c 1:* rwm`"), ALLOW("`c *:3 rw`"), PRINTED("\"c 1:3 rw\"", ""), false);
	expect(ALLOW("`c 1:3 rw`"), ALLOW("`b 1:3 rw`"), PRINTED("", ""), false);
}

Test(device_intersect, what_either_denies)
{
	expect("{`devices`: {`allow`: [`c 1:* rw`], `deny`: [`c 1:5 w`]}}", ALLOW("`c *:* rwm`"),
	       PRINTED("\"c 1:* rw\"", "\"c 1:5 w\""), false);
}

/* Each alone lets it be read and be written, but both together not at once. */
Test(device_intersect, entries_that_would_add_up)
{
	expect(ALLOW("`c 1:3 r`, `c 1:* w`"), ALLOW("`c 1:3 rw`"), PRINTED("\"c 1:3 r\"", ""),
	       true);
}

#define ROUNDS 200

static bool allows(const struct cgfence_policy *policy, char type, int major, int minor,
		   uint8_t access)
{
	const struct cgfence_device_request request = {
		.type = type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR,
		.major = (uint32_t)major,
		.minor = (uint32_t)minor,
		.access = access,
	};
	struct cgfence_explanation explanation;

	cr_assert_eq(cgfence_policy_explain_device(policy, &request, &explanation, NULL), 0);
	return explanation.allowed;
}

static struct cgfence_policy *parse(const struct random_policy *policy, uint64_t *state)
{
	struct cgfence_policy *parsed = NULL;
	char *text = random_policy_text(policy, state, false);

	cr_assert_eq(cgfence_policy_parse(text, strlen(text), "random", &parsed, NULL), 0);
	free(text);
	return parsed;
}

/* Never more than both, and the same unless it says that it is less. */
Test(device_intersect, of_random_policies)
{
	static const uint8_t requests[] = { BPF_DEVCG_ACC_READ, BPF_DEVCG_ACC_WRITE,
					    BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE,
					    BPF_DEVCG_ACC_MKNOD };
	uint64_t state = 18;

	for (int round = 0; round < ROUNDS; round++) {
		const struct random_policy spoken[] = { random_policy_devices(&state),
							random_policy_devices(&state) };
		struct cgfence_policy *a = parse(&spoken[0], &state);
		struct cgfence_policy *b = parse(&spoken[1], &state);
		struct cgfence_policy *both = parse(&spoken[0], &state);
		bool is_less = false;

		device_rules_free(&both->devices);
		cr_assert_eq(device_rules_intersect(&a->devices, &b->devices, &both->devices,
						    &is_less),
			     0);
		for (int i = 0; i < 2 * RANDOM_MAJORS * RANDOM_MINORS * 4; i++) {
			char type = i & 1 ? 'b' : 'c';
			uint8_t access = requests[i / 2 % 4];
			int major = i / 8 % RANDOM_MAJORS;
			int minor = i / 8 / RANDOM_MAJORS;
			bool wanted = allows(a, type, major, minor, access) &&
				      allows(b, type, major, minor, access);
			bool got = allows(both, type, major, minor, access);

			cr_assert(got == wanted || (wanted && is_less), "round %d: %c %d:%d %u",
				  round, type, major, minor, access);
		}
		cgfence_policy_free(a);
		cgfence_policy_free(b);
		cgfence_policy_free(both);
	}
	policy_text_expect_no_leak();
}
