/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The choice of one of several things in a text, by --part. */
#pragma once

#include "import/importing.h"

/**
 * part_refuse() - say that a part has to be named, or that there is none of the name that was given.
 * @where: the place in the text, such as "services"
 * @names: those that there are, a list of strings; its reference is taken
 *
 * Return: -EINVAL.
 */
int part_refuse(const struct importing *import, const char *where, json_t *names);

/** part_keys() - the keys of an object, as part_refuse() takes them. */
json_t *part_keys(const json_t *object);

/** part_values() - the strings that the objects of a list have at a key, as part_refuse() takes them. */
json_t *part_values(const json_t *list, const char *key);

/** part_names() - is a name one of those of --part, which have commas between them? */
bool part_names(const struct importing *import, const char *name);

/**
 * part_unknown() - the first of those of --part that is not among some names.
 * @text: receives it; room for @size
 *
 * Return: is there one?
 */
bool part_unknown(const struct importing *import, const json_t *names, char *text, size_t size);
