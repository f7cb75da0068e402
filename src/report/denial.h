/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Denials as text, table and JSON. */
#pragma once

#include "report/table.h"

#include <cgfence/cgfence.h>
#include <jansson.h>

#define DENIAL_SUBJECT_SIZE 32

/** denial_hook_name() - such as "device". */
const char *denial_hook_name(const struct cgfence_denial_subject *subject);

/** denial_verdict_name() - such as "denied". */
const char *denial_verdict_name(const struct cgfence_denial_subject *subject);

/**
 * denial_member_path() - the path of the member of a standing fence that was refused something, to be given to free().
 * @member: its id, 0 if the fence is on one cgroup
 *
 * Return: the path, "id:N" if it is not known any more, NULL if the fence is on one cgroup.
 */
char *denial_member_path(const struct cgfence_fence *fence, uint64_t member);

/** denial_format_subject() - the refused request, such as "c 1:3 rw" or "tcp ipv4:8080". */
void denial_format_subject(const struct cgfence_denial_subject *subject,
			   char text[DENIAL_SUBJECT_SIZE]);

/** denial_names_task() - does it tell who was refused? Some kernels do not tell programs (missing "who" in `status`). */
static inline bool denial_names_task(const struct cgfence_denial_record *record)
{
	return record->pid != 0;
}

/** The columns of a table of denials. */
extern const struct table_column denial_columns[];

/** denial_add_row() - append a row to a table with these columns. @cgroup: the path of the fence root */
void denial_add_row(struct table *table, const char *cgroup,
		    const struct cgfence_denial_record *record);

/**
 * denial_json() - the object of spec section 7, to be given to json_decref(); NULL if out of memory.
 * @cgroup: the path of the fence root; its reference is taken
 */
json_t *denial_json(json_t *cgroup, const struct cgfence_denial_record *record);
