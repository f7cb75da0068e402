/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Device entries and their text form. */
#pragma once

#include <cgfence/cgfence.h>

/* One entry of numbers. Type "a" is both types, literally: two rules. */
struct device_entry {
	bool block;
	bool character;
	bool any_major;
	bool any_minor;
	uint32_t major; /* 0 if any */
	uint32_t minor; /* 0 if any */
	uint8_t access; /* BPF_DEVCG_ACC_* */
};

/* Long enough for every entry as text, with its NUL. */
#define DEVICE_ENTRY_TEXT_SIZE 24

/**
 * device_entry_parse() - read "c 10:229 rw".
 * @text: type, selector and access, with one space between them
 * @entry: receives the entry
 * @error: receives the fault and the right form; the caller adds the place and the value
 *
 * Return: 0 or -EINVAL.
 */
int device_entry_parse(const char *text, struct device_entry *entry, struct cgfence_error *error);

/** device_entry_format() - write an entry as device_entry_parse() reads it. */
void device_entry_format(const struct device_entry *entry, char text[DEVICE_ENTRY_TEXT_SIZE]);

/**
 * device_access_parse() - read access letters.
 * @text: a non-empty set of r, w and m, each at most once
 * @access: receives BPF_DEVCG_ACC_* bits
 */
int device_access_parse(const char *text, uint8_t *access, struct cgfence_error *error);

/* Long enough for every access as text, with its NUL. */
#define DEVICE_ACCESS_TEXT_SIZE 4

/** device_access_format() - write access bits as device_access_parse() reads them; "" for none. */
void device_access_format(uint8_t access, char text[DEVICE_ACCESS_TEXT_SIZE]);
