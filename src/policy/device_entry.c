// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Device entries of numbers, as text. */
#include "policy/device_entry.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

static const struct {
	char letter;
	uint8_t bit;
} access_letters[] = {
	{ 'r', BPF_DEVCG_ACC_READ },
	{ 'w', BPF_DEVCG_ACC_WRITE },
	{ 'm', BPF_DEVCG_ACC_MKNOD },
};

static const size_t access_letter_count = sizeof(access_letters) / sizeof(access_letters[0]);

int device_access_parse(const char *text, uint8_t *access, struct cgfence_error *error)
{
	uint8_t bits = 0;

	for (const char *letter = text; *letter; letter++) {
		uint8_t bit = 0;

		for (size_t i = 0; i < access_letter_count; i++) {
			if (access_letters[i].letter == *letter)
				bit = access_letters[i].bit;
		}
		if (!bit)
			return error_set_invalid(
				error, "unknown access '%s'; give one or more of r, w and m",
				letter);
		if (bits & bit)
			return error_set_invalid(
				error, "the access '%c' is given twice; give each once", *letter);
		bits |= bit;
	}
	if (!bits)
		return error_set_invalid(error,
					 "the access is missing; give one or more of r, w and m");
	*access = bits;
	return 0;
}

/* Reads a number without sign or leading zero, or "*"; moves *text past it. */
static int parse_number(const char **text, const char *what, uint32_t max, bool *any,
			uint32_t *number, struct cgfence_error *error)
{
	size_t digits = strspn(*text, "0123456789");
	uint32_t value = 0;

	if (**text == '*') {
		*any = true;
		*number = 0;
		++*text;
		return 0;
	}
	if (digits == 0 || (digits > 1 && **text == '0'))
		return error_set_invalid(error, "the %s must be a number from 0 to %u or '*'", what,
					 max);
	for (size_t i = 0; i < digits; i++) {
		value = 10 * value + (uint32_t)((*text)[i] - '0');
		if (value > max)
			return error_set_invalid(error, "the %s is over %u", what, max);
	}
	*any = false;
	*number = value;
	*text += digits;
	return 0;
}

int device_entry_parse(const char *text, struct device_entry *entry, struct cgfence_error *error)
{
	static const char form[] = "an entry is 'TYPE MAJOR:MINOR ACCESS', such as 'c 10:229 rw'";
	struct device_entry parsed = { 0 };
	int result;

	if (!*text || !strchr("abc", *text))
		return error_set_invalid(error, "the type must be a, b or c; %s", form);
	parsed.block = *text != 'c';
	parsed.character = *text != 'b';
	if (*++text != ' ')
		return error_set_invalid(error, "one space must follow the type; %s", form);
	text++;
	result = parse_number(&text, "major", CGFENCE_MAJOR_MAX, &parsed.any_major, &parsed.major,
			      error);
	if (result)
		return result;
	if (*text != ':')
		return error_set_invalid(error, "a ':' must follow the major; %s", form);
	text++;
	result = parse_number(&text, "minor", CGFENCE_MINOR_MAX, &parsed.any_minor, &parsed.minor,
			      error);
	if (result)
		return result;
	if (*text != ' ')
		return error_set_invalid(
			error, "one space and the access must follow the minor; %s", form);
	result = device_access_parse(text + 1, &parsed.access, error);
	if (result)
		return result;
	*entry = parsed;
	return 0;
}

static void format_number(char *text, size_t size, bool any, uint32_t number)
{
	if (any)
		snprintf(text, size, "*");
	else
		snprintf(text, size, "%u", number);
}

void device_access_format(uint8_t access, char text[DEVICE_ACCESS_TEXT_SIZE])
{
	size_t length = 0;

	for (size_t i = 0; i < access_letter_count; i++) {
		if (access & access_letters[i].bit)
			text[length++] = access_letters[i].letter;
	}
	text[length] = '\0';
}

void device_entry_format(const struct device_entry *entry, char text[DEVICE_ENTRY_TEXT_SIZE])
{
	char type = entry->block && entry->character ? 'a' : entry->block ? 'b' : 'c';
	char access[DEVICE_ACCESS_TEXT_SIZE];
	char major[8];
	char minor[8];

	device_access_format(entry->access, access);
	format_number(major, sizeof(major), entry->any_major, entry->major);
	format_number(minor, sizeof(minor), entry->any_minor, entry->minor);
	/* Only a request can have no access bits: that of access(F_OK). */
	snprintf(text, DEVICE_ENTRY_TEXT_SIZE, "%c %s:%s%s%s", type, major, minor,
		 *access ? " " : "", access);
}
