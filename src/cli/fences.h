/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The common part of the commands about fences. */
#pragma once

#include <cgfence/cgfence.h>
#include <jansson.h>

struct table_column;

/**
 * A function that adds a readable fence to a struct table or to a JSON array, and fills in @error if it fails.
 */
typedef int fence_reporter(const struct cgfence_fence_visit *visit, void *context,
			   struct cgfence_error *error);

/**
 * fences_report() - print a report on one fence, or on all, as a table or as one JSON array.
 * @name: of the cgroup, or the pattern of a standing fence; NULL for all fences
 * @columns: of the table, ended by a NULL heading
 * @add_row: adds rows to a struct table
 * @add_json: adds elements to a json_t array; NULL for a table
 *
 * A fence that cannot be read is reported and does not hide the others.
 *
 * Return: exit status.
 */
int fences_report(const char *name, const struct table_column *columns, fence_reporter *add_row,
		  fence_reporter *add_json);

/** fences_report_state() - the same, and say on standard error what such a list does not show: fences elsewhere. */
int fences_report_state(const char *name, const struct table_column *columns,
			fence_reporter *add_row, fence_reporter *add_json);

#define FENCES_NAME_SIZE 4096

/** fences_name() - the path of the cgroup of a fence or of the member, or the pattern, or "id:N" if no mount shows it. */
void fences_name(const struct cgfence_fence_visit *visit, char name[FENCES_NAME_SIZE]);

/** fences_mode() - "enforce" or "audit". */
const char *fences_mode(const struct cgfence_fence_visit *visit);

/** fences_counters() - the refusals of a fence, or of the member. */
struct cgfence_counters fences_counters(const struct cgfence_fence_visit *visit);

/** fences_denied() - how many of them had an effect. */
unsigned long long fences_denied(const struct cgfence_fence_visit *visit);

/** fences_json_path() - fences_name() as a JSON string, or null if no mount shows the cgroup. */
json_t *fences_json_path(const struct cgfence_fence_visit *visit);
