// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the header of an image allows by itself, against the table. */
#include "image/device_hot.h"
#include "base/cleanup.h"
#include "image/image.h"
#include "support/random_policy.h"
#include "unit/support/policy_text.h"

#include <cgfence/verdict.h>
#include <stdio.h>

TestSuite(device_hot);

#define USE (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

static bool is_hot(const struct cgfence_image *image, uint32_t type, uint32_t access, int major,
		   int minor)
{
	return cgfence_device_is_hot(image, access << 16 | type, (uint32_t)major, (uint32_t)minor);
}

static bool is_allowed(const struct cgfence_image *image, uint32_t type, uint32_t access, int major,
		       int minor)
{
	return cgfence_device_allowed(image,
				      cgfence_device_request(access << 16 | type, (uint32_t)major,
							     (uint32_t)minor));
}

/* Hot is only what the table allows. Return: how many requests are. */
static unsigned int expect_allowed(const struct cgfence_image *image, int major, int minor,
				   const char *text)
{
	unsigned int hot = 0;

	for (uint32_t i = 0; i < 16; i++) {
		uint32_t type = i & 8 ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK;

		if (!is_hot(image, type, i & 7, major, minor))
			continue;
		hot++;
		cr_assert(is_allowed(image, type, i & 7, major, minor),
			  "type %u, access %u of %d:%d\n%s", type, i & 7, major, minor, text);
	}
	return hot;
}

Test(device_hot, is_only_what_the_table_of_random_policies_allows)
{
	unsigned int hot = 0;
	uint64_t state = 17;

	for (int i = 0; i < 6000; i++) {
		struct random_policy random = i % 4 ? random_policy_hot_devices(&state)
						    : random_policy_devices(&state);
		cleanup_free char *text = random_policy_text(&random, &state, false);
		cleanup_policy struct cgfence_policy *policy = policy_text_parse(text);
		cleanup_free struct cgfence_image *image = NULL;

		cr_assert_eq(image_compile(policy, 1, false, &image, NULL), 0);
		for (int j = 0; j < RANDOM_HOT_MAJORS * RANDOM_HOT_MINORS; j++)
			hot += expect_allowed(image, random_hot_majors[j / RANDOM_HOT_MINORS],
					      random_hot_minors[j % RANDOM_HOT_MINORS], text);
		for (int j = 0; j < (RANDOM_MAJORS + 1) * (RANDOM_MINORS + 1); j++)
			hot += expect_allowed(image, j / (RANDOM_MINORS + 1),
					      j % (RANDOM_MINORS + 1), text);
		hot += expect_allowed(image, CGFENCE_PTS_MAJOR, CGFENCE_MINOR_MAX, text);
	}
	cr_expect_gt(hot, 100000);
}

static struct cgfence_image *compile(const char *devices)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	struct cgfence_image *image = NULL;
	char text[512];

	snprintf(text, sizeof(text), "{`devices`: %s}", devices);
	policy = policy_text_parse(text);
	cr_assert_eq(image_compile(policy, 1, false, &image, NULL), 0);
	return image;
}

static void expect_hot_use(const struct cgfence_image *image, int major, int minor, bool is)
{
	static const uint32_t accesses[] = { 0, BPF_DEVCG_ACC_READ, BPF_DEVCG_ACC_WRITE, USE };

	for (size_t i = 0; i < ARRAY_SIZE(accesses); i++) {
		cr_expect_eq(is_hot(image, BPF_DEVCG_DEV_CHAR, accesses[i], major, minor), is,
			     "access %u of %d:%d", accesses[i], major, minor);
		cr_expect_not(is_hot(image, BPF_DEVCG_DEV_BLOCK, accesses[i], major, minor));
	}
}

Test(device_hot, are_all_default_devices)
{
	static const char *const lists[] = { "true", "`systemd`", "`oci`" };
	static const int devices[][2] = {
		{ 1, 3 },   { 1, 5 }, { 1, 7 },	  { 1, 8 },
		{ 1, 9 },   { 5, 0 }, { 136, 0 }, { 136, CGFENCE_MINOR_MAX },
		{ 5, 2 },   { 5, 1 }, { 4, 0 },	  { 4, 1 },
		{ 10, 200 }
	};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		cleanup_free struct cgfence_image *image = NULL;
		char text[64];

		snprintf(text, sizeof(text), "{`defaults`: %s}", lists[i]);
		image = compile(text);
		/* The last four are only those of Mesos. */
		for (size_t j = 0; j < ARRAY_SIZE(devices); j++)
			expect_hot_use(image, devices[j][0], devices[j][1],
				       i == 0 || j < ARRAY_SIZE(devices) - 4);
		expect_hot_use(image, 1, 1, false);
		expect_hot_use(image, 137, 0, false);
		expect_hot_use(image, 10, 199, false);
		cr_expect_eq(is_hot(image, BPF_DEVCG_DEV_CHAR, BPF_DEVCG_ACC_MKNOD, 200, 7),
			     i != 1);
		cr_expect_eq(is_hot(image, BPF_DEVCG_DEV_BLOCK, BPF_DEVCG_ACC_MKNOD, 200, 7),
			     i != 1);
	}
}

Test(device_hot, takes_all_use_of_all_that_has_the_bit)
{
	static const struct {
		const char *devices;
		uint64_t hot;
	} cases[] = {
		{ "{}", 0 },
		{ "{`allow`: [`c 1:3 rw`]}", 1ULL << 3 },
		{ "{`allow`: [`c 1:3 r`, `c 1:5 w`, `b 1:7 rwm`]}", 0 },
		{ "{`allow`: [`c 1:3 r`, `c 1:* w`]}", 0 },
		{ "{`allow`: [`c 1:3 rw`], `deny`: [`c *:3 w`]}", 0 },
		{ "{`allow`: [`c 1:3 rw`], `deny`: [`c *:3 m`]}", 1ULL << 3 },
		{ "{`allow`: [`c 1:* rw`]}", 0xfff },
		{ "{`allow`: [`c 5:11 rw`, `c 5:12 rw`]}", 1ULL << (CGFENCE_HOT_TTY_AUX + 11) },
		{ "{`allow`: [`c 10:191 rw`, `c 10:192 rw`, `c 10:204 rw`]}",
		  1ULL << CGFENCE_HOT_MISC },
		{ "{`allow`: [`c 136:* rw`]}", 1ULL << CGFENCE_HOT_PTS },
		{ "{`allow`: [`c 136:* r`, `c 136:0 rw`]}", 0 },
		{ "{`allow`: [`c 136:* rw`], `deny`: [`c 136:70000 w`]}", 0 },
		{ "{`allow`: [`c 136:* rw`], `deny`: [`c 137:70000 w`, `b 136:1 w`]}",
		  1ULL << CGFENCE_HOT_PTS },
		{ "{`allow`: [`c 136:* rw`], `deny`: [`c *:70000 w`]}", 0 },
		{ "{`allow`: [`c *:* m`]}", 1ULL << (CGFENCE_HOT_MKNOD + BPF_DEVCG_DEV_CHAR) },
		{ "{`allow`: [`b *:* m`]}", 1ULL << (CGFENCE_HOT_MKNOD + BPF_DEVCG_DEV_BLOCK) },
		{ "{`allow`: [`c *:* m`], `deny`: [`c 9:9 m`]}", 0 },
		{ "{`allow`: [`c *:* m`], `deny`: [`c 9:* m`]}", 0 },
		{ "{`allow`: [`c *:* m`], `deny`: [`c *:9 m`]}", 0 },
		{ "{`allow`: [`c *:* m`], `deny`: [`a *:* m`]}", 0 },
		{ "{`allow`: [`c *:* m`], `deny`: [`b 9:9 m`, `c 9:9 rw`]}",
		  1ULL << (CGFENCE_HOT_MKNOD + BPF_DEVCG_DEV_CHAR) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free struct cgfence_image *image = compile(cases[i].devices);

		cr_expect_eq(image->devices.hot, cases[i].hot, "%#llx for %s",
			     (unsigned long long)image->devices.hot, cases[i].devices);
		cr_expect_eq(device_hot_derive(image), cases[i].hot);
	}
}
