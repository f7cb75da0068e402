/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reports of the reconciler as text and JSON. */
#pragma once

#include <cgfence/reconcile.h>
#include <jansson.h>

/* Long enough for "tcp [ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535". */
#define VIOLATION_SOCKET_SIZE 64

/* Long enough for a number of each action. */
#define VIOLATION_REST_SIZE 256

/** violation_format_socket() - such as "tcp [::]:8080". */
void violation_format_socket(const struct cgfence_violation *violation,
			     char text[VIOLATION_SOCKET_SIZE]);

/** violation_format_rest() - the actions of those that are not spelled out, such as "3 closed, 1 failed". */
void violation_format_rest(const struct cgfence_violation *violation,
			   char text[VIOLATION_REST_SIZE]);

/** violation_json() - the object of spec section 7, to be given to json_decref(); NULL if out of memory. */
json_t *violation_json(const struct cgfence_violation *violation);
