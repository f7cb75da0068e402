// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "apply/policy_files.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SUFFIX ".json"

void policy_files_free(char **files, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(files[i]);
	free(files);
}

/* Hidden files are often remains of editors. */
static int is_policy_name(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > strlen(SUFFIX) &&
	       strcmp(entry->d_name + length - strlen(SUFFIX), SUFFIX) == 0;
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static char *join(const char *directory, const char *name)
{
	size_t length = strlen(directory);
	const char *slash = length && directory[length - 1] == '/' ? "" : "/";
	char *path = NULL;

	return asprintf(&path, "%s%s%s", directory, slash, name) < 0 ? NULL : path;
}

static int list_directory(const char *path, char ***files, size_t *count,
			  struct cgfence_error *error)
{
	struct dirent **entries = NULL;
	int found = scandir(path, &entries, is_policy_name, compare_names);
	char **listed;
	bool complete;

	if (found < 0)
		return error_set(error, errno, "cannot read the directory %s: %s", path,
				 strerror(errno));
	listed = calloc((size_t)found + 1, sizeof(*listed));
	complete = listed;
	for (int i = 0; i < found; i++) {
		if (listed)
			listed[i] = join(path, entries[i]->d_name);
		complete = complete && listed[i];
		free(entries[i]);
	}
	free(entries);
	if (!complete) {
		policy_files_free(listed, listed ? (size_t)found : 0);
		return error_out_of_memory(error);
	}
	*files = listed;
	*count = (size_t)found;
	return 0;
}

int policy_files_list(const char *path, char ***files, size_t *count, struct cgfence_error *error)
{
	struct stat status;
	char **listed;

	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return list_directory(path, files, count, error);
	listed = calloc(1, sizeof(*listed));
	if (listed)
		listed[0] = strdup(path);
	if (!listed || !listed[0]) {
		free(listed);
		return error_out_of_memory(error);
	}
	*files = listed;
	*count = 1;
	return 0;
}
