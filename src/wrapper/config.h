/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The hook in config.json of the OCI runtime specification. */
#pragma once

#include <cgfence/error.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * config_add_hook() - add a hook of createRuntime, the last one, that fences the container.
 * @text: the whole file, ended by a null byte
 * @length: of @text, in bytes
 * @origin: what messages call it
 * @program: the path of cgfence
 * @policy: for a container that has no annotation io.cgfence.policy; NULL for none
 * @wanted: receives whether the container is to have the hook: with @policy or an annotation io.cgfence.*
 * @made: receives the new text, to be given to free(); NULL if the hook is there already, or is not wanted
 *
 * All else stays, byte by byte. runc reads keys in whatever case they are written, so those that matter here are refused
 * in another.
 *
 * Return: 0, -EINVAL if it is not JSON, or no such configuration; -ENOMEM.
 */
int config_add_hook(const char *text, size_t length, const char *origin, const char *program,
		    const char *policy, bool *wanted, char **made, struct cgfence_error *error);
