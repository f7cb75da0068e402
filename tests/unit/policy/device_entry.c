// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "policy/device_rule.h"
#include "unit/support/policy_text.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define R BPF_DEVCG_ACC_READ
#define W BPF_DEVCG_ACC_WRITE
#define M BPF_DEVCG_ACC_MKNOD
#define FORM "an entry is 'TYPE MAJOR:MINOR ACCESS', such as 'c 10:229 rw'"

Test(device_entry, parses_and_formats)
{
	static const struct {
		const char *text;
		struct device_entry entry;
		const char *formatted;
	} cases[] = {
		{ "c 10:229 rw",
		  { .character = true, .major = 10, .minor = 229, .access = R | W },
		  "c 10:229 rw" },
		{ "b 8:0 r", { .block = true, .major = 8, .access = R }, "b 8:0 r" },
		{ "a 1:3 m",
		  { .block = true, .character = true, .major = 1, .minor = 3, .access = M },
		  "a 1:3 m" },
		{ "c 136:* rwm",
		  { .character = true, .major = 136, .any_minor = true, .access = R | W | M },
		  "c 136:* rwm" },
		{ "b *:7 w",
		  { .block = true, .any_major = true, .minor = 7, .access = W },
		  "b *:7 w" },
		{ "a *:* m",
		  { .block = true,
		    .character = true,
		    .any_major = true,
		    .any_minor = true,
		    .access = M },
		  "a *:* m" },
		{ "c 0:0 r", { .character = true, .access = R }, "c 0:0 r" },
		{ "a 4095:1048575 rwm",
		  { .block = true,
		    .character = true,
		    .major = 4095,
		    .minor = 1048575,
		    .access = R | W | M },
		  "a 4095:1048575 rwm" },
		{ "c 1:3 mwr",
		  { .character = true, .major = 1, .minor = 3, .access = R | W | M },
		  "c 1:3 rwm" },
		{ "c 1:3 wr",
		  { .character = true, .major = 1, .minor = 3, .access = R | W },
		  "c 1:3 rw" },
		{ "c 1:3 mr",
		  { .character = true, .major = 1, .minor = 3, .access = R | M },
		  "c 1:3 rm" },
		{ "c 1:3 mw",
		  { .character = true, .major = 1, .minor = 3, .access = W | M },
		  "c 1:3 wm" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct device_entry *right = &cases[i].entry;
		char text[DEVICE_ENTRY_TEXT_SIZE];
		struct cgfence_error error = { 0 };
		struct device_entry entry;

		cr_assert_eq(device_entry_parse(cases[i].text, &entry, &error), 0, "'%s': %s",
			     cases[i].text, error.text);
		cr_expect(entry.block == right->block && entry.character == right->character,
			  "'%s': the type", cases[i].text);
		cr_expect(entry.any_major == right->any_major && entry.major == right->major,
			  "'%s': the major", cases[i].text);
		cr_expect(entry.any_minor == right->any_minor && entry.minor == right->minor,
			  "'%s': the minor", cases[i].text);
		cr_expect_eq(entry.access, right->access, "'%s': the access", cases[i].text);
		device_entry_format(&entry, text);
		cr_expect_str_eq(text, cases[i].formatted);
	}
}

Test(device_entry, refuses)
{
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{ "", "the type must be a, b or c; " FORM },
		{ "x 1:3 rw", "the type must be a, b or c; " FORM },
		{ "C 1:3 rw", "the type must be a, b or c; " FORM },
		{ " c 1:3 rw", "the type must be a, b or c; " FORM },
		{ "c", "one space must follow the type; " FORM },
		{ "c1:3 rw", "one space must follow the type; " FORM },
		{ "c\t1:3 rw", "one space must follow the type; " FORM },
		{ "c  1:3 rw", "the major must be a number from 0 to 4095 or '*'" },
		{ "c -1:3 rw", "the major must be a number from 0 to 4095 or '*'" },
		{ "c +1:3 rw", "the major must be a number from 0 to 4095 or '*'" },
		{ "c 01:3 rw", "the major must be a number from 0 to 4095 or '*'" },
		{ "c :3 rw", "the major must be a number from 0 to 4095 or '*'" },
		{ "c 4096:3 rw", "the major is over 4095" },
		{ "c 4294967297:3 rw", "the major is over 4095" },
		{ "c 18446744073709551617:3 rw", "the major is over 4095" },
		{ "c 1", "a ':' must follow the major; " FORM },
		{ "c 1 3 rw", "a ':' must follow the major; " FORM },
		{ "c **:3 rw", "a ':' must follow the major; " FORM },
		{ "c 1*:3 rw", "a ':' must follow the major; " FORM },
		{ "c 0x1:3 rw", "a ':' must follow the major; " FORM },
		{ "c 1:", "the minor must be a number from 0 to 1048575 or '*'" },
		{ "c 1: 3 rw", "the minor must be a number from 0 to 1048575 or '*'" },
		{ "c 1:-3 rw", "the minor must be a number from 0 to 1048575 or '*'" },
		{ "c 1:00 rw", "the minor must be a number from 0 to 1048575 or '*'" },
		{ "c 1:1048576 rw", "the minor is over 1048575" },
		{ "c 1:3", "one space and the access must follow the minor; " FORM },
		{ "c 1:3rw", "one space and the access must follow the minor; " FORM },
		{ "c 1:3-4 rw", "one space and the access must follow the minor; " FORM },
		{ "c 1:3 ", "the access is missing; give one or more of r, w and m" },
		{ "c 1:3  rw", "unknown access ' rw'; give one or more of r, w and m" },
		{ "c 1:3 rwx", "unknown access 'x'; give one or more of r, w and m" },
		{ "c 1:3 rw ", "unknown access ' '; give one or more of r, w and m" },
		{ "c 1:3 rw\n", "unknown access '\n'; give one or more of r, w and m" },
		{ "c 1:3 RW", "unknown access 'RW'; give one or more of r, w and m" },
		{ "c 1:3 rr", "the access 'r' is given twice; give each once" },
		{ "c 1:3 rwmw", "the access 'w' is given twice; give each once" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct device_entry entry = { .major = 77 };
		struct cgfence_error error = { 0 };

		cr_expect_eq(device_entry_parse(cases[i].text, &entry, &error), -EINVAL, "'%s'",
			     cases[i].text);
		cr_expect_str_eq(error.text, cases[i].message, "'%s': %s", cases[i].text,
				 error.text);
		cr_expect(error.invalid_input, "'%s'", cases[i].text);
		cr_expect_eq(entry.major, 77, "'%s': the entry was changed", cases[i].text);
	}
}

Test(device_entry, formats_every_set_of_access_bits_so_that_it_reads_back)
{
	for (uint8_t access = 1; access < 8; access++) {
		struct device_entry entry = { .character = true, .major = 1, .access = access };
		struct device_entry back = { 0 };
		char text[DEVICE_ENTRY_TEXT_SIZE];

		device_entry_format(&entry, text);
		cr_assert_eq(device_entry_parse(text, &back, NULL), 0, "'%s'", text);
		cr_expect_eq(back.access, access, "'%s'", text);
	}
}

Test(device_entry, formats_a_request_without_access_bits)
{
	struct device_entry entry = { .block = true, .major = 8, .minor = 1 };
	char text[DEVICE_ENTRY_TEXT_SIZE];

	device_entry_format(&entry, text);
	cr_expect_str_eq(text, "b 8:1");
}
