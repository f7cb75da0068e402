// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/candidates.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/compare.h"

#include <cgfence/verdict.h>
#include <bpf/bpf.h>
#include <dirent.h>
#include <stdio.h>

/* Instructions that compare with a number name devices; that of a type, a major and a minor stand near each other. */
#define NAMES_APART 4
#define NAMES_MAX 4096

/* Majors that the kernel gives to drivers, fixed or from above (Documentation/admin-guide/devices.txt, fs/char_dev.c). */
#define MAJORS_GIVEN 512

#define SAMPLE_COUNT 256

static const uint32_t types[] = { BPF_DEVCG_DEV_BLOCK, BPF_DEVCG_DEV_CHAR };

void candidates_release(struct candidates *candidates)
{
	free(candidates->selectors);
	*candidates = (struct candidates){ 0 };
}

/*
 * Numbers that no device can have are passed over, and 0:0, which is no device: no program is asked about opening it
 * (devcgroup_inode_permission, include/linux/device_cgroup.h).
 */
static int add(struct candidates *list, uint32_t type, int64_t major, int64_t minor)
{
	uint64_t *larger;

	if ((major == 0 && minor == 0) || major < 0 || major > CGFENCE_MAJOR_MAX || minor < 0 ||
	    minor > CGFENCE_MINOR_MAX)
		return 0;
	larger = array_with_room(list->selectors, list->count, &list->capacity, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	list->selectors = larger;
	larger[list->count++] = cgfence_device_selector(type, (uint32_t)major, (uint32_t)minor, 0);
	return 0;
}

static int add_both_types(struct candidates *list, int64_t major, int64_t minor)
{
	int result = add(list, types[0], major, minor);

	return result ? result : add(list, types[1], major, minor);
}

/* With the devices next to it, of either type. */
static int add_named(struct candidates *list, int64_t major, int64_t minor)
{
	static const struct {
		int major;
		int minor;
	} steps[] = { { 0, 0 }, { 0, 1 }, { 0, -1 }, { 1, 0 }, { -1, 0 } };
	int result = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && result == 0; i++)
		result = add_both_types(list, major + steps[i].major, minor + steps[i].minor);
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
	return result;
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

/* Return: how many instructions there are; 0 if they are not to be read. */
static size_t read_instructions(int program, struct bpf_insn **instructions)
{
	cleanup_free struct bpf_insn *read = NULL;
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);
	uint32_t length;

	if (bpf_obj_get_info_by_fd(program, &info, &size) < 0 || !info.xlated_prog_len)
		return 0;
	length = info.xlated_prog_len;
	read = malloc(length);
	if (!read)
		return 0;
	info = (struct bpf_prog_info){ .xlated_prog_len = length,
				       .xlated_prog_insns = (uint64_t)(uintptr_t)read };
	size = sizeof(info);
	/* The kernel leaves the address 0 where it does not show them. */
	if (bpf_obj_get_info_by_fd(program, &info, &size) < 0 || !info.xlated_prog_insns ||
	    info.xlated_prog_len > length)
		return 0;
	*instructions = cleanup_steal(read);
	return info.xlated_prog_len / sizeof(**instructions);
}

static bool is_comparison(const struct bpf_insn *instruction)
{
	uint8_t class = BPF_CLASS(instruction->code);
	uint8_t operation = BPF_OP(instruction->code);

	return (class == BPF_JMP || class == BPF_JMP32) && BPF_SRC(instruction->code) == BPF_K &&
	       operation != BPF_JA && operation != BPF_CALL && operation != BPF_EXIT;
}

static int add_program(struct candidates *list, int program)
{
	cleanup_free struct bpf_insn *instructions = NULL;
	size_t count = read_instructions(program, &instructions);
	int64_t last[NAMES_APART];
	size_t seen = 0;
	int result = 0;

	for (size_t i = 0; i < count && seen < NAMES_MAX && result == 0; i++) {
		int64_t number = instructions[i].imm;

		if (!is_comparison(&instructions[i]))
			continue;
		for (size_t back = 1; back <= NAMES_APART && back <= seen && result == 0; back++) {
			int64_t other = last[(seen - back) % NAMES_APART];

			result = add_both_types(list, other, number);
			if (result == 0)
				result = add_both_types(list, number, other);
		}
		last[seen++ % NAMES_APART] = number;
	}
	return result;
}

/* xorshift64 (Marsaglia 2003); the seed is the same each time. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static int add_sample(struct candidates *list)
{
	uint64_t state = 0x9e3779b97f4a7c15;
	int result = 0;

	for (uint32_t major = 0; major < MAJORS_GIVEN && result == 0; major++)
		result = add_both_types(list, major, next_random(&state) % 256);
	for (int i = 0; i < SAMPLE_COUNT && result == 0; i++) {
		uint64_t number = next_random(&state);

		result = add(list, types[number & 1], number >> 8 & CGFENCE_MAJOR_MAX,
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
		result = add_program(&list, programs->programs[i].fd);
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
