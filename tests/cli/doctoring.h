/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What cgfence doctor says, as JSON. */
#pragma once

#include "watching.h"

/** doctoring_look_at_host() - what it says of this host, to be given to json_decref(). @status: its exit status */
json_t *doctoring_look_at_host(int status);

/** doctoring_look_at() - what it says of a fence or a cgroup, to be given to json_decref(). */
json_t *doctoring_look_at(const char *name);

/** doctoring_find() - the first finding of a check; NULL if there is none. It lives as long as @report. */
const json_t *doctoring_find(const json_t *report, const char *check);

/** doctoring_expect() - expect the state of a check, and a part of what it found. */
void doctoring_expect(const json_t *report, const char *check, const char *state, const char *part);
