/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reports of what a command used, for continuous integration: JSON, or XML as JUnit writes it. */
#pragma once

#include <cgfence/learn.h>
#include <jansson.h>
#include <stdio.h>

/** touched_json() - what was used, as an object to be given to json_decref(). */
json_t *touched_json(const struct cgfence_learnt *learnt);

/**
 * touched_write_json() - write a report as JSON.
 * @touched: an array of touched_json()
 * @head: what stands before it, an object; its reference is taken
 *
 * Return: false if memory is short, or the file cannot be written.
 */
bool touched_write_json(FILE *file, json_t *touched, json_t *head);

/** touched_write_junit() - write a report as XML: a test case for each, which fails if the policy refuses it. */
bool touched_write_junit(FILE *file, const json_t *touched, size_t refused);
