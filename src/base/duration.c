// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/duration.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS 1000000ULL
#define SHORTEST_NS (100 * NS_PER_MS)
#define LONGEST_NS (24 * 3600 * 1000 * NS_PER_MS)

static const struct {
	const char *suffix;
	uint64_t ns;
} units[] = {
	{ "", 1000 * NS_PER_MS },
	{ "s", 1000 * NS_PER_MS },
	{ "ms", NS_PER_MS },
	{ "m", 60 * 1000 * NS_PER_MS },
	{ "min", 60 * 1000 * NS_PER_MS },
	{ "h", 3600 * 1000 * NS_PER_MS },
};

int duration_parse(const char *text, uint64_t *ns)
{
	char *end;
	unsigned long long number;

	/* strtoull() takes signs and spaces too. */
	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	number = strtoull(text, &end, 10);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].suffix) != 0)
			continue;
		if (errno || number > LONGEST_NS / units[i].ns ||
		    number * units[i].ns < SHORTEST_NS)
			return -1;
		*ns = number * units[i].ns;
		return 0;
	}
	return -1;
}
