// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy_directory.h"
#include "base/cleanup.h"
#include "policy_text.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

/* Of one test. */
#define PATHS_MAX 32

static char directory[64];

const char *policy_directory_make(void)
{
	strcpy(directory, "/tmp/cgfence-unit-XXXXXX");
	cr_assert_not_null(mkdtemp(directory));
	return directory;
}

const char *policy_directory_path(const char *name)
{
	static char paths[PATHS_MAX][512];
	char path[sizeof(paths[0])];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (!*paths[i])
			strcpy(paths[i], path);
		if (strcmp(paths[i], path) == 0)
			return paths[i];
	}
	cr_assert_fail("more than %d paths", PATHS_MAX);
	return NULL;
}

const char *policy_directory_write(const char *name, const char *text)
{
	cleanup_free char *unquoted = policy_text_unquote(text);
	const char *path = policy_directory_path(name);
	FILE *file = fopen(path, "we");

	cr_assert_not_null(file, "%s", path);
	fputs(unquoted, file);
	fclose(file);
	return path;
}

void policy_directory_remove(void)
{
	DIR *stream = opendir(directory);
	const struct dirent *file;

	cr_assert_not_null(stream);
	while ((file = readdir(stream)))
		unlink(policy_directory_path(file->d_name));
	closedir(stream);
	cr_expect_eq(rmdir(directory), 0, "%s", directory);
}
