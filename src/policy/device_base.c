// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/device_base.h"

#include <cgfence/verdict.h>

#define M BPF_DEVCG_ACC_MKNOD
#define RW (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)
#define RWM (RW | M)

#define CHAR(major_, minor_, access_)                                                        \
	{                                                                                    \
		.character = true, .major = (major_), .minor = (minor_), .access = (access_) \
	}
#define CHARS(major_, access_)                                                               \
	{                                                                                    \
		.character = true, .major = (major_), .any_minor = true, .access = (access_) \
	}

static const struct device_entry mesos[] = {
	{ .character = true, .any_major = true, .any_minor = true, .access = M },
	{ .block = true, .any_major = true, .any_minor = true, .access = M },
	CHAR(5, 1, RWM),    /* console */
	CHAR(4, 0, RWM),    /* tty0 */
	CHAR(4, 1, RWM),    /* tty1 */
	CHARS(136, RWM),    /* pts */
	CHAR(5, 2, RWM),    /* ptmx */
	CHAR(10, 200, RWM), /* net/tun */
	CHAR(1, 3, RWM),    /* null */
	CHAR(1, 5, RWM),    /* zero */
	CHAR(1, 7, RWM),    /* full */
	CHAR(5, 0, RWM),    /* tty */
	CHAR(1, 9, RWM),    /* urandom */
	CHAR(1, 8, RWM),    /* random */
};

static const struct device_entry systemd[] = {
	CHAR(1, 3, RWM), /* null */
	CHAR(1, 5, RWM), /* zero */
	CHAR(1, 7, RWM), /* full */
	CHAR(1, 8, RWM), /* random */
	CHAR(1, 9, RWM), /* urandom */
	CHAR(5, 0, RWM), /* tty */
	CHAR(5, 2, RWM), /* ptmx */
	CHARS(136, RW),	 /* pts */
	/* What /run/systemd/inaccessible holds for InaccessiblePaths=. */
	{ .character = true, .block = true, .access = RWM },
};

static const struct device_entry oci[] = {
	{ .character = true, .any_major = true, .any_minor = true, .access = M },
	{ .block = true, .any_major = true, .any_minor = true, .access = M },
	CHAR(1, 3, RWM), /* null */
	CHAR(1, 8, RWM), /* random */
	CHAR(1, 7, RWM), /* full */
	CHAR(5, 0, RWM), /* tty */
	CHAR(1, 5, RWM), /* zero */
	CHAR(1, 9, RWM), /* urandom */
	CHARS(136, RWM), /* pts */
	CHAR(5, 2, RWM), /* ptmx */
};

#define LIST(entries)                                             \
	{                                                         \
		(entries), sizeof(entries) / sizeof((entries)[0]) \
	}

static const struct {
	const struct device_entry *entries;
	size_t count;
} bases[DEVICE_BASE_COUNT] = {
	[DEVICE_BASE_MESOS] = LIST(mesos),
	[DEVICE_BASE_SYSTEMD] = LIST(systemd),
	[DEVICE_BASE_OCI] = LIST(oci),
};

const char *const device_base_words[DEVICE_BASE_COUNT] = {
	[DEVICE_BASE_MESOS] = "mesos",
	[DEVICE_BASE_SYSTEMD] = "systemd",
	[DEVICE_BASE_OCI] = "oci",
	[DEVICE_BASE_CONTAINER] = "container",
};

int device_base_add(struct device_rules *rules, enum device_base base)
{
	int result = 0;

	for (size_t i = 0; i < bases[base].count && result == 0; i++)
		result = device_rules_add(rules, &bases[base].entries[i], false);
	return result;
}

uint8_t device_base_access(enum device_base base, uint64_t selector)
{
	uint32_t type = cgfence_selector_type(selector);

	for (size_t i = 0; i < bases[base].count; i++) {
		const struct device_entry *entry = &bases[base].entries[i];

		if ((type == BPF_DEVCG_DEV_CHAR ? entry->character : entry->block) &&
		    device_entry_selector(entry, type) == selector)
			return entry->access;
	}
	return 0;
}
