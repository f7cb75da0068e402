// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Policies that somebody chooses by their name, who may be a user: a name leads to no other file. */
#include "base/cleanup.h"
#include "base/error.h"
#include "policy/trust.h"

#include <stdio.h>
#include <string.h>

/* With ".json" it is the name of a file. */
#define NAME_LENGTH_MAX 250

int cgfence_policy_read_named(const char *directory, const char *name,
			      struct cgfence_policy **policy, struct cgfence_error *error)
{
	cleanup_free char *path = NULL;
	int result;

	if (!directory)
		directory = CGFENCE_POLICY_DIRECTORY;
	if (!*name || *name == '.' || strchr(name, '/') || strlen(name) > NAME_LENGTH_MAX)
		return error_set_invalid(
			error,
			"'%s' cannot be the name of a policy; give one of those in %s, without '.json'",
			name, directory);
	if (asprintf(&path, "%s/%s.json", directory, name) < 0) {
		path = NULL;
		return error_out_of_memory(error);
	}
	result = policy_trust_check(path, error);
	return result ? result : cgfence_policy_read_file(path, policy, error);
}
