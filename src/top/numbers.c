// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "top/numbers.h"

#include <stdio.h>

#define NS_PER_S 1000000000ULL

/* Divides by 1,000 until it has at most @digits. */
static void scale(double number, int digits, char text[NUMBER_SIZE])
{
	static const char units[] = " kMGTPEZY";
	double limit = 1;
	size_t unit = 0;

	while (digits--)
		limit *= 10;
	while (number >= limit - 0.5 && units[unit + 1]) {
		/* The letter takes a column. */
		if (!unit)
			limit /= 10;
		number /= 1000;
		unit++;
	}
	if (unit)
		snprintf(text, NUMBER_SIZE, "%.0f%c", number, units[unit]);
	else
		snprintf(text, NUMBER_SIZE, "%.0f", number);
}

void number_rate(double rate, char text[NUMBER_SIZE])
{
	if (rate <= 0)
		snprintf(text, NUMBER_SIZE, "0");
	else if (rate < 0.05)
		snprintf(text, NUMBER_SIZE, "<0.1");
	else if (rate < 9.95)
		snprintf(text, NUMBER_SIZE, "%.1f", rate);
	else
		scale(rate, 5, text);
}

void number_count(uint64_t count, char text[NUMBER_SIZE])
{
	scale((double)count, 6, text);
}

void number_age(uint64_t ns, char text[NUMBER_SIZE])
{
	uint64_t seconds = ns / NS_PER_S;

	if (seconds < 10)
		snprintf(text, NUMBER_SIZE, "%llu.%llus", (unsigned long long)seconds,
			 (unsigned long long)(ns % NS_PER_S / (NS_PER_S / 10)));
	else if (seconds < 100)
		snprintf(text, NUMBER_SIZE, "%llus", (unsigned long long)seconds);
	else if (seconds < 100 * 60)
		snprintf(text, NUMBER_SIZE, "%llum", (unsigned long long)(seconds / 60));
	else if (seconds < 100 * 3600)
		snprintf(text, NUMBER_SIZE, "%lluh", (unsigned long long)(seconds / 3600));
	else
		snprintf(text, NUMBER_SIZE, "%llud", (unsigned long long)(seconds / (24 * 3600)));
}
