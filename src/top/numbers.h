/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers in a few columns. */
#pragma once

#include <stdint.h>

#define NUMBER_SIZE 24

/** number_rate() - a rate in at most 5 columns, such as "0", "<0.1", "2.5", "120", "1200k". */
void number_rate(double rate, char text[NUMBER_SIZE]);

/** number_count() - a count in at most 6 columns, such as "123456", "1234k", "12M". */
void number_count(uint64_t count, char text[NUMBER_SIZE]);

/** number_age() - a time that has passed in at most 4 columns, such as "0.4s", "12s", "5m", "3h", "20d". */
void number_age(uint64_t ns, char text[NUMBER_SIZE]);
