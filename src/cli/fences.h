/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What status and denials share. */
#pragma once

#include "cli/command.h"

#include <cgfence/cgfence.h>
#include <jansson.h>

/**
 * A function that adds what is to be said of a fence that can be read to a struct table or to a JSON array, and fills in
 * @error if it fails.
 */
typedef int fence_reporter(const struct cgfence_fence_visit *visit, void *context,
			   struct cgfence_error *error);

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
		  fence_reporter *add_row, fence_reporter *add_json);

#define FENCES_NAME_SIZE 4096

/** fences_name() - the path of the cgroup of a fence, or "id:N" if no mount shows it. */
void fences_name(const struct cgfence_fence_visit *visit, char name[FENCES_NAME_SIZE]);

/** fences_json_path() - the path as JSON, null if no mount shows the cgroup. */
json_t *fences_json_path(const struct cgfence_fence_visit *visit);
