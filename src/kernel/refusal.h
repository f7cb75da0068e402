/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a kernel does not take, which costs a feature, as against what goes wrong for now, which is an error. */
#pragma once

#include "kernel/trial.h"

#include <stdbool.h>

/**
 * refusal_is() - does the kernel, or libbpf on its behalf, say that it does not take such a program?
 * @result: of loading it, 0 or -errno
 *
 * It has no such programs or helpers, has no BTF, or is locked down. Any other error may be temporary, and must not weaken
 * a fence. -EPERM counts only if the kernel takes a program that does nothing: 5.10 also says so if memory may not be locked.
 */
bool refusal_is(int result);

/**
 * refusal_reason() - why this kernel may refuse programs, as far as it is known.
 *
 * Return: a sentence, static; NULL if nothing is known.
 */
const char *refusal_reason(void);

/** refusal_note() - remember that the kernel does not take what a trial is about, if that is what @result says. */
void refusal_note(const char *trial, int result);

/**
 * refusal_try_reads() - may programs read kernel memory? They may not where it is locked down for confidentiality.
 *
 * It is tried once a boot, or, where the answer cannot be kept, as before the first fence, each time.
 *
 * Return: TRIAL_UNKNOWN if a program could not be loaded for another reason.
 */
enum trial refusal_try_reads(void);

/** refusal_of_reads() - is it so, or may it be? For what failed, to find out why. */
bool refusal_of_reads(void);

/** refusal_of_reads_known() - the same without trying: false if it was not tried. */
bool refusal_of_reads_known(void);
