// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/device_resolve.h"
#include "policy/drivers.h"
#include "unit/support/policy_text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DRIVER_FORM "a driver's entry is 'TYPE NAME:* ACCESS', such as 'c hidraw:* rw'"
#define DRIVER_MINOR                                                \
	"after the name of a driver ':*' must follow; " DRIVER_FORM \
	", and one device has numbers or a path"
#define NO_DEVICE(why)                               \
	"there is no such device on this host (" why \
	"); name a device node that exists, or give its numbers"
#define NO_DEVICE_TYPE "this is not a device; name a block or character device node"

static char directory[] = "/tmp/cgfence-unit-XXXXXX";

static void make_link(const char *name, const char *target)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	cr_assert_eq(symlink(target, path), 0);
}

/* Links to devices, to what is none, and to nothing. */
static void make_nodes(void)
{
	cr_assert_not_null(mkdtemp(directory));
	make_link("null", "/dev/null");
	make_link("zero", "/dev/zero");
	make_link("file", "/proc/self/status");
	make_link("directory", "/dev");
	make_link("dangling", "/dev/cgfence-absent");
}

static void remove_nodes(void)
{
	static const char *const names[] = { "null", "zero", "file", "directory", "dangling" };
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		unlink(path);
	}
	rmdir(directory);
}

TestSuite(device_resolve, .init = make_nodes, .fini = remove_nodes);

static int compare_entries(const void *left, const void *right)
{
	return memcmp(left, right, sizeof(struct device_entry));
}

/* The entries that @text stands for, in the order of their numbers: "c 1:3 r, c 1:5 r". @DIR is the directory of nodes. */
static void expect(const char *text, unsigned int flags, const char *right)
{
	cleanup_device_entries struct device_entries entries = { 0 };
	struct cgfence_error error = { 0 };
	char is[256] = "";
	char whole[128];
	size_t used = 0;

	snprintf(whole, sizeof(whole), "%.*s%s%s", (int)strcspn(text, "@"), text,
		 strchr(text, '@') ? directory : "",
		 strchr(text, '@') ? strchr(text, '@') + 1 : "");
	cr_assert_eq(device_resolve(whole, flags, &entries, &error), 0, "'%s': %s", whole,
		     error.text);
	if (entries.count)
		qsort(entries.items, entries.count, sizeof(*entries.items), compare_entries);
	for (size_t i = 0; i < entries.count; i++) {
		char entry[DEVICE_ENTRY_TEXT_SIZE];

		device_entry_format(&entries.items[i], entry);
		used += (size_t)snprintf(is + used, sizeof(is) - used, "%s%s", i ? ", " : "",
					 entry);
	}
	cr_expect_str_eq(is, right, "'%s' is %s, not %s", whole, is, right);
}

Test(device_resolve, numbers_stand_for_themselves)
{
	expect("c 10:229 rw", 0, "c 10:229 rw");
	expect("a *:* m", 0, "a *:* m");
	expect("b 8:* r", DEVICE_OFFLINE, "b 8:* r");
	expect("-c 10:229 rw", DEVICE_MAY_BE_OPTIONAL, "c 10:229 rw");
}

Test(device_resolve, a_path_stands_for_the_numbers_of_its_node)
{
	expect("/dev/null rw", 0, "c 1:3 rw");
	expect("/dev/../dev/zero m", 0, "c 1:5 m");
	expect("@/zero r", 0, "c 1:5 r");
	expect("-@/null r", DEVICE_MAY_BE_OPTIONAL, "c 1:3 r");
}

Test(device_resolve, a_pattern_stands_for_the_nodes_that_match)
{
	expect("@/* rm", 0, "c 1:3 rm, c 1:5 rm");
	expect("@/[mn]ull r", 0, "c 1:3 r");
	expect("@/?ero r", 0, "c 1:5 r");
}

Test(device_resolve, a_driver_stands_for_its_majors)
{
	expect("c mem:* rw", 0, "c 1:* rw");
	expect("c ?em:* r", 0, "c 1:* r");
	expect("c m[e]m:* r", 0, "c 1:* r");
	/* Its name has slashes, which '*' matches too. */
	expect("c /dev/tt*:* rw", 0, "c 5:* rw");
	expect("c *dev/ttz*:* rw", 0 | DEVICE_OFFLINE, "");
}

Test(device_resolve, a_pattern_of_drivers_needs_no_letter)
{
	cleanup_device_entries struct device_entries entries = { 0 };
	bool has_tty = false;

	cr_assert_eq(device_resolve("c /*/*:* rw", 0, &entries, NULL), 0);
	/* /dev/tty, whatever else this host has. */
	for (size_t i = 0; i < entries.count; i++)
		has_tty = has_tty || (entries.items[i].major == 5 && entries.items[i].any_minor);
	cr_expect(has_tty);
	expect("c *-*:* rw", DEVICE_OFFLINE, "");
	expect("c 8*:* rw", DEVICE_OFFLINE, "");
	expect("c *:* rw", 0, "c *:* rw");
	expect("c 8:* rw", 0, "c 8:* rw");
}

/* To read them for each of a thousand entries takes long. */
Test(device_resolve, many_entries_are_looked_up_among_the_same_drivers)
{
	cleanup_device_entries struct device_entries entries = { 0 };
	cleanup_drivers struct drivers drivers = { 0 };

	cr_assert_eq(drivers_parse("Character devices:\n300 cgfence-absent\n", &drivers), 0);
	cr_assert_eq(device_resolve_among("c cgfence-a*:* r", 0, &drivers, &entries, NULL), 0);
	cr_assert_eq(entries.count, 1);
	cr_expect_eq(entries.items[0].major, 300);
	drivers_free(&drivers);
	device_entries_free(&entries);
	cr_assert_eq(device_resolve_among("c mem:* r", 0, &drivers, &entries, NULL), 0);
	cr_expect_eq(entries.items[0].major, 1);
	cr_expect(drivers.count);
}

Test(device_resolve, an_optional_entry_may_stand_for_nothing)
{
	static const char *const texts[] = {
		"-/dev/cgfence-absent rw", "-/dev/null/deeper rw", "-@/dangling r", "-@/x* r",
		"-c cgfence-absent:* rw",  "-b cgfence?:* m",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		expect(texts[i], DEVICE_MAY_BE_OPTIONAL, "");
}

Test(device_resolve, offline_nothing_is_looked_up)
{
	expect("/dev/cgfence-absent rw", DEVICE_OFFLINE, "");
	expect("/dev/cgfence-absent/* rw", DEVICE_OFFLINE, "");
	expect("c cgfence-absent:* rw", DEVICE_OFFLINE, "");
}

Test(device_resolve, what_may_be_optional_is_told_so)
{
	struct device_entries entries = { 0 };
	struct cgfence_error error = { 0 };

	cr_expect_eq(device_resolve("/proc/self/stat* r", DEVICE_MAY_BE_OPTIONAL, &entries, &error),
		     -EINVAL);
	cr_expect_str_eq(
		error.text,
		"no device node on this host matches; name one that exists, or make the entry optional if there may be none");
}

Test(device_resolve, refuses)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{ "null rw",
		  "the type must be a, b or c; an entry is 'TYPE MAJOR:MINOR ACCESS', such as 'c 10:229 rw'" },
		{ "./null rw", "the path must be absolute, such as '/dev/fuse'" },
		{ "/dev/null", "an entry is a path and an access, such as '/dev/fuse rw'" },
		{ "/dev/null x", "unknown access 'x'; give one or more of r, w and m" },
		{ "/dev/cgfence-absent r", NO_DEVICE("No such file or directory") },
		{ "/dev/null/deeper r", NO_DEVICE("Not a directory") },
		{ "/dev r",
		  "this is a directory, not a device; name the devices in it with '/dev/*'" },
		{ "/dev/ r",
		  "this is a directory, not a device; name the devices in it with '/dev/*'" },
		{ "/ r", "this is a directory, not a device; name the devices in it with '/*'" },
		{ "/proc/self/status r", NO_DEVICE_TYPE },
		{ "/proc/self/stat* r",
		  "no device node on this host matches; name one that exists, or give the numbers" },
		{ "-/dev/null r",
		  "what is denied cannot be optional, since leaving it out would open it; leave out the '-'" },
		{ "a mem:* r", "the type of a driver's devices must be b or c; " DRIVER_FORM },
		{ "c mem:3 r", DRIVER_MINOR },
		{ "c mem r", DRIVER_MINOR },
		{ "a *-*:* r", "the type of a driver's devices must be b or c; " DRIVER_FORM },
		{ "c *,*:* r",
		  "no driver of character devices on this host has the name '*,*'; /proc/devices lists them, once their modules are loaded" },
		{ "c mem:* x", "unknown access 'x'; give one or more of r, w and m" },
		{ "c mum:* r",
		  "no driver of character devices on this host has the name 'mum'; did you mean 'mem'?" },
		{ "b mem:* r",
		  "no driver of block devices on this host has the name 'mem'; /proc/devices lists them, once their modules are loaded" },
		{ "c -1:3 r", "the major must be a number from 0 to 4095 or '*'" },
		{ "c 1 :3 r",
		  "a ':' must follow the major; an entry is 'TYPE MAJOR:MINOR ACCESS', such as 'c 10:229 rw'" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct device_entries entries = { 0 };
		struct cgfence_error error = { 0 };

		cr_expect_eq(device_resolve(cases[i].text, 0, &entries, &error), -EINVAL, "'%s'",
			     cases[i].text);
		cr_expect_str_eq(error.text, cases[i].message, "'%s': %s", cases[i].text,
				 error.text);
		cr_expect_null(entries.items, "'%s': the entries were changed", cases[i].text);
	}
}

Test(device_resolve, an_optional_path_must_still_be_of_a_device)
{
	struct device_entries entries = { 0 };
	struct cgfence_error error = { 0 };

	cr_expect_eq(device_resolve("-/dev r", DEVICE_MAY_BE_OPTIONAL, &entries, &error), -EINVAL);
	cr_expect_eq(device_resolve("-/proc/self/status r", DEVICE_MAY_BE_OPTIONAL, &entries,
				    &error),
		     -EINVAL);
	cr_expect_str_eq(error.text, NO_DEVICE_TYPE);
}

/* From a host with disks, abridged. */
Test(drivers, are_read_as_the_kernel_writes_them)
{
	static const char text[] =
		"Character devices:\n  1 mem\n  4 /dev/vc/0\n  4 tty\n"
		"202 cpu/msr\n511 a b\n\nBlock devices:\n  8 sd\n253 device-mapper\n";
	static const struct driver right[] = {
		{ false, 1, "mem" },
		{ false, 4, "/dev/vc/0" },
		{ false, 4, "tty" },
		{ false, 202, "cpu/msr" },
		{ false, 511, "a b" },
		{ true, 8, "sd" },
		{ true, 253, "device-mapper" },
	};
	cleanup_drivers struct drivers drivers = { 0 };

	cr_assert_eq(drivers_parse(text, &drivers), 0);
	cr_assert_eq(drivers.count, ARRAY_SIZE(right));
	for (size_t i = 0; i < drivers.count; i++) {
		cr_expect_eq(drivers.items[i].block, right[i].block);
		cr_expect_eq(drivers.items[i].major, right[i].major);
		cr_expect_str_eq(drivers.items[i].name, right[i].name);
	}
}
