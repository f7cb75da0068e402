// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The promises of an edit, on random policies and by the verdict function of the kernel programs. */
#include "base/cleanup.h"
#include "image/image.h"
#include "policy/edit.h"
#include "unit/support/policy_text.h"
#include "support/random_policy.h"

#include <cgfence/verdict.h>
#include <stdio.h>
#include <string.h>

#define ROUNDS 3000
#define ALL_ACCESS 7

struct device {
	uint32_t type;
	int major;
	int minor;
};

static struct cgfence_image *compile(const struct cgfence_policy *policy)
{
	struct cgfence_image *image = NULL;

	cr_assert_eq(image_compile(policy, 1, false, &image, NULL), 0);
	return image;
}

static bool is_allowed(const struct cgfence_image *image, const struct device *device,
		       uint32_t access)
{
	return cgfence_device_allowed(image, cgfence_device_request(access << 16 | device->type,
								    (uint32_t)device->major,
								    (uint32_t)device->minor));
}

static bool selects(const struct spoken_entry *entry, const struct device *device)
{
	char type = device->type == BPF_DEVCG_DEV_CHAR ? 'c' : 'b';

	return (entry->type == 'a' || entry->type == type) &&
	       (entry->major == ANY_NUMBER || entry->major == device->major) &&
	       (entry->minor == ANY_NUMBER || entry->minor == device->minor);
}

static struct cgfence_edit *make_edit(enum cgfence_edit_action action,
				      const struct spoken_entry *entry)
{
	struct cgfence_edit *edit = calloc(1, sizeof(*edit));

	edit->action = action;
	edit->topic = CGFENCE_TOPIC_DEVICES;
	edit->entries.items = calloc(1, sizeof(*edit->entries.items));
	edit->entries.count = 1;
	edit->entries.items[0] = (struct device_entry){
		.block = entry->type != 'c',
		.character = entry->type != 'b',
		.any_major = entry->major == ANY_NUMBER,
		.any_minor = entry->minor == ANY_NUMBER,
		.major = entry->major == ANY_NUMBER ? 0 : (uint32_t)entry->major,
		.minor = entry->minor == ANY_NUMBER ? 0 : (uint32_t)entry->minor,
		.access = entry->access,
	};
	return edit;
}

static void check_device(const struct cgfence_image *before, const struct cgfence_image *after,
			 enum cgfence_edit_action action, const struct spoken_entry *entry,
			 const struct device *device)
{
	for (uint32_t access = 1; access <= ALL_ACCESS; access++) {
		bool was = is_allowed(before, device, access);
		bool is = is_allowed(after, device, access);

		if (!selects(entry, device) || !(access & entry->access))
			cr_assert_eq(is, was, "what is not asked for changed");
		else if (action == CGFENCE_REVOKE)
			cr_assert_not(is, "what was revoked is allowed");
		else if (access & ~entry->access)
			cr_assert(is || !was, "what was allowed is refused");
		else
			cr_assert(is, "what was allowed by the edit is refused");
	}
}

static void check_devices(const struct cgfence_policy *before, const struct cgfence_policy *after,
			  enum cgfence_edit_action action, const struct spoken_entry *entry)
{
	cleanup_free struct cgfence_image *image_before = compile(before);
	cleanup_free struct cgfence_image *image_after = compile(after);
	struct device device;

	for (int type = 0; type < 2; type++) {
		device.type = type ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK;
		/* One number more than the entries name, which only wildcards select. */
		for (device.major = 0; device.major <= RANDOM_MAJORS; device.major++) {
			for (device.minor = 0; device.minor <= RANDOM_MINORS; device.minor++)
				check_device(image_before, image_after, action, entry, &device);
		}
	}
}

/* A second edit changes nothing, and the written policy is read back as the same. */
static void check_result(const struct cgfence_policy *edited, const struct cgfence_edit *edit)
{
	cleanup_policy struct cgfence_policy *twice = NULL;
	cleanup_policy struct cgfence_policy *again = NULL;
	cleanup_free char *text = policy_text_format(edited);

	cr_assert_eq(policy_edit(edited, edit, &twice, NULL), 0);
	policy_text_expect_same(edited, twice, "twice");
	again = policy_text_parse(text);
	policy_text_expect_same(edited, again, "written and read");
}

/* A refusal needs a reason: an entry that the edit does not cover denies a part of the request. */
static bool check_round(uint64_t *state)
{
	struct random_policy random = random_policy_devices(state);
	cleanup_free char *json = random_policy_text(&random, state, false);
	cleanup_policy struct cgfence_policy *policy = policy_text_parse(json);
	struct spoken_entry entry = random_entry(state);
	enum cgfence_edit_action action = random_below(state, 2) ? CGFENCE_ALLOW : CGFENCE_REVOKE;
	cleanup_edit struct cgfence_edit *edit = make_edit(action, &entry);
	cleanup_policy struct cgfence_policy *edited = NULL;
	int result = policy_edit(policy, edit, &edited, NULL);

	if (result) {
		cr_assert_eq(result, -EINVAL);
		cr_assert_eq(action, CGFENCE_ALLOW, "a revoke was refused");
		return false;
	}
	check_devices(policy, edited, action, &entry);
	check_result(edited, edit);
	return true;
}

Test(policy_edit_random, an_edit_does_what_it_says_and_no_more)
{
	uint64_t state = 20;
	unsigned int done = 0;

	for (int i = 0; i < ROUNDS; i++)
		done += check_round(&state);
	/* Enough edits were accepted to test something. */
	cr_expect_gt(done, ROUNDS / 2, "%u", done);
	policy_text_expect_no_leak();
}
