// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/unit_list.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define TEXT_SIZE 512

/* This host has one node in /dev that can be found, fuse. */
static bool find_node(const char *path, struct device_entry *entry)
{
	*entry = (struct device_entry){ .character = true, .major = 10, .minor = 229 };
	return strcmp(path, "/dev/fuse") == 0;
}

static const char drivers[] = "Character devices:\n 10 misc\n 81 video4linux\n226 drm\n\n"
			      "Block devices:\n  8 sd\n 65 sd\n";

struct unit_case {
	const char *policy;
	const char *before; /* "NODE ACCESS, ..." */
	enum cgfence_edit_action action;
	const char *entry;
	const char *after; /* NULL if nothing changes */
	const char *rest;  /* a part of it; NULL if it must be empty */
	bool close;
};

/* Entries as systemctl show prints them. */
static void read_list(const char *text, const char *policy, struct unit_devices *devices)
{
	char node[64];
	char access[8];
	int length;

	snprintf(devices->policy, sizeof(devices->policy), "%s", policy);
	for (; sscanf(text, " %63s %7[rwm]%n", node, access, &length) == 2; text += length)
		cr_assert_eq(unit_devices_add(devices, node, access), 0);
	cr_assert_eq(*text, '\0', "%s", text);
}

static void write_list(const struct unit_devices *devices, char text[TEXT_SIZE])
{
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < devices->count; i++)
		used += (size_t)snprintf(text + used, TEXT_SIZE - used, "%s%s %s", i ? " " : "",
					 devices->items[i].node, devices->items[i].access);
}

static void check(const struct unit_case *wanted)
{
	struct unit_list_host host = { .find_node = find_node };
	struct unit_list_edited edited = { 0 };
	struct unit_devices devices = { 0 };
	struct cgfence_edit *edit = NULL;
	char text[TEXT_SIZE];

	cr_assert_eq(drivers_parse(drivers, &host.drivers), 0);
	read_list(wanted->before, wanted->policy, &devices);
	cr_assert_eq(cgfence_edit_parse_device(wanted->action, wanted->entry, &edit, NULL), 0);
	cr_assert_eq(unit_list_edit(&devices, edit, &host, &edited), 0);
	write_list(&edited.devices, text);
	cr_expect_eq(edited.changed, wanted->after != NULL, "%s: %s", wanted->entry, text);
	cr_expect_str_eq(text, wanted->after ? wanted->after : wanted->before, "%s: %s",
			 wanted->entry, text);
	cr_expect_eq(edited.close, wanted->close, "%s", wanted->entry);
	cr_expect(wanted->rest ? strstr(edited.rest, wanted->rest) != NULL : !*edited.rest,
		  "%s: '%s'", wanted->entry, edited.rest);
	unit_devices_free(&edited.devices);
	unit_devices_free(&devices);
	cgfence_edit_free(edit);
	drivers_free(&host.drivers);
}

#define CHECK_ALL(cases)                                                \
	for (size_t i = 0; i < sizeof(cases) / sizeof((cases)[0]); i++) \
	check(&(cases)[i])

Test(unit_list, what_is_allowed_is_added)
{
	static const struct unit_case cases[] = {
		{ "auto", "/dev/kvm rw", CGFENCE_ALLOW, "c 10:229 rw",
		  "/dev/kvm rw /dev/char/10:229 rw", NULL, false },
		{ "strict", "", CGFENCE_ALLOW, "b 8:1 r", "/dev/block/8:1 r", NULL, false },
		{ "strict", "", CGFENCE_ALLOW, "c 10:* m", "char-10 m", NULL, false },
		{ "strict", "", CGFENCE_ALLOW, "a *:* m", "char-* m block-* m", NULL, false },
		/* The last entry of a word counts, so it says all. */
		{ "closed", "/dev/char/10:229 r", CGFENCE_ALLOW, "c 10:229 w",
		  "/dev/char/10:229 rw", NULL, false },
		/* Another word for the same node stays. */
		{ "closed", "/dev/fuse r", CGFENCE_ALLOW, "c 10:229 w",
		  "/dev/fuse r /dev/char/10:229 w", NULL, false },
		{ "closed", "", CGFENCE_ALLOW, "c *:5 r", NULL, "no word for one minor", false },
	};

	CHECK_ALL(cases);
}

Test(unit_list, what_it_allows_already_is_not_added)
{
	static const struct unit_case cases[] = {
		{ "closed", "/dev/fuse rwm", CGFENCE_ALLOW, "c 10:229 rw", NULL, NULL, false },
		{ "closed", "char-misc rw", CGFENCE_ALLOW, "c 10:229 rw", NULL, NULL, false },
		{ "closed", "char-m*c rw", CGFENCE_ALLOW, "c 10:* r", NULL, NULL, false },
		{ "closed", "char-10 rw", CGFENCE_ALLOW, "c 10:229 rw", NULL, NULL, false },
		{ "closed", "block-sd r", CGFENCE_ALLOW, "b 65:3 r", NULL, NULL, false },
		{ "closed", "block-* r", CGFENCE_ALLOW, "b *:* r", NULL, NULL, false },
	};

	CHECK_ALL(cases);
}

Test(unit_list, what_is_revoked_is_taken_out)
{
	static const struct unit_case cases[] = {
		{ "closed", "/dev/kvm rw /dev/char/10:229 rw", CGFENCE_REVOKE, "c 10:229 rw",
		  "/dev/kvm rw", NULL, false },
		{ "closed", "/dev/fuse rw", CGFENCE_REVOKE, "c 10:229 w", "/dev/fuse r", NULL,
		  false },
		{ "closed", "char-drm rw /dev/char/226:1 rw", CGFENCE_REVOKE, "c 226:* rw", "",
		  NULL, false },
		{ "strict", "block-sd rw", CGFENCE_REVOKE, "b *:* w", "block-sd r", NULL, false },
		{ "strict", "/dev/fuse rw", CGFENCE_REVOKE, "c 10:230 rw", NULL, NULL, false },
		/* What stands for nothing now stays. */
		{ "strict", "/dev/absent rw", CGFENCE_REVOKE, "c *:* rw", NULL, NULL, false },
	};

	CHECK_ALL(cases);
}

/* "auto" and an empty list would let every device pass. */
Test(unit_list, the_last_entry_leaves_a_closed_unit)
{
	static const struct unit_case cases[] = {
		{ "auto", "/dev/char/10:229 rw", CGFENCE_REVOKE, "c 10:229 rw", "", NULL, true },
		{ "auto", "/dev/fuse r /dev/kvm r", CGFENCE_REVOKE, "c 10:229 r", "/dev/kvm r",
		  NULL, false },
		{ "strict", "/dev/fuse r", CGFENCE_REVOKE, "c 10:229 r", "", NULL, false },
	};

	CHECK_ALL(cases);
}

Test(unit_list, what_it_cannot_say_is_told)
{
	static const struct unit_case cases[] = {
		{ "closed", "char-drm rw", CGFENCE_REVOKE, "c 226:1 rw", NULL,
		  "'char-drm rw' is wider", false },
		{ "closed", "block-sd rw", CGFENCE_REVOKE, "b 8:* r", NULL,
		  "'block-sd rw' is wider", false },
		{ "closed", "/dev/fuse rw", CGFENCE_REVOKE, "c 1:3 w", NULL,
		  "unless DevicePolicy= is strict", false },
		{ "strict", "/dev/fuse rw", CGFENCE_REVOKE, "c 1:3 w", NULL, NULL, false },
	};

	CHECK_ALL(cases);
}

/* The first entry would turn such a unit into a closed one. */
Test(unit_list, a_unit_without_rules_is_not_restricted)
{
	struct unit_devices devices = { .policy = "auto" };

	cr_expect_not(unit_list_restricts(&devices));
	strcpy(devices.policy, "closed");
	cr_expect(unit_list_restricts(&devices));
	strcpy(devices.policy, "auto");
	cr_assert_eq(unit_devices_add(&devices, "/dev/fuse", "r"), 0);
	cr_expect(unit_list_restricts(&devices));
	unit_devices_free(&devices);
}
