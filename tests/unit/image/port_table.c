// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "image/image.h"
#include "image/port_table.h"
#include "policy/write.h"
#include "unit/support/policy_text.h"
#include "support/random_policy.h"

#include <cgfence/verdict.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cgfence_image *compile(const struct cgfence_policy *policy)
{
	struct cgfence_image *image = NULL;
	struct cgfence_error error = { 0 };

	cr_assert_eq(image_compile(policy, 1, false, &image, &error), 0, "%s", error.text);
	cr_assert_eq(image_check(image, image->size, &error), 0, "%s", error.text);
	return image;
}

static struct cgfence_image *compile_text(const char *text)
{
	cleanup_policy struct cgfence_policy *policy = policy_text_parse(text);

	return compile(policy);
}

static size_t bitmap_words(const struct cgfence_image *image)
{
	size_t slots_end =
		image->devices.slots_offset + image->devices.slot_count * sizeof(uint64_t);

	return (image->name_offset - slots_end) / sizeof(uint64_t);
}

Test(port_table, decompiles_to_the_policy_it_was_made_of)
{
	uint64_t state = 11;

	for (int i = 0; i < 400; i++) {
		struct random_policy random = random_policy_devices(&state);
		cleanup_free char *text = random_policy_text(&random, &state, true);
		cleanup_policy struct cgfence_policy *policy = policy_text_parse(text);
		cleanup_free struct cgfence_image *image = compile(policy);
		cleanup_policy struct cgfence_policy *again = NULL;

		cr_assert_eq(image_decompile(image, &again, NULL), 0);
		policy_text_expect_same(policy, again, text);
		cr_expect(policy_equal(policy, again), "%s", text);
	}
	policy_text_expect_no_leak();
}

/* Policies are compared by their images. */
Test(port_table, the_same_ports_make_the_same_image)
{
	cleanup_free struct cgfence_image *one =
		compile_text("{`ports`: [`10-20`, 7, `15-30`, `ipv6:99`]}");
	cleanup_free struct cgfence_image *two =
		compile_text("{`ports`: [`ipv6:99`, 7, `ipv4:10-30`, `ipv6:10-30`, 7]}");

	cr_assert_eq(one->size, two->size);
	cr_expect_eq(memcmp(one, two, one->size), 0);
}

Test(port_table, bitmaps_are_trimmed_to_the_words_that_hold_ports)
{
	/* There is always a word without ports, since without an isolated range that set is empty. */
	static const struct {
		const char *text;
		uint32_t first_word;
		uint32_t word_count;
		uint32_t outside;
		uint32_t words_in_all;
	} cases[] = {
		{ "{`ports`: []}", 1023, 1, 0, 1 },
		{ "{`ports`: [1]}", 0, 1, 0, 2 },
		{ "{`ports`: [63]}", 0, 1, 0, 2 },
		{ "{`ports`: [64]}", 1, 1, 0, 2 },
		{ "{`ports`: [63, 64]}", 0, 2, 0, 3 },
		{ "{`ports`: [65535]}", 1023, 1, 0, 2 },
		{ "{`ports`: [1, 65535]}", 0, 1024, 0, 1024 },
		{ "{`ports`: [`31000-31999`]}", 484, 16, 0, 17 },
		{ "{`ports`: [`1-65534`]}", 0, 1024, 0, 1025 },
		{ "{`ports`: [`2-65535`]}", 0, 1024, 0, 1025 },
		{ "{`ports`: `any`}", 1023, 1, 1, 2 },
		{ "{`ports`: [`1-65535`]}", 1023, 1, 1, 2 },
		{ "{`ports`: [`1-30000`, `30001-65535`]}", 1023, 1, 1, 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free struct cgfence_image *image = compile_text(cases[i].text);
		const struct cgfence_port_bitmap *bitmap =
			&image->ports.assigned[CGFENCE_TCP][CGFENCE_IPV4];

		cr_expect_eq(bitmap->first_word, cases[i].first_word, "%s: from word %u",
			     cases[i].text, bitmap->first_word);
		cr_expect_eq(bitmap->word_count, cases[i].word_count, "%s: %u words", cases[i].text,
			     bitmap->word_count);
		cr_expect_eq(bitmap->outside, cases[i].outside, "%s", cases[i].text);
		cr_expect_eq(bitmap_words(image), cases[i].words_in_all, "%s: %zu words in all",
			     cases[i].text, bitmap_words(image));
	}
}

Test(port_table, equal_bitmaps_share_their_words)
{
	static const struct {
		const char *text;
		size_t words;
	} cases[] = {
		/* Both protocols and both families, and the isolated range too. One word is of no ports. */
		{ "{`ports`: [`1-65534`], `isolated_range`: [`1-65534`]}", 1024 + 1 },
		{ "{`ports`: [`1-65534`]}", 1024 + 1 },
		{ "{`ports`: {`tcp`: [`1-65534`], `udp`: [`ipv6:1-65534`]}}", 1024 + 1 },
		/* The same bits elsewhere in the space are the same words. */
		{ "{`ports`: {`tcp`: [`64-127`], `udp`: [`6400-6463`]}}", 1 + 1 },
		{ "{`ports`: {`tcp`: [64, `192-255`], `udp`: [`640-703`]}}", 3 },
		/* Different ones are not. */
		{ "{`ports`: {`tcp`: [64], `udp`: [65]}}", 2 + 1 },
		{ "{`ports`: {`tcp`: [`1-65534`], `udp`: [`2-65535`]}}", 2048 + 1 },
		/* The sets of UDP, 1 and 2. The sets of TCP are one that exists already, and all ports. */
		{ "{`ports`: {`tcp`: [`ipv4:1-65534`, `ipv6:2-65535`]}, `isolated_range`: [`3-65535`]}",
		  3072 + 1 + 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free struct cgfence_image *image = compile_text(cases[i].text);

		cr_expect_eq(bitmap_words(image), cases[i].words, "%s: %zu words", cases[i].text,
			     bitmap_words(image));
	}
}

Test(port_table, one_family_is_judged_for_both_only_where_they_are_alike)
{
	static const struct {
		const char *text;
		bool by_family;
	} cases[] = {
		{ "{`ports`: []}", false },
		{ "{`ports`: [8080, `9000-9999`]}", false },
		{ "{`ports`: {`tcp`: [80], `udp`: [53]}}", false },
		{ "{`ports`: [8080], `isolated_range`: [`8000-9000`]}", false },
		{ "{`ports`: [`ipv4:8080`]}", true },
		{ "{`ports`: {`tcp`: [80], `udp`: [53, `ipv6:53`, `ipv6:5353`]}}", true },
		{ "{`ports`: {`tcp`: [80, `ipv4:81`, `ipv6:81`]}}", false },
		/* The assigned ports differ, but all that is not isolated is allowed. */
		{ "{`ports`: [`ipv4:80`], `isolated_range`: [`8000-9000`]}", false },
		{ "{`ports`: [`ipv4:80`], `isolated_range`: [`8000-9000`], `privileged_ports`: true}",
		  true },
		{ "{`ports`: [8080], `isolated_range`: [`ipv6:9000`]}", true },
		/* The words of the one begin where those of the other do, and go on. */
		{ "{`ports`: [`ipv4:64-191`, `ipv6:64-127`]}", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_free struct cgfence_image *image = compile_text(cases[i].text);

		cr_expect_eq(image->ports.by_family, cases[i].by_family, "%s", cases[i].text);
		image->ports.by_family = !cases[i].by_family;
		cr_expect_eq(image_check(image, image->size, NULL), -EINVAL,
			     "%s, and wrong about it", cases[i].text);
	}
}

/* A family of a set of ports in the policy, read bit by bit. */
static bool reference_has(const struct port_set *set, int family, uint32_t port)
{
	return set->words[family][port / 64] & 1ULL << port % 64;
}

static void expect_verdicts(const struct cgfence_policy *policy, const struct cgfence_image *image,
			    const char *text)
{
	for (int protocol = 0; protocol < CGFENCE_PROTOCOL_COUNT; protocol++) {
		for (int family = 0; family < CGFENCE_FAMILY_COUNT; family++) {
			for (uint32_t port = 1; port <= 65535; port++) {
				bool assigned =
					reference_has(&policy->ports[protocol], family, port);
				bool isolated =
					!policy->has_isolated_range ||
					reference_has(&policy->isolated_range, family, port);

				cr_assert(port >= CGFENCE_PRIVILEGED_PORTS ||
						  cgfence_port_is_waived(image, protocol, family,
									 port) ==
							  (assigned && policy->privileged_ports),
					  "%s: protocol %d, family %d, port %u", text, protocol,
					  family, port);
				cr_assert_eq(cgfence_port_allowed(image, protocol, family, port),
					     assigned || !isolated,
					     "%s: protocol %d, family %d, port %u", text, protocol,
					     family, port);
			}
		}
	}
}

Test(port_table, every_port_is_judged_as_the_policy_says, .timeout = 240)
{
	uint64_t state = 12;

	for (int i = 0; i < 120; i++) {
		struct random_policy random = random_policy_devices(&state);
		cleanup_free char *text = random_policy_text(&random, &state, true);
		cleanup_policy struct cgfence_policy *policy = policy_text_parse(text);
		cleanup_free struct cgfence_image *image = compile(policy);

		expect_verdicts(policy, image, text);
	}
}

struct spoken_range {
	int family; /* or -1 for both */
	uint32_t low;
	uint32_t high;
};

static void write_ranges(FILE *stream, struct spoken_range *ranges, size_t count, uint64_t *state)
{
	static const char *const prefixes[] = { "", "ipv4:", "ipv6:" };

	for (size_t i = 0; i < count; i++) {
		ranges[i].family = (int)random_below(state, 3) - 1;
		ranges[i].low = 1 + random_below(state, 65535);
		ranges[i].high =
			ranges[i].low + random_below(state, 65536 - ranges[i].low) / (1 + i);
		fprintf(stream, "%s`%s%u-%u`", i ? ", " : "", prefixes[ranges[i].family + 1],
			ranges[i].low, ranges[i].high);
	}
}

static bool ranges_have(const struct spoken_range *ranges, size_t count, int family, uint32_t port)
{
	for (size_t i = 0; i < count; i++) {
		if ((ranges[i].family < 0 || ranges[i].family == family) && ranges[i].low <= port &&
		    port <= ranges[i].high)
			return true;
	}
	return false;
}

#define RANGES 6

/* From the text to the verdict, against ranges that the implementation has not touched. */
Test(port_table, every_port_of_the_whole_space_is_judged_as_the_text_says, .timeout = 240)
{
	uint64_t state = 13;

	for (int i = 0; i < 100; i++) {
		struct spoken_range ports[RANGES];
		struct spoken_range isolated[RANGES];
		cleanup_free char *text = NULL;
		cleanup_free struct cgfence_image *image = NULL;
		size_t size = 0;
		FILE *stream = open_memstream(&text, &size);

		fprintf(stream, "{`ports`: [");
		write_ranges(stream, ports, RANGES, &state);
		fprintf(stream, "], `isolated_range`: [");
		write_ranges(stream, isolated, RANGES, &state);
		fprintf(stream, "]}");
		fclose(stream);
		image = compile_text(text);
		for (int family = 0; family < CGFENCE_FAMILY_COUNT; family++) {
			for (uint32_t port = 1; port <= 65535; port++) {
				bool expected = ranges_have(ports, RANGES, family, port) ||
						!ranges_have(isolated, RANGES, family, port);

				cr_assert_eq(cgfence_port_allowed(image, CGFENCE_TCP, family, port),
					     expected, "%s: family %d, port %u", text, family,
					     port);
				cr_assert_eq(cgfence_port_allowed(image, CGFENCE_UDP, family, port),
					     expected, "%s: family %d, port %u", text, family,
					     port);
			}
		}
	}
}

Test(port_table, an_image_whose_bitmaps_leave_it_is_refused)
{
	cleanup_free struct cgfence_image *image =
		compile_text("{`ports`: [8080], `isolated_range`: [9090]}");
	const struct cgfence_port_table whole = image->ports;

	image->ports.assigned[CGFENCE_UDP][CGFENCE_IPV6].offset = image->size / sizeof(uint64_t);
	cr_expect_eq(image_check(image, image->size, NULL), -EINVAL, "an offset at the end");
	image->ports = whole;
	image->ports.assigned[CGFENCE_TCP][CGFENCE_IPV4].word_count = 1025;
	cr_expect_eq(image_check(image, image->size, NULL), -EINVAL,
		     "more words than there are ports");
	image->ports = whole;
	image->ports.assigned[CGFENCE_TCP][CGFENCE_IPV4].first_word = 1024;
	cr_expect_eq(image_check(image, image->size, NULL), -EINVAL, "words above the last port");
	image->ports = whole;
	image->ports.isolated[CGFENCE_IPV6].offset = UINT32_MAX;
	cr_expect_eq(image_check(image, image->size, NULL), -EINVAL, "an offset that wraps round");
	image->ports = whole;
	cr_expect_eq(image_check(image, image->size, NULL), 0);
}
