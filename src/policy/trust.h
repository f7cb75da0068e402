/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Everybody who can change a policy file can change what its fence allows. */
#pragma once

#include <cgfence/cgfence.h>

/**
 * policy_trust_check() - can nobody but root change a policy file?
 * @path: links are followed
 *
 * The file must be a regular one of root's, in a directory of root's that nobody else can write, and so must be the
 * directory of a link to it.
 *
 * Return: 0, -EPERM with who can change it, another -errno.
 */
int policy_trust_check(const char *path, struct cgfence_error *error);
