// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/candidates.h"
#include "base/cleanup.h"
#include "base/compare.h"
#include "fence/candidate_names.h"

#include <cgfence/verdict.h>
#include <dirent.h>
#include <stdio.h>

/* Majors that the kernel gives to drivers, fixed or from above (Documentation/admin-guide/devices.txt, fs/char_dev.c). */
#define MAJORS_GIVEN 512

#define SAMPLE_COUNT 256
/* Of a rule that stands for all minors of a major. */
#define MINORS_COUNT 64
/* The same each time, so that the sample is. */
#define SEED 0x9e3779b97f4a7c15

static const uint32_t types[] = { BPF_DEVCG_DEV_BLOCK, BPF_DEVCG_DEV_CHAR };

/* With the devices next to it, of either type. */
static int add_named(struct candidates *list, int64_t major, int64_t minor)
{
	static const struct {
		int major;
		int minor;
	} steps[] = { { 0, 0 }, { 0, 1 }, { 0, -1 }, { 1, 0 }, { -1, 0 } };
	int result = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && result == 0; i++)
		result = candidates_add_both(list, major + steps[i].major, minor + steps[i].minor);
	return result;
}

/* xorshift64 (Marsaglia 2003). */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Most drivers have few minors, so most of the sample are low ones. */
static int add_minors(struct candidates *list, uint64_t selector)
{
	uint64_t state = SEED;
	int result = 0;

	for (int i = 0; i < MINORS_COUNT && result == 0; i++) {
		uint64_t number = next_random(&state) >> 8;

		result = candidates_add(list, cgfence_selector_type(selector),
					cgfence_selector_major(selector),
					i % 4 ? number & 0xff : number & CGFENCE_MINOR_MAX);
	}
	return result;
}

/* A wildcard stands for its first and last device, and for others. */
static int add_rule(struct candidates *list, uint64_t selector)
{
	bool any_major = selector & CGFENCE_SELECTOR_ANY_MAJOR;
	bool any_minor = selector & CGFENCE_SELECTOR_ANY_MINOR;
	const int64_t majors[] = { any_major ? 0 : cgfence_selector_major(selector),
				   any_major ? 240 : -1, any_major ? CGFENCE_MAJOR_MAX : -1 };
	const int64_t minors[] = { any_minor ? 0 : cgfence_selector_minor(selector),
				   any_minor ? 77 : -1, any_minor ? CGFENCE_MINOR_MAX : -1 };
	int result = 0;

	for (int i = 0; i < 9 && result == 0; i++) {
		if (majors[i / 3] >= 0 && minors[i % 3] >= 0)
			result = add_named(list, majors[i / 3], minors[i % 3]);
	}
	return result == 0 && any_minor && !any_major ? add_minors(list, selector) : result;
}

static int add_policy(struct candidates *list, const struct cgfence_policy *policy)
{
	int result = 0;

	for (size_t i = 0; policy && i < policy->devices.count && result == 0; i++)
		result = add_rule(list, policy->devices.items[i].selector);
	return result;
}

static int add_host(struct candidates *list, const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;
	int result = 0;

	while (directory && result == 0 && (entry = readdir(directory))) {
		unsigned int major;
		unsigned int minor;

		if (sscanf(entry->d_name, "%u:%u", &major, &minor) != 2)
			continue;
		result = add_named(list, major, minor);
	}
	if (directory)
		closedir(directory);
	return result;
}

static int add_sample(struct candidates *list)
{
	uint64_t state = SEED;
	int result = 0;

	for (uint32_t major = 0; major < MAJORS_GIVEN && result == 0; major++)
		result = candidates_add_both(list, major, next_random(&state) % 256);
	for (int i = 0; i < SAMPLE_COUNT && result == 0; i++) {
		uint64_t number = next_random(&state);

		result = candidates_add(list, types[number & 1], number >> 8 & CGFENCE_MAJOR_MAX,
					number >> 24 & CGFENCE_MINOR_MAX);
	}
	return result;
}

static void sort(struct candidates *list)
{
	size_t kept = 0;

	qsort(list->selectors, list->count, sizeof(*list->selectors), compare_ids);
	for (size_t i = 0; i < list->count; i++) {
		if (!kept || list->selectors[kept - 1] != list->selectors[i])
			list->selectors[kept++] = list->selectors[i];
	}
	list->count = kept;
}

int candidates_collect(const struct cgfence_policy *policy, const struct adopted *programs,
		       struct candidates *candidates)
{
	cleanup_candidates struct candidates list = { 0 };
	int result = add_policy(&list, policy);

	for (size_t i = 0; i < programs->count && result == 0; i++)
		result = candidate_names_add(&list, &programs->programs[i]);
	if (result == 0)
		result = add_host(&list, "/sys/dev/char");
	if (result == 0)
		result = add_host(&list, "/sys/dev/block");
	if (result == 0)
		result = add_sample(&list);
	if (result)
		return result;
	sort(&list);
	*candidates = list;
	list = (struct candidates){ 0 };
	return 0;
}
