/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "report/finding.h"

#include <cgfence/cgfence.h>

/**
 * doctor_report_refused() - the last refusals of a fence, each with the command that would allow it.
 * @name: of the fence, as commands take it
 * @member: id of the only member to tell of; 0 for all
 */
int doctor_report_refused(const struct cgfence_fence *fence, const char *name, uint64_t member,
			  struct findings *findings, struct cgfence_error *error);

/** doctor_quote() - a word as a shell takes it, to be given to free(); NULL if out of memory. */
char *doctor_quote(const char *word);
