/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a policy says of a touch, and what a touch is called. */
#pragma once

#include "policy/lesson.h"
#include "policy/policy.h"

/** learn_allows() - does a policy allow it? It may be asked of any number of touches. */
bool learn_allows(const struct cgfence_policy *policy, const struct lesson_touch *touch);

/** learn_has_device() - has an allow entry all of a device, even if a deny entry takes some of it? */
bool learn_has_device(const struct cgfence_policy *policy, const struct lesson_touch *touch);

/**
 * learn_was_bound() - is it the listening of a socket that was bound to a port that it named, which is told already?
 * @touches: of lesson_sorted()
 */
bool learn_was_bound(const struct lesson_touch *listening, const struct lesson_touch *touches,
		     size_t count);

/** learn_protocol() - as which a policy has the ports of a touch. */
enum cgfence_protocol learn_protocol(const struct lesson_touch *touch);

/* The longest is a path with its access. */
#define LEARN_WHAT_SIZE (DEVICE_PATH_SIZE + 32)

/** learn_name_port() - such as "tcp ipv4:8080", or "tcp ipv4:40404, chosen by the kernel". */
void learn_name_port(const struct lesson_touch *touch, char what[LEARN_WHAT_SIZE]);

/** learn_name_chosen() - the same of several ports that the kernel chose, such as "tcp ipv4, 12 ports chosen by the kernel". */
void learn_name_chosen(const struct lesson_touch *touch, size_t count, char what[LEARN_WHAT_SIZE]);

/** learn_access() - the letters of BPF_DEVCG_ACC_* bits; those of none are "". */
void learn_access(uint32_t access, char letters[4]);
