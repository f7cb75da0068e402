// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "base/yield.h"
#include "unit/support/policy_text.h"

#include <stdio.h>
#include <string.h>

#define FORM "an entry is 'TYPE MAJOR:MINOR ACCESS', such as 'c 10:229 rw'"
#define SECTION_KEYS "unknown key; the keys are defaults, allow, deny"
#define NO_DEVICE \
	"there is no such device on this host (No such file or directory); name a device node that exists, or give its numbers"
#define ABSOLUTE "this must be the absolute path of a device, such as `/dev/fuse`"

static void expect_formatted(const char *text, const char *devices)
{
	cleanup_policy struct cgfence_policy *policy = policy_text_parse(text);
	cleanup_free char *is = policy_text_format(policy);
	cleanup_free char *right = NULL;
	char whole[512];

	snprintf(whole, sizeof(whole), "{`enforce`: true,`devices`: %s}", devices);
	right = policy_text_unquote(whole);
	cr_expect_str_eq(is, right, "%s\n  is     %s\n  not    %s", text, is, right);
}

Test(policy_read_devices, every_form_of_an_entry_is_taken)
{
	static const char *const entries[] = {
		"`c 1:3 rw`",
		"`c 1:3 wr`",
		"`/dev/null rw`",
		"`/dev/nul[l] rw`",
		"{`path`: `/dev/null`, `access`: `rw`}",
		"{`access`: `wr`, `path`: `/dev/null`}",
		"{`path`: `/dev/../dev/./null`, `access`: `rw`}",
		"{`device`: {`path`: `/dev/null`}, `access`: {`read`: true, `write`: true}}",
		"{`access`: {`write`: true, `mknod`: false, `read`: true}, `device`: {`path`: `/dev/null`}}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		char text[256];

		snprintf(text, sizeof(text), "{`devices`: {`allow`: [%s]}}", entries[i]);
		expect_formatted(text, "{`defaults`: false,`allow`: [`c 1:3 rw`],`deny`: []}");
		snprintf(text, sizeof(text), "{`devices`: {`deny`: [%s]}}", entries[i]);
		expect_formatted(text, "{`defaults`: false,`allow`: [],`deny`: [`c 1:3 rw`]}");
	}
}

Test(policy_read_devices, links_are_followed_to_the_numbers)
{
	char directory[] = "/tmp/cgfence-unit-XXXXXX";
	char link[64];
	char text[256];

	cr_assert_not_null(mkdtemp(directory));
	snprintf(link, sizeof(link), "%s/link", directory);
	cr_assert_eq(symlink("/dev/zero", link), 0);
	snprintf(text, sizeof(text), "{`devices`: {`allow`: [{`path`: `%s`, `access`: `m`}]}}",
		 link);
	expect_formatted(text, "{`defaults`: false,`allow`: [`c 1:5 m`],`deny`: []}");
	unlink(link);
	rmdir(directory);
}

/* From the documentation of the Mesos isolator cgroups/devices, with devices that are everywhere. */
Test(policy_read_devices, the_form_of_mesos_is_taken_as_it_is)
{
	expect_formatted(
		"{`allowed_devices`: [{`device`: {`path`: `/dev/kmsg`}, `access`: {`read`: true, `write`: false, `mknod`: true}}]}",
		"{`defaults`: true,`allow`: [`c 1:11 rm`],`deny`: []}");
	expect_formatted("{`allowed_devices`: []}", "{`defaults`: true,`allow`: [],`deny`: []}");
	expect_formatted(
		"{`allowed_devices`: [{`device`: {`path`: `/dev/null`}, `access`: {`read`: true, `write`: true, `mknod`: true}}]}",
		"{`defaults`: true,`allow`: [],`deny`: []}");
}

Test(policy_read_devices, refuses_sections)
{
	static const struct refusal_case cases[] = {
		{ "devices a list", "{`devices`: []}",
		  "p.json:1:13: devices: []: this must be an object, in braces" },
		{ "devices null", "{`devices`: null}",
		  "p.json:1:13: devices: null: this must be an object, in braces" },
		{ "devices a boolean", "{`devices`: true}",
		  "p.json:1:13: devices: true: this must be an object, in braces" },
		{ "unknown key", "{`devices`: {`default`: true}}",
		  "p.json:1:25: devices.default: true: " SECTION_KEYS },
		{ "defaults a string", "{`devices`: {`defaults`: `yes`}}",
		  "p.json:1:26: devices.defaults: `yes`: this must be true or false, or `mesos`, `systemd`, `oci` or `container`" },
		{ "allow an object", "{`devices`: {`allow`: {}}}",
		  "p.json:1:23: devices.allow: {}: this must be a list of device entries, in brackets" },
		{ "allow a string", "{`devices`: {`allow`: `c 1:3 r`}}",
		  "p.json:1:23: devices.allow: `c 1:3 r`: this must be a list of device entries, in brackets" },
		{ "deny null", "{`devices`: {`allow`: [],\n`deny`: null}}",
		  "p.json:2:9: devices.deny: null: this must be a list of device entries, in brackets" },
		{ "allowed_devices an object", "{`allowed_devices`: {}}",
		  "p.json:1:21: allowed_devices: {}: this must be a list of device entries, in brackets" },
		{ "both forms", "{`devices`: {}, `allowed_devices`: []}",
		  "p.json:1:36: allowed_devices: []: `devices` and `allowed_devices` cannot both be given; put the entries into `devices`" },
		{ "both forms, the other first", "{`allowed_devices`: [], `devices`: {}}",
		  "p.json:1:36: devices: {}: `devices` and `allowed_devices` cannot both be given; put the entries into `devices`" },
	};

	policy_text_expect_refusals(cases, ARRAY_SIZE(cases));
}

Test(policy_read_devices, an_optional_entry_may_stand_for_nothing)
{
	expect_formatted(
		"{`devices`: {`allow`: [`-/dev/cgfence-absent rw`, `-c cgfence-absent:* r`, "
		"{`path`: `/dev/cgfence-absent`, `access`: `r`, `optional`: true}, "
		"{`path`: `/dev/null`, `access`: `r`, `optional`: true}]}}",
		"{`defaults`: false,`allow`: [`c 1:3 r`],`deny`: []}");
}

Test(policy_read_devices, what_is_denied_is_not_optional)
{
	static const struct refusal_case cases[] = {
		{ "a string", "{`devices`: {`deny`: [`-/dev/null rw`]}}",
		  "p.json:1:23: devices.deny[0]: `-/dev/null rw`: what is denied cannot be optional, since leaving it out would open it; leave out the '-'" },
		{ "an object",
		  "{`devices`: {`deny`: [{`path`: `/dev/null`, `access`: `r`, `optional`: true}]}}",
		  "p.json:1:23: devices.deny[0]: {`path`:`/dev/null`,`access`:`r`,`optional`:true}: what is denied cannot be optional, since leaving it out would open it; leave out `optional`" },
	};

	policy_text_expect_refusals(cases, ARRAY_SIZE(cases));
}

Test(policy_read_devices, a_base_is_shown_by_its_word_and_not_by_its_entries)
{
	static const struct {
		const char *defaults;
		const char *shown;
	} cases[] = {
		{ "false", "false" },	      { "true", "true" },   { "`mesos`", "true" },
		{ "`systemd`", "`systemd`" }, { "`oci`", "`oci`" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[128];
		char right[128];

		snprintf(text, sizeof(text),
			 "{`devices`: {`defaults`: %s, `allow`: [`c 10:229 r`]}}",
			 cases[i].defaults);
		snprintf(right, sizeof(right),
			 "{`defaults`: %s,`allow`: [`c 10:229 r`],`deny`: []}", cases[i].shown);
		expect_formatted(text, right);
	}
}

/* All in {"devices": {"allow": [ENTRY]}}, whose entry stands in column 24, and so in "deny". */
Test(policy_read_devices, refuses_entries)
{
	static const struct {
		const char *entry;
		size_t shift; /* from the entry to the fault */
		const char *place;
		const char *value;
		const char *message;
	} cases[] = {
		{ "7", 0, "", "7",
		  "an entry is a string such as `c 10:229 rw` or `/dev/fuse rw`, or an object with a path" },
		{ "null", 0, "", "null",
		  "an entry is a string such as `c 10:229 rw` or `/dev/fuse rw`, or an object with a path" },
		{ "[`c 1:3 r`]", 0, "", "[`c 1:3 r`]",
		  "an entry is a string such as `c 10:229 rw` or `/dev/fuse rw`, or an object with a path" },
		{ "``", 0, "", "``", "the type must be a, b or c; " FORM },
		{ "`null rw`", 0, "", "`null rw`", "the type must be a, b or c; " FORM },
		{ "`/dev/null`", 0, "", "`/dev/null`",
		  "an entry is a path and an access, such as '/dev/fuse rw'" },
		{ "`c cgfence-absent:* r`", 0, "", "`c cgfence-absent:* r`",
		  "no driver of character devices on this host has the name 'cgfence-absent'; /proc/devices lists them, once their modules are loaded" },
		{ "`c  1:3 r`", 0, "", "`c  1:3 r`",
		  "the major must be a number from 0 to 4095 or '*'" },
		{ "`c 4096:3 r`", 0, "", "`c 4096:3 r`", "the major is over 4095" },
		{ "`c 1:1048576 r`", 0, "", "`c 1:1048576 r`", "the minor is over 1048575" },
		{ "`c 1:3 rrw`", 0, "", "`c 1:3 rrw`",
		  "the access 'r' is given twice; give each once" },
		{ "`c 1:3`", 0, "", "`c 1:3`",
		  "one space and the access must follow the minor; " FORM },
		{ "{}", 0, "", "{}",
		  "the path is missing; write {`path`: `/dev/fuse`, `access`: `rw`}" },
		{ "{`access`: `r`}", 0, "", "{`access`:`r`}",
		  "the path is missing; write {`path`: `/dev/fuse`, `access`: `rw`}" },
		{ "{`path`: `/dev/null`}", 0, "", "{`path`:`/dev/null`}",
		  "the access is missing or empty; grant one or more of r, w and m" },
		{ "{`path`: `/dev/null`, `access`: ``}", 32, ".access", "``",
		  "the access is missing; give one or more of r, w and m" },
		{ "{`path`: `/dev/null`, `access`: `rx`}", 32, ".access", "`rx`",
		  "unknown access 'x'; give one or more of r, w and m" },
		{ "{`path`: `/dev/null`, `access`: 6}", 32, ".access", "6",
		  "this must be a string of one or more of r, w and m" },
		{ "{`path`: `/dev/null`, `acces`: `r`}", 31, ".acces", "`r`",
		  "unknown key; the keys are path, access, optional" },
		{ "{`path`: `dev/null`, `access`: `r`}", 9, ".path", "`dev/null`", ABSOLUTE },
		{ "{`path`: ``, `access`: `r`}", 9, ".path", "``", ABSOLUTE },
		{ "{`path`: 7, `access`: `r`}", 9, ".path", "7", ABSOLUTE },
		{ "{`path`: `/dev/absent`, `access`: `r`}", 0, "",
		  "{`path`:`/dev/absent`,`access`:`r`}", NO_DEVICE },
		{ "{`path`: `/dev`, `access`: `r`}", 0, "", "{`path`:`/dev`,`access`:`r`}",
		  "this is a directory, not a device; name the devices in it with '/dev/*'" },
		{ "{`device`: `/dev/null`, `access`: {`read`: true}}", 11, ".device", "`/dev/null`",
		  "this must be an object, in braces" },
		{ "{`device`: {}, `access`: {`read`: true}}", 0, "",
		  "{`device`:{},`access`:{`read`:true}}",
		  "the path is missing; write {`path`: `/dev/fuse`, `access`: `rw`}" },
		{ "{`device`: {`path`: `null`}, `access`: {`read`: true}}", 20, ".device.path",
		  "`null`", ABSOLUTE },
		{ "{`device`: {`path`: `/dev/null`, `number`: 3}}", 43, ".device.number", "3",
		  "unknown key; the keys are path" },
		{ "{`device`: {`path`: `/dev/null`}}", 0, "", "{`device`:{`path`:`/dev/null`}}",
		  "the access is missing or empty; grant one or more of r, w and m" },
		{ "{`device`: {`path`: `/dev/null`}, `access`: {}}", 0, "",
		  "{`device`:{`path`:`/dev/null`},`access`:{}}",
		  "the access is missing or empty; grant one or more of r, w and m" },
		{ "{`device`: {`path`: `/dev/null`}, `access`: {`read`: false}}", 0, "",
		  "{`device`:{`path`:`/dev/null`},`access`:{`read`:false}}",
		  "the access is missing or empty; grant one or more of r, w and m" },
		{ "{`device`: {`path`: `/dev/null`}, `access`: {`read`: 1}}", 53, ".access.read",
		  "1", "this must be true or false" },
		{ "{`device`: {`path`: `/dev/null`}, `access`: {`execute`: true}}", 56,
		  ".access.execute", "true", "unknown key; the keys are read, write, mknod" },
		{ "{`device`: {`path`: `/dev/null`}, `path`: `/dev/null`, `access`: {`read`: true}}",
		  42, ".path", "`/dev/null`", "unknown key; the keys are device, access" },
	};

	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		const char *list = i % 2 ? "deny" : "allow";
		size_t column = 19 + strlen(list) + cases[i / 2].shift;
		struct refusal_case refusal = { .name = cases[i / 2].entry };
		char message[512];
		char text[256];

		snprintf(text, sizeof(text), "{`devices`: {`%s`: [%s]}}", list, cases[i / 2].entry);
		snprintf(message, sizeof(message), "p.json:1:%zu: devices.%s[0]%s: %s: %s", column,
			 list, cases[i / 2].place, cases[i / 2].value, cases[i / 2].message);
		refusal.text = text;
		refusal.message = message;
		policy_text_expect_refusals(&refusal, 1);
	}
}

Test(policy_read_devices, refuses_entries_of_mesos)
{
	static const struct refusal_case cases[] = {
		{ "missing device",
		  "{`allowed_devices`: [\n{`device`: {`path`: `/dev/null`}, `access`: {`read`: true}},\n  {`device`: {`path`: `/dev/absent`}, `access`: {`read`: true}}]}",
		  "p.json:3:3: allowed_devices[1]: {`device`:{`path`:`/dev/absent`},`access`:{`read`:true}}: " NO_DEVICE },
		{ "mknod a string",
		  "{`allowed_devices`: [{`device`: {`path`: `/dev/null`}, `access`: {`mknod`: `y`}}]}",
		  "p.json:1:76: allowed_devices[0].access.mknod: `y`: this must be true or false" },
	};

	policy_text_expect_refusals(cases, ARRAY_SIZE(cases));
}

static void count(void *context)
{
	++*(int *)context;
}

/* A policy of a thousand patterns takes some tens of milliseconds. */
Test(policy_read_devices, events_are_looked_at_between_entries)
{
	cleanup_policy struct cgfence_policy *policy = NULL;
	int calls = 0;

	yield_set(count, 0, &calls);
	policy = policy_text_parse(
		"{`devices`: {`allow`: [`-/dev/absent r`, `-/dev/absent* r`], `deny`: [`c 1:3 r`]}}");
	yield_set(NULL, 0, NULL);
	cr_expect_eq(calls, 3);
}
