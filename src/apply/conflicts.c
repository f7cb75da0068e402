// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "apply/conflicts.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

/* Removes redundant slashes and components "."; ".." stays, since it can lead through a link. */
static void simplify(char *path)
{
	char *to = path;

	for (const char *from = path; *from;) {
		size_t length;

		from += strspn(from, "/");
		length = strcspn(from, "/");
		if (length && !(length == 1 && *from == '.')) {
			*to++ = '/';
			memmove(to, from, length);
			to += length;
		}
		from += length;
	}
	if (to == path)
		*to++ = '/';
	*to = '\0';
}

char *conflicts_normalise(const char *name, const struct cgroup2_mount *mount)
{
	const char *below = mount ? path_below(name, mount->point) : NULL;
	char *path = NULL;

	if (strncmp(name, "pid:", 4) == 0)
		return strdup(name);
	if (asprintf(&path, "/%s/%s", below ? mount->root : "", below ? below : name) < 0)
		return NULL;
	simplify(path);
	return path;
}

/* Policies of one cgroup are neighbours, in the order of the input. */
static int compare_policies(const void *left, const void *right, void *context)
{
	const struct named_policy *policies = context;
	size_t a = *(const size_t *)left;
	size_t b = *(const size_t *)right;
	int order = strcmp(policies[a].cgroup, policies[b].cgroup);

	if (order)
		return order;
	return a < b ? -1 : a > b;
}

int conflicts_find(struct named_policy *policies, size_t count)
{
	cleanup_free size_t *sorted = calloc(count + 1, sizeof(*sorted));
	size_t named = 0;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		policies[i].conflict = NULL;
		if (policies[i].cgroup)
			sorted[named++] = i;
	}
	qsort_r(sorted, named, sizeof(*sorted), compare_policies, policies);
	for (size_t i = 1, first = 0; i < named; i++) {
		struct named_policy *policy = &policies[sorted[i]];

		if (strcmp(policy->cgroup, policies[sorted[first]].cgroup) == 0)
			policy->conflict = &policies[sorted[first]];
		else
			first = i;
	}
	return 0;
}

int conflicts_refuse(const char *origin, const char *other_origin, const char *cgroup,
		     struct cgfence_error *error)
{
	return error_set_invalid(error, "%s and %s both name the cgroup %s; name it in one of them",
				 origin, other_origin, cgroup);
}
