/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The hook in config.json of the OCI runtime specification. */
#pragma once

#include <cgfence/error.h>
#include <stddef.h>

/**
 * config_add_hook() - add a hook of createRuntime, the last one, that fences the container.
 * @text: the whole file, ended by a null byte
 * @length: of @text, in bytes
 * @origin: what messages call it
 * @program: the path of cgfence
 * @policy: for a container that has no annotation io.cgfence.policy; NULL for none
 * @made: receives the new text, to be given to free(); NULL if the hook is there already, or is not wanted: without
 *	@policy and without an annotation io.cgfence.*
 *
 * All else stays, byte by byte.
 *
 * Return: 0, -EINVAL if it is not JSON, or no such configuration; -ENOMEM.
 */
int config_add_hook(const char *text, size_t length, const char *origin, const char *program,
		    const char *policy, char **made, struct cgfence_error *error);
