/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cgfence learn of a cgroup, until it is told to end. */
#pragma once

#include "program.h"

/** learning_start() - run it until it learns; to be given to learning_end() or program_finish(). @words: all of its command line */
void learning_start(struct program *program, const char *const *words);

/** learning_end() - have it end, and print the policy. */
struct program_result learning_end(struct program *program);
