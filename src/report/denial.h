/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a refusal looks. */
#pragma once

#include <cgfence/cgfence.h>
#include <jansson.h>

#define REFUSAL_SUBJECT_SIZE 32

/** refusal_hook_name() - such as "device". */
const char *refusal_hook_name(const struct cgfence_denial_subject *subject);

/** refusal_verdict_name() - such as "denied". */
const char *refusal_verdict_name(const struct cgfence_denial_subject *subject);

/** refusal_format_subject() - what was refused, such as "c 1:3 rw" or "tcp ipv4:8080". */
void refusal_format_subject(const struct cgfence_denial_subject *subject,
			    char text[REFUSAL_SUBJECT_SIZE]);

/**
 * refusal_json() - the object of spec section 7, to be given to json_decref(); NULL if out of memory.
 * @cgroup: the path of the fence root, taken over
 */
json_t *refusal_json(json_t *cgroup, const struct cgfence_denial_record *record);
