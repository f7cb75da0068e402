/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What all targets require of a policy. */
#pragma once

#include <cgfence/cgfence.h>

/** require() - abort with both texts unless @condition holds. */
void require(bool condition, const char *what, const char *text);

/** require_text() - the text of a policy, to be given to free(). */
char *require_text(const struct cgfence_policy *policy);

/** require_reads_back() - what was written must read back as the same policy. */
void require_reads_back(const char *text);
