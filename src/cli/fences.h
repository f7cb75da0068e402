/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What status and denials share. */
#pragma once

#include "cli/command.h"

#include <cgfence/cgfence.h>

/**
 * A function that adds what is to be said of a fence to a struct table or to a JSON array, and fills in @error if it
 * fails.
 */
typedef int fence_visitor(const struct cgfence_cgroup *cgroup, const struct cgfence_fence *fence,
			  void *context, struct cgfence_error *error);

/**
 * fences_report() - print a report on one fence, or on all, as a table or as one JSON array.
 * @arguments: its first operand, if any, names the cgroup; its json chooses the form
 * @headings: of the table, ended by NULL
 * @add_row: adds rows to a struct table
 * @add_json: adds elements to a json_t array
 *
 * One fence that cannot be read is reported and does not hide the others.
 *
 * Return: exit status.
 */
int fences_report(const struct arguments *arguments, const char *const *headings,
		  fence_visitor *add_row, fence_visitor *add_json);
