// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The verdict that the kernel programs compute, against the words of the specification. */
#include "base/cleanup.h"
#include "image/image.h"
#include "unit/support/policy_text.h"
#include "support/random_policy.h"

#include <cgfence/verdict.h>
#include <netinet/in.h>
#include <stdio.h>

#define R BPF_DEVCG_ACC_READ
#define W BPF_DEVCG_ACC_WRITE
#define M BPF_DEVCG_ACC_MKNOD

static bool image_allows(const struct cgfence_image *image, char type, int major, int minor,
			 uint8_t access)
{
	uint32_t kernel_type = type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK;

	return cgfence_device_allowed(image,
				      cgfence_device_request((uint32_t)access << 16 | kernel_type,
							     (uint32_t)major, (uint32_t)minor));
}

/* All requests of both types and all access bits for one device. */
static void expect_device(const struct cgfence_image *image, const struct spoken_entry *entries,
			  size_t count, int major, int minor, const char *name)
{
	for (int i = 0; i < 16; i++) {
		char type = "bc"[i / 8];
		uint8_t access = i % 8;
		bool is = image_allows(image, type, major, minor, access);
		bool right = reference_allows(entries, count, type, major, minor, access);

		cr_assert_eq(is, right, "%c %d:%d access %u is %s\n%s", type, major, minor, access,
			     is ? "allowed" : "refused", name);
	}
}

/* Which forms the random policies took: selector form, type, allow or deny. */
static void count_forms(const struct random_policy *policy, unsigned int seen[4][3][2])
{
	for (size_t i = 0; i < policy->count; i++) {
		const struct spoken_entry *entry = &policy->entries[i];
		int form = 2 * (entry->major == ANY_NUMBER) + (entry->minor == ANY_NUMBER);

		seen[form][entry->type - 'a'][entry->deny]++;
	}
}

Test(verdict, random_policies_are_judged_as_specified)
{
	unsigned int seen[4][3][2] = { 0 };
	uint64_t state = 5;

	for (int i = 0; i < 6000; i++) {
		struct spoken_entry entries[RANDOM_ENTRIES_MAX + 14];
		struct random_policy random = random_policy_devices(&state);
		cleanup_free char *text = random_policy_text(&random, &state, false);
		cleanup_policy struct cgfence_policy *policy = policy_text_parse(text);
		cleanup_free struct cgfence_image *image = NULL;
		size_t count = reference_expand(&random, entries);

		cr_assert_eq(image_compile(policy, 1, false, &image, NULL), 0);
		count_forms(&random, seen);
		/* One number more than the entries use, so that each also meets a device that it does not match. */
		for (int device = 0; device < (RANDOM_MAJORS + 1) * (RANDOM_MINORS + 1); device++)
			expect_device(image, entries, count, device / (RANDOM_MINORS + 1),
				      device % (RANDOM_MINORS + 1), text);
		expect_device(image, entries, count, 136, 5, text);
		expect_device(image, entries, count, CGFENCE_MAJOR_MAX, CGFENCE_MINOR_MAX, text);
	}
	for (int i = 0; i < 24; i++)
		cr_expect_gt(seen[i / 6][i / 2 % 3][i % 2], 500, "form %d was hardly seen", i);
}

Test(verdict, cases)
{
	static const struct {
		const char *devices;
		const char *device;
		uint8_t access;
		bool allowed;
	} cases[] = {
		/* An empty section allows nothing, not even access(F_OK). */
		{ "{}", "c 1:3", R, false },
		{ "{}", "c 1:3", 0, false },
		{ "{`defaults`: true}", "c 1:3", R | W, true },
		{ "{`defaults`: true}", "c 1:3", R | W | M, true },
		{ "{`defaults`: true}", "c 136:77", R | W, true },
		{ "{`defaults`: true}", "c 10:229", M, true },
		{ "{`defaults`: true}", "c 10:229", R, false },
		{ "{`defaults`: true}", "b 1:3", R, false },
		{ "{`defaults`: true}", "b 1:3", M, true },
		{ "{`defaults`: true}", "b 259:0", 0, true },
		/* The type is part of the key. */
		{ "{`allow`: [`b 1:3 rw`]}", "c 1:3", R, false },
		{ "{`allow`: [`b 1:* rw`]}", "c 1:3", R, false },
		{ "{`allow`: [`b *:3 rw`]}", "c 1:3", R, false },
		{ "{`allow`: [`b *:* rw`]}", "c 1:3", R, false },
		{ "{`allow`: [`a 1:3 rw`]}", "c 1:3", R, true },
		{ "{`allow`: [`a 1:3 rw`], `deny`: [`b 1:3 r`]}", "c 1:3", R, true },
		/* Deny wins, sharing a part is enough, and it does not affect the rest. */
		{ "{`allow`: [`c 1:3 rwm`], `deny`: [`c 1:3 w`]}", "c 1:3", R | W, false },
		{ "{`allow`: [`c 1:3 rwm`], `deny`: [`c 1:3 w`]}", "c 1:3", R, true },
		{ "{`allow`: [`c 1:3 rwm`], `deny`: [`c *:* w`]}", "c 1:3", R | W, false },
		{ "{`allow`: [`c 1:3 rwm`], `deny`: [`c 1:* w`]}", "c 1:3", W, false },
		{ "{`allow`: [`c 1:3 rwm`], `deny`: [`c *:3 w`]}", "c 1:3", W, false },
		{ "{`allow`: [`c 1:* rwm`], `deny`: [`c 1:3 w`]}", "c 1:3", W, false },
		{ "{`allow`: [`c 1:* rwm`], `deny`: [`c 1:3 w`]}", "c 1:4", W, true },
		{ "{`allow`: [`c *:* rwm`], `deny`: [`c 1:* r`, `c *:4 w`]}", "c 1:4", M, true },
		{ "{`allow`: [`c *:* rwm`], `deny`: [`c 1:* r`, `c *:4 w`]}", "c 1:4", R | W,
		  false },
		{ "{`deny`: [`c 1:3 w`]}", "c 1:3", R, false },
		{ "{`deny`: [`c 1:3 w`]}", "c 1:3", 0, false },
		/* Two entries of one selector are one entry; different selectors do not add up. */
		{ "{`allow`: [`c 1:3 r`, `c 1:3 w`]}", "c 1:3", R | W, true },
		{ "{`allow`: [`c 1:* r`, `a 1:* w`]}", "c 1:9", R | W, true },
		{ "{`allow`: [`c 1:* r`, `a 1:* w`]}", "b 1:9", R | W, false },
		{ "{`allow`: [`c 1:3 r`, `c 1:* w`]}", "c 1:3", R | W, false },
		{ "{`allow`: [`c 1:3 r`, `c *:3 w`]}", "c 1:3", R | W, false },
		{ "{`allow`: [`c 1:* r`, `c *:3 w`]}", "c 1:3", R | W, false },
		{ "{`allow`: [`c 1:3 r`, `c *:* w`]}", "c 1:3", R | W, false },
		{ "{`allow`: [`c 1:3 r`, `c *:* rw`]}", "c 1:3", R | W, true },
		/* A request without bits passes wherever an allow entry matches. */
		{ "{`allow`: [`c *:3 m`]}", "c 1:3", 0, true },
		{ "{`allow`: [`c *:3 m`], `deny`: [`c 1:3 rwm`]}", "c 1:3", 0, true },
		{ "{`allow`: [`c *:3 m`]}", "c 1:4", 0, false },
		/* Zero is a number, and the ends of the space belong to it. */
		{ "{`allow`: [`c 0:0 r`]}", "c 0:1", R, false },
		{ "{`allow`: [`c 0:* r`]}", "c 1:0", R, false },
		{ "{`allow`: [`c *:0 r`]}", "c 0:1", R, false },
		{ "{`allow`: [`c *:0 r`]}", "c 9:0", R, true },
		{ "{`allow`: [`b 4095:1048575 r`]}", "b 4095:1048575", R, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_policy struct cgfence_policy *policy = NULL;
		cleanup_free struct cgfence_image *image = NULL;
		char text[256];
		char type = 0;
		int major = 0;
		int minor = 0;

		snprintf(text, sizeof(text), "{`devices`: %s}", cases[i].devices);
		policy = policy_text_parse(text);
		cr_assert_eq(image_compile(policy, 1, false, &image, NULL), 0);
		cr_assert_eq(sscanf(cases[i].device, "%c %d:%d", &type, &major, &minor), 3);
		cr_expect_eq(image_allows(image, type, major, minor, cases[i].access),
			     cases[i].allowed, "%s: '%s', access %u", cases[i].devices,
			     cases[i].device, cases[i].access);
	}
}

/* Entries all over the number space, few of them wildcards. */
static struct spoken_entry wide_entry(uint64_t *state)
{
	uint32_t form = random_below(state, 5000);
	struct spoken_entry entry = {
		.type = "abc"[random_below(state, 3)],
		.major = (int)random_below(state, CGFENCE_MAJOR_MAX + 1),
		.minor = (int)random_below(state, CGFENCE_MINOR_MAX + 1),
		.access = (uint8_t)(1 + random_below(state, 7)),
		.deny = random_below(state, 3) == 0,
	};

	if (form < 50)
		entry.minor = ANY_NUMBER;
	else if (form < 100)
		entry.major = ANY_NUMBER;
	else if (form == 100)
		entry.major = entry.minor = ANY_NUMBER;
	return entry;
}

static void add_entry(struct device_rules *rules, const struct spoken_entry *spoken)
{
	const struct device_entry entry = {
		.block = spoken->type != 'c',
		.character = spoken->type != 'b',
		.any_major = spoken->major == ANY_NUMBER,
		.any_minor = spoken->minor == ANY_NUMBER,
		.major = spoken->major == ANY_NUMBER ? 0 : (uint32_t)spoken->major,
		.minor = spoken->minor == ANY_NUMBER ? 0 : (uint32_t)spoken->minor,
		.access = spoken->access,
	};

	cr_assert_eq(device_rules_add(rules, &entry, spoken->deny), 0);
}

/* Half of the requests are for devices that an entry names, the others near one. */
static void expect_wide_policy(size_t count, int requests)
{
	cleanup_free struct spoken_entry *entries = calloc(count, sizeof(*entries));
	cleanup_policy struct cgfence_policy *policy = policy_new();
	cleanup_free struct cgfence_image *image = NULL;
	unsigned int allowed = 0;
	uint64_t state = count;

	policy->devices_fenced = true;
	for (size_t i = 0; i < count; i++) {
		entries[i] = wide_entry(&state);
		add_entry(&policy->devices, &entries[i]);
	}
	device_rules_normalise(&policy->devices);
	/* A third of the entries is of type a and makes two rules. */
	cr_assert_gt(policy->devices.count, count + count / 4);
	cr_assert_eq(image_compile(policy, 1, false, &image, NULL), 0);
	for (int i = 0; i < requests; i++) {
		const struct spoken_entry *near = &entries[random_below(&state, (uint32_t)count)];
		int major = near->major == ANY_NUMBER ? 7 : near->major;
		int minor = near->minor == ANY_NUMBER ? 7 : near->minor;
		uint8_t access = (uint8_t)random_below(&state, 8);
		char type = "bc"[random_below(&state, 2)];
		bool right;

		if (random_below(&state, 2))
			minor = (int)random_below(&state, CGFENCE_MINOR_MAX + 1);
		right = reference_allows(entries, count, type, major, minor, access);
		cr_assert_eq(image_allows(image, type, major, minor, access), right,
			     "%zu entries, %c %d:%d access %u", count, type, major, minor, access);
		allowed += right;
	}
	cr_expect_gt(allowed, requests / 20, "%zu entries: only %u allowed", count, allowed);
	cr_expect_lt(allowed, requests - requests / 20);
}

Test(verdict, policies_of_4096_entries)
{
	expect_wide_policy(4096, 20000);
}

Test(verdict, policies_of_100000_entries)
{
	expect_wide_policy(100000, 1000);
}

Test(verdict, a_policy_without_rules_refuses_everything)
{
	cleanup_policy struct cgfence_policy *policy = policy_text_parse("{`devices`: {}}");
	cleanup_free struct cgfence_image *image = NULL;

	cr_assert_eq(image_compile(policy, 1, false, &image, NULL), 0);
	for (int device = 0; device < 64; device++)
		expect_device(image, NULL, 0, device / 8, device % 8, "no entries");
}

Test(verdict, protocols_are_told_by_the_numbers_of_the_system)
{
	cr_expect_eq(CGFENCE_IPPROTO_SCTP, IPPROTO_SCTP);
	for (uint32_t number = 0; number < 300; number++) {
		cr_expect_eq(cgfence_is_tcp(number),
			     number == IPPROTO_TCP || number == IPPROTO_MPTCP, "%u", number);
		cr_expect_eq(cgfence_is_udp(number),
			     number == IPPROTO_UDP || number == IPPROTO_UDPLITE, "%u", number);
	}
}

Test(verdict, a_socket_needs_its_port_for_each_family_that_reaches_it)
{
	static const struct {
		struct cgfence_served served;
		bool allowed[3];
	} cases[] = {
		{ { .ipv4 = true }, { true, false, true } },
		{ { .ipv6 = true }, { false, true, true } },
		{ { .ipv4 = true, .ipv6 = true }, { false, false, true } },
	};
	cleanup_policy struct cgfence_policy *policy = policy_text_parse(
		"{`ports`: {`tcp`: [`ipv4:1`, `ipv6:2`, 3]}, `privileged_ports`: true}");
	cleanup_free struct cgfence_image *image = NULL;

	cr_assert_eq(image_compile(policy, 1, false, &image, NULL), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cgfence_served served = cases[i].served;

		for (uint32_t port = 1; port <= 3; port++) {
			bool allowed = cases[i].allowed[port - 1];

			cr_expect_eq(cgfence_served_allowed(image, CGFENCE_TCP, served, port),
				     allowed, "case %zu, port %u", i, port);
			cr_expect_eq(cgfence_served_waived(image, CGFENCE_TCP, served, port),
				     allowed, "case %zu, port %u", i, port);
			cr_expect_not(cgfence_served_allowed(image, CGFENCE_UDP, served, port));
		}
		cr_expect_eq(cgfence_served_family(served),
			     served.ipv6 ? CGFENCE_IPV6 : CGFENCE_IPV4);
	}
}
