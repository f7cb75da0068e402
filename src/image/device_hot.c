// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "image/device_hot.h"
#include "image/device_table.h"

#include <cgfence/verdict.h>

/* Who may do both, by one entry and against no other, may do each of them, and none. */
#define USE (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

/* Majors of which the first minors have a bit each. */
static const struct {
	uint32_t major;
	uint32_t first_minor;
	unsigned int first_bit;
} hot_majors[] = {
	{ CGFENCE_MEMORY_MAJOR, 0, CGFENCE_HOT_MEMORY },
	{ CGFENCE_TTY_AUX_MAJOR, 0, CGFENCE_HOT_TTY_AUX },
	{ CGFENCE_TTY_MAJOR, 0, CGFENCE_HOT_TTY },
	{ CGFENCE_MISC_MAJOR, CGFENCE_MISC_FIRST_MINOR, CGFENCE_HOT_MISC },
};

static bool rule_allows(uint64_t rule, uint32_t access)
{
	return cgfence_rule_verdict(rule, access) < 0;
}

static bool allows_use(const struct cgfence_image *image, uint32_t major, uint32_t minor)
{
	return cgfence_device_allowed(image, cgfence_device_request(USE << 16 | BPF_DEVCG_DEV_CHAR,
								    major, minor));
}

static uint64_t derive_minors(const struct cgfence_image *image)
{
	uint64_t hot = 0;

	for (size_t i = 0; i < sizeof(hot_majors) / sizeof(hot_majors[0]); i++) {
		for (uint32_t minor = 0; minor < CGFENCE_HOT_MINORS; minor++) {
			if (allows_use(image, hot_majors[i].major,
				       hot_majors[i].first_minor + minor))
				hot |= 1ULL << (hot_majors[i].first_bit + minor);
		}
	}
	return hot;
}

static bool is_of_type(uint64_t rule, uint32_t type)
{
	return rule && cgfence_selector_type(rule) == type;
}

/* Does a narrower rule leave the use of every minor of a major as the wider ones allow it? */
static bool leaves_use(uint64_t rule, uint32_t major)
{
	if (rule & CGFENCE_SELECTOR_ANY_MAJOR)
		return !(cgfence_rule_deny(rule) & USE);
	return cgfence_selector_major(rule) != major || rule_allows(rule, USE);
}

static bool allows_use_of_major(const struct cgfence_image *image, uint32_t major)
{
	const uint64_t *slots = device_table_slots(image);
	uint64_t wide =
		cgfence_device_find(image, cgfence_device_selector(BPF_DEVCG_DEV_CHAR, major, 0,
								   CGFENCE_SELECTOR_ANY_MINOR));

	if (!rule_allows(wide ? wide : image->devices.any[1], USE))
		return false;
	for (size_t i = 0; i < image->devices.slot_count; i++) {
		if (is_of_type(slots[i], BPF_DEVCG_DEV_CHAR) && !leaves_use(slots[i], major))
			return false;
	}
	return true;
}

/* The verdict in a rule is that of all wider ones too, so that of several which match, the one that denies says so. */
static bool allows_mknod(const struct cgfence_image *image, uint32_t type)
{
	const uint64_t *slots = device_table_slots(image);

	if (!rule_allows(image->devices.any[type == BPF_DEVCG_DEV_CHAR], BPF_DEVCG_ACC_MKNOD))
		return false;
	for (size_t i = 0; i < image->devices.slot_count; i++) {
		if (is_of_type(slots[i], type) && !rule_allows(slots[i], BPF_DEVCG_ACC_MKNOD))
			return false;
	}
	return true;
}

__u64 device_hot_derive(const struct cgfence_image *image)
{
	uint64_t hot = derive_minors(image);

	if (allows_use_of_major(image, CGFENCE_PTS_MAJOR))
		hot |= 1ULL << CGFENCE_HOT_PTS;
	for (uint32_t type = BPF_DEVCG_DEV_BLOCK; type <= BPF_DEVCG_DEV_CHAR; type++) {
		if (allows_mknod(image, type))
			hot |= 1ULL << (CGFENCE_HOT_MKNOD + type);
	}
	return hot;
}
