// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/operands.h"
#include "base/error.h"
#include "base/nearest.h"

#include <stdlib.h>
#include <string.h>

char *operands_join(char *const *words)
{
	size_t size = 1;
	char *text;
	char *end;

	for (char *const *word = words; *word; word++)
		size += strlen(*word) + 1;
	text = malloc(size);
	if (!text)
		return NULL;
	end = text;
	for (char *const *word = words; *word; word++) {
		if (word != words)
			*end++ = ' ';
		end = stpcpy(end, *word);
	}
	*end = '\0';
	return text;
}

int operands_refuse_topic(const char *word, struct cgfence_error *error)
{
	struct nearest nearest = nearest_begin(word);
	char hint[NEAREST_HINT_SIZE];

	nearest_try(&nearest, "device");
	nearest_try(&nearest, "port");
	return error_set_invalid(error, "'%s' is neither device nor port%s", word,
				 nearest.best ? nearest_hint(&nearest, hint)
					      : "; write 'device c 1:3 rw' or 'port tcp 8080'");
}
