/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What all headers of libcgfence share. */
#pragma once

#include <stdbool.h>

#define CGFENCE_API __attribute__((visibility("default")))

/** struct cgfence_error - what went wrong, in words for the operator. */
struct cgfence_error {
	bool invalid_input; /* the policy or an argument is at fault, not the system */
	char text[1024];    /* a sentence without its full stop; empty if nothing went wrong */
};
