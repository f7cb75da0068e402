/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which fences have a policy, as far as others may share its programs: a directory in bpffs for each such policy, with a
 * directory for each fence. It only says where to look. The fence itself has a symbolic link that names its policy, so that
 * whatever a killed command leaves is removed with the fence.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** sharers_enter() - add a fence to those of a policy, if that is possible. */
void sharers_enter(uint64_t digest, uint64_t id);

/** sharers_leave() - take it off. @detaching: the directory of its pins has that name */
void sharers_leave(uint64_t id, bool detaching);

/** sharers_list() - up to @max fences that are said to have a policy. Return: how many. */
size_t sharers_list(uint64_t digest, uint64_t ids[], size_t max);
