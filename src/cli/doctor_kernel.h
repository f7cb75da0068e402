/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "report/finding.h"

/** doctor_look_at_kernel() - try what fences do here, and say what the kernel refuses. */
void doctor_look_at_kernel(struct findings *findings);

/** doctor_meaning_of_missing() - what a fence that misses this does not do; the word itself if it is not known. */
const char *doctor_meaning_of_missing(const char *name);
