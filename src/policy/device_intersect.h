/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What several lists of devices allow together. */
#pragma once

#include "policy/device_rule.h"

/**
 * device_rules_intersect() - rules that allow what both of two sets allow.
 * @result: receives normalised rules, to be given to device_rules_free()
 * @tightened: set to true if they allow less: where one set lets a device be read and the other be written by different
 *	entries, since entries of the same numbers add up, they allow to read it alone; otherwise unchanged
 *
 * Return: 0 or -ENOMEM.
 */
int device_rules_intersect(const struct device_rules *a, const struct device_rules *b,
			   struct device_rules *result, bool *tightened);
