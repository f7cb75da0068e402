/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A JSON array that is printed while it is made, so that a long one is never held in memory. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

/** struct array_output - an array on standard output; zero before its first element. */
struct array_output {
	bool begun;
};

/**
 * array_print() - print the elements of a list as the next ones of the array, and empty the list.
 *
 * What is printed of the whole array is what output_json() prints of it.
 *
 * Return: exit status.
 */
int array_print(struct array_output *array, json_t *list);

/** array_end() - print what comes after the last element, or the empty array. */
void array_end(const struct array_output *array);
