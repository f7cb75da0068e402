/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads metrics as strictly as OpenMetrics 1.0 and the text format 0.0.4 of Prometheus ask for together. */
#pragma once

#include <stdbool.h>

/**
 * exposition_check() - fail the test unless a text is well formed.
 * @openmetrics: in that format, else in the text format
 *
 * Families are described once, before their samples, and are not interleaved; no sample is there twice; names, labels,
 * escapes and values are as the formats have them; names of samples fit the type of their family.
 */
void exposition_check(const char *text, bool openmetrics);

/** exposition_value() - the value of the sample that begins a line with exactly @series; fails the test if there is none. */
double exposition_value(const char *text, const char *series);

/** exposition_has() - is there such a sample? */
bool exposition_has(const char *text, const char *series);
