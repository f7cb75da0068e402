// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/device_words.h"
#include "unit/support/lesson_host.h"

#include <criterion/criterion.h>

static void expect_words(bool block, uint32_t major, uint32_t minor, const char *expected)
{
	const struct device_number device = { block, major, minor };
	cleanup_drivers struct drivers drivers = { 0 };
	char words[DEVICE_WORDS_SIZE];

	cr_assert_eq(lesson_host.drivers(&drivers, NULL), 0);
	device_words_find(&lesson_host, &drivers, &device, words);
	cr_expect_str_eq(words, expected);
}

Test(device_words, a_path_that_stays)
{
	expect_words(false, 1, 3, "/dev/null");
	expect_words(false, 226, 128, "/dev/dri/renderD128");
}

Test(device_words, a_link_where_the_name_depends_on_the_order)
{
	expect_words(false, 188, 0, "/dev/serial/by-id/usb-FTDI-0");
	expect_words(true, 8, 0, "/dev/disk/by-id/ata-X");
}

Test(device_words, a_name_that_an_entry_would_take_for_a_pattern_is_none)
{
	expect_words(true, 8, 1, "/dev/sda1");
}

Test(device_words, numbers_where_no_path_has_it)
{
	expect_words(false, 10, 232, "c 10:232");
	expect_words(true, 99, 1, "b 99:1");
}

Test(device_words, terminals_by_their_driver)
{
	expect_words(false, 136, 4, "c pts:*");
	expect_words(false, 137, 4, "c pts:*");
}

static void expect_general(bool block, uint32_t major, uint32_t first, uint32_t second,
			   const char *expected)
{
	const struct device_number numbers[] = { { block, major, first },
						 { block, major, second } };
	cleanup_drivers struct drivers drivers = { 0 };
	char words[DEVICE_WORDS_SIZE] = "";

	cr_assert_eq(lesson_host.drivers(&drivers, NULL), 0);
	cr_expect_eq(device_words_generalise(&lesson_host, &drivers, numbers, 2, words),
		     expected != NULL, "%s", words);
	if (expected)
		cr_expect_str_eq(words, expected);
	cr_expect_not(device_words_generalise(&lesson_host, &drivers, numbers, 1, words));
}

Test(device_words, siblings_of_a_driver_that_has_one_kind)
{
	expect_general(true, 7, 0, 1, "b loop:*");
	expect_general(false, 188, 0, 1, "c ttyUSB:*");
}

Test(device_words, siblings_of_a_driver_that_has_several)
{
	expect_general(false, 226, 0, 128, NULL);
	expect_general(true, 8, 0, 1, NULL);
	expect_general(false, 10, 229, 232, NULL);
}

/* Whose of the two drivers another terminal would be is not known. */
Test(device_words, siblings_of_a_major_with_two_drivers)
{
	expect_general(false, 4, 1, 2, NULL);
}
