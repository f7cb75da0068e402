/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Cgroups, and policies that are written in the source. Without Criterion, for tests and benchmarks alike: errors are
 * returned, and `support/harness.h` makes failed tests of them.
 */
#pragma once

#include <cgfence/cgfence.h>

/** fences_json() - a copy of @text with " for ', to be given to free(); NULL without memory. */
char *fences_json(const char *text);

/** fences_write_json() - write @text, with " for ', to a file that is made or emptied. Return: 0 or -errno. */
int fences_write_json(const char *path, const char *text);

/**
 * fences_parse() - a policy from JSON text with ' for ".
 * @policy: receives what is to be given to cgfence_policy_free()
 */
int fences_parse(const char *text, struct cgfence_policy **policy, struct cgfence_error *error);

/**
 * fences_attach() - attach a policy given as JSON with ' for ".
 * @result: receives what that changed; NULL is fine
 */
int fences_attach(const struct cgfence_cgroup *cgroup, const char *text,
		  enum cgfence_attach_result *result, struct cgfence_error *error);

/** fences_guard() - the listen guard of the fence of a cgroup. Return: it, or -errno. */
int fences_guard(const struct cgfence_cgroup *cgroup, struct cgfence_error *error);

/** fences_enter() - move the calling process into a cgroup. Return: 0 or -errno. */
int fences_enter(const struct cgfence_cgroup *cgroup);

/** fences_remove() - detach the fence if there is one, kill who is inside, remove and close the cgroup; NULL is fine. */
void fences_remove(struct cgfence_cgroup *cgroup);

/**
 * fences_count_programs() - how many programs of an attach type are on a cgroup itself.
 * @attach_type: of enum bpf_attach_type
 *
 * Return: the number or -errno.
 */
int fences_count_programs(const struct cgfence_cgroup *cgroup, int attach_type);

/**
 * fences_program() - the first program of an attach type on a cgroup itself.
 * @attach_type: of enum bpf_attach_type
 *
 * Return: a descriptor that the caller closes, or -errno; -ENOENT if there is none.
 */
int fences_program(const struct cgfence_cgroup *cgroup, int attach_type);

/**
 * fences_read_image() - the image of the fence of a cgroup, for programs of it alone, which tests load beside it.
 * @attach_type: of a program of the fence
 * @image: receives what is to be given to free()
 */
int fences_read_image(const struct cgfence_cgroup *cgroup, int attach_type,
		      struct cgfence_image **image, struct cgfence_error *error);
