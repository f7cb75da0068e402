/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <cgfence/adopt.h>

/**
 * rules_read_bundle() - read config.json of a bundle.
 * @runtime: whose dialect the rules are in, static
 * @rules: receives it, to be given to cgfence_rules_free()
 *
 * Return: 0, -ENOENT if it is no JSON file that root wrote, -ENOMEM.
 */
int rules_read_bundle(const char *bundle, const char *runtime, struct cgfence_rules *rules,
		      struct cgfence_error *error);
