// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The words of DeviceAllow= are those of systemd.resource-control(5); systemd takes the numbers of /dev/char/10:229 from
 * the name, and a number for the name of a driver (src/core/bpf-devices.c, since v240).
 */
#include "fence/unit_list.h"
#include "base/cleanup.h"
#include "policy/device_base.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NODE_TEXT_SIZE 48

static const struct {
	uint8_t bit;
	char letter;
} letters[] = {
	{ BPF_DEVCG_ACC_READ, 'r' },
	{ BPF_DEVCG_ACC_WRITE, 'w' },
	{ BPF_DEVCG_ACC_MKNOD, 'm' },
};

static uint8_t parse_access(const char *text)
{
	uint8_t access = 0;

	for (int i = 0; i < 3; i++)
		access |= strchr(text, letters[i].letter) ? letters[i].bit : 0;
	return access;
}

static void format_access(uint8_t access, char text[4])
{
	for (int i = 0; i < 3; i++) {
		if (access & letters[i].bit)
			*text++ = letters[i].letter;
	}
	*text = '\0';
}

/* ---- what an entry of the list selects ---- */

struct selection {
	uint64_t *selectors;
	size_t count;
};

static void selection_free(struct selection *selection)
{
	free(selection->selectors);
}

#define cleanup_selection __attribute__((cleanup(selection_free)))

static int add_selector(struct selection *selection, const struct device_entry *entry)
{
	uint64_t *larger =
		reallocarray(selection->selectors, selection->count + 1, sizeof(*larger));

	if (!larger)
		return -ENOMEM;
	selection->selectors = larger;
	larger[selection->count++] = device_entry_selector(
		entry, entry->block ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	return 0;
}

static int select_group(const char *name, bool block, const struct drivers *drivers,
			struct selection *selection)
{
	struct device_entry entry = { .block = block, .character = !block, .any_minor = true };
	unsigned int number;
	int length = 0;
	int result = 0;

	if (strcmp(name, "*") == 0) {
		entry.any_major = true;
		return add_selector(selection, &entry);
	}
	if (sscanf(name, "%u%n", &number, &length) == 1 && !name[length]) {
		entry.major = number;
		return add_selector(selection, &entry);
	}
	for (size_t i = 0; i < drivers->count && result == 0; i++) {
		entry.major = drivers->items[i].major;
		if (drivers->items[i].block == block &&
		    fnmatch(name, drivers->items[i].name, 0) == 0)
			result = add_selector(selection, &entry);
	}
	return result;
}

static int select_devices(const struct unit_device *device, const struct unit_list_host *host,
			  struct selection *selection)
{
	struct device_entry entry = { 0 };
	const char *node = device->node;

	if (strncmp(node, "block-", 6) == 0)
		return select_group(node + 6, true, &host->drivers, selection);
	if (strncmp(node, "char-", 5) == 0)
		return select_group(node + 5, false, &host->drivers, selection);
	if (sscanf(node, "/dev/block/%u:%u", &entry.major, &entry.minor) == 2)
		entry.block = true;
	else if (sscanf(node, "/dev/char/%u:%u", &entry.major, &entry.minor) == 2)
		entry.character = true;
	else if (!host->find_node(node, &entry))
		return 0;
	return add_selector(selection, &entry);
}

static bool is_within(uint64_t selector, uint64_t wider)
{
	return device_selector_meet(selector, wider) == selector;
}

/* ---- what cannot be said ---- */

static void __attribute__((format(printf, 2, 3)))
add_rest(struct unit_list_edited *edited, const char *format, ...)
{
	va_list arguments;

	/* One reason is enough to go and look. */
	if (*edited->rest)
		return;
	va_start(arguments, format);
	vsnprintf(edited->rest, sizeof(edited->rest), format, arguments);
	va_end(arguments);
}

/* What systemd allows beside the list, unless DevicePolicy= is strict. */
static uint8_t base_access(const struct unit_devices *devices, uint64_t selector)
{
	struct device_rules base = { 0 };
	uint8_t access = 0;

	if (strcmp(devices->policy, "strict") == 0 || device_base_add(&base, DEVICE_BASE_SYSTEMD))
		return 0;
	for (size_t i = 0; i < base.count; i++) {
		if (device_selector_meet(base.items[i].selector, selector))
			access |= base.items[i].allow;
	}
	device_rules_free(&base);
	return access;
}

/* ---- allow ---- */

/* Does the list allow @access to all of @selector, one entry alone? */
static bool is_allowed(const struct unit_devices *devices, uint64_t selector, uint8_t access,
		       const struct unit_list_host *host)
{
	for (size_t i = 0; i < devices->count; i++) {
		cleanup_selection struct selection selection = { 0 };

		if (access & ~parse_access(devices->items[i].access) ||
		    select_devices(&devices->items[i], host, &selection))
			continue;
		for (size_t j = 0; j < selection.count; j++) {
			if (is_within(selector, selection.selectors[j]))
				return true;
		}
	}
	return false;
}

static void format_node(const struct device_entry *entry, bool block, char text[NODE_TEXT_SIZE])
{
	const char *type = block ? "block" : "char";

	if (entry->any_major)
		snprintf(text, NODE_TEXT_SIZE, "%s-*", type);
	else if (entry->any_minor)
		snprintf(text, NODE_TEXT_SIZE, "%s-%u", type, entry->major);
	else
		snprintf(text, NODE_TEXT_SIZE, "/dev/%s/%u:%u", type, entry->major, entry->minor);
}

/* systemd takes the last of entries with the same word. */
static int add_access(struct unit_devices *devices, const char *node, uint8_t access)
{
	char text[4];

	for (size_t i = 0; i < devices->count; i++) {
		struct unit_device *device = &devices->items[i];

		if (strcmp(device->node, node) == 0) {
			format_access(access | parse_access(device->access), device->access);
			return 0;
		}
	}
	format_access(access, text);
	return unit_devices_add(devices, node, text);
}

static int give(struct unit_list_edited *edited, const struct device_entry *entry, bool block,
		const struct unit_list_host *host)
{
	uint64_t selector =
		device_entry_selector(entry, block ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	char node[NODE_TEXT_SIZE];

	if (entry->any_major && !entry->any_minor) {
		add_rest(edited, "it has no word for one minor of all majors");
		return 0;
	}
	if (is_allowed(&edited->devices, selector, entry->access, host))
		return 0;
	format_node(entry, block, node);
	edited->changed = true;
	return add_access(&edited->devices, node, entry->access);
}

/* ---- revoke ---- */

/* All of what an entry of the list selects is revoked, or what is left of it keeps the access. */
static int trim(struct unit_list_edited *edited, struct unit_device *device, uint64_t selector,
		uint8_t access, const struct unit_list_host *host)
{
	cleanup_selection struct selection selection = { 0 };
	uint8_t before = parse_access(device->access);
	size_t within = 0;
	bool meets = false;
	int result = select_devices(device, host, &selection);

	if (result)
		return result;
	for (size_t i = 0; i < selection.count; i++) {
		within += is_within(selection.selectors[i], selector);
		meets |= device_selector_meet(selection.selectors[i], selector) != 0;
	}
	if (!(before & access) || !meets)
		return 0;
	if (within < selection.count) {
		add_rest(edited, "'%s %s' is wider than what is revoked, and stays", device->node,
			 device->access);
		return 0;
	}
	format_access(before & (uint8_t)~access, device->access);
	edited->changed = true;
	return 0;
}

static void drop_empty(struct unit_devices *devices)
{
	size_t kept = 0;

	for (size_t i = 0; i < devices->count; i++) {
		if (*devices->items[i].access)
			devices->items[kept++] = devices->items[i];
		else
			free(devices->items[i].node);
	}
	devices->count = kept;
}

static int take_back(struct unit_list_edited *edited, const struct device_entry *entry, bool block,
		     const struct unit_list_host *host)
{
	uint64_t selector =
		device_entry_selector(entry, block ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	int result = 0;

	for (size_t i = 0; i < edited->devices.count && result == 0; i++)
		result = trim(edited, &edited->devices.items[i], selector, entry->access, host);
	drop_empty(&edited->devices);
	if (base_access(&edited->devices, selector) & entry->access)
		add_rest(edited,
			 "systemd allows the usual devices, unless DevicePolicy= is strict");
	return result;
}

/* ---- all ---- */

bool unit_list_restricts(const struct unit_devices *devices)
{
	return devices->count || strcmp(devices->policy, "auto") != 0;
}

static int copy(const struct unit_devices *devices, struct unit_devices *to)
{
	int result = 0;

	memcpy(to->policy, devices->policy, sizeof(to->policy));
	for (size_t i = 0; i < devices->count && result == 0; i++) {
		const struct unit_device *device = &devices->items[i];

		result = unit_devices_add(to, device->node, device->access);
	}
	return result;
}

int unit_list_edit(const struct unit_devices *devices, const struct cgfence_edit *edit,
		   const struct unit_list_host *host, struct unit_list_edited *edited)
{
	struct unit_list_edited made = { 0 };
	int result = copy(devices, &made.devices);

	for (size_t i = 0; i < edit->entries.count; i++) {
		const struct device_entry *entry = &edit->entries.items[i];

		for (int block = 0; block < 2 && result == 0; block++) {
			if (block ? !entry->block : !entry->character)
				continue;
			result = edit->action == CGFENCE_ALLOW
					 ? give(&made, entry, block, host)
					 : take_back(&made, entry, block, host);
		}
	}
	if (result) {
		unit_devices_free(&made.devices);
		return result;
	}
	made.close = made.changed && made.devices.count == 0 &&
		     strcmp(made.devices.policy, "auto") == 0;
	*edited = made;
	return 0;
}
