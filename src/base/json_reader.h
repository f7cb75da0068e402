/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads JSON values into C; the error for a bad one names its place and what would be right. */
#pragma once

#include "base/json_locate.h"

#include <cgfence/cgfence.h>
#include <jansson.h>

struct reader {
	const char *text;
	size_t length;
	const char *origin;	 /* what messages call the text */
	struct json_place place; /* of the value that is being read */
	unsigned int flags;	 /* what the caller has to tell its own read functions */
	struct cgfence_error *error;
};

/* A key that an object may have. Tables of keys end with an empty one. */
struct reader_key {
	const char *name;
	int (*read)(struct reader *reader, const json_t *value, void *target);
	size_t target_offset; /* where in the target of the object this key goes */
};

/**
 * reader_refuse() - set the error for a value.
 * @value: the value at the reader's place
 * @format: what would be right
 *
 * Return: -EINVAL.
 */
int reader_refuse(struct reader *reader, const json_t *value, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** reader_refuse_member() - reader_refuse() for the value of a key of an object, which is at the reader's place. */
int reader_refuse_member(struct reader *reader, const json_t *object, const char *key,
			 const char *message);

/**
 * reader_refuse_at() - the same for a value that was read before.
 * @origin: what messages call the text
 * @at: where the value was; a line of 0 if that is not known
 * @place: the path to it, such as "ports.tcp[2]"
 */
int reader_refuse_at(const char *origin, const struct json_position *at, const char *place,
		     const json_t *value, const char *message, struct cgfence_error *error);

/** reader_position() - where the value at the reader's place is. */
struct json_position reader_position(const struct reader *reader);

/** reader_out_of_memory() - the error for a failed allocation. Return: -ENOMEM. */
int reader_out_of_memory(struct reader *reader);

/** reader_read_object() - read each key of an object by its own function; an unknown key is an error. */
int reader_read_object(struct reader *reader, const json_t *value, const struct reader_key *keys,
		       void *target);

/** reader_read_list() - read each element of an array by one function. */
int reader_read_list(struct reader *reader, const json_t *value,
		     int (*read)(struct reader *reader, const json_t *element, void *target),
		     void *target);

/** reader_read_bool() - read true or false into a bool. */
int reader_read_bool(struct reader *reader, const json_t *value, void *target);

/** reader_read_string() - read a string that is not empty into a char *, to be given to free(). */
int reader_read_string(struct reader *reader, const json_t *value, void *target);

/**
 * reader_read_word() - read one of a few words.
 * @words: ended by NULL
 * @index: receives which
 */
int reader_read_word(struct reader *reader, const json_t *value, const char *const *words,
		     int *index);
