// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/trust.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is asked of a directory: in one with the sticky bit others can make files, but not replace those of root. */
enum strictness {
	STICKY_IS_FINE,
	ROOT_ALONE,
};

static int refuse(const char *what, const char *path, const struct stat *status,
		  struct cgfence_error *error)
{
	if (status->st_uid != 0 && status->st_uid != geteuid())
		return error_set(error, EPERM,
				 "the %s %s belongs to user %u, who can change it; give it to root",
				 what, path, status->st_uid);
	return error_set(
		error, EPERM,
		"others than root can change the %s %s, whose mode is %04o; take that from them with chmod go-w",
		what, path, status->st_mode & 07777);
}

static bool is_of(uid_t uid, enum strictness strictness)
{
	return uid == 0 || (strictness == STICKY_IS_FINE && uid == geteuid());
}

static int check_directory(char *path, enum strictness strictness, struct cgfence_error *error)
{
	const char *directory = dirname(path);
	struct stat status;
	bool open;

	if (stat(directory, &status) < 0)
		return error_set(error, errno, "cannot look at the directory %s: %s", directory,
				 strerror(errno));
	open = status.st_mode & (S_IWGRP | S_IWOTH) &&
	       !(strictness == STICKY_IS_FINE && status.st_mode & S_ISVTX);
	return is_of(status.st_uid, strictness) && !open
		       ? 0
		       : refuse("directory", directory, &status, error);
}

static int check(const char *path, enum strictness strictness, struct cgfence_error *error)
{
	cleanup_free char *target = realpath(path, NULL);
	char named[PATH_MAX];
	struct stat status;
	int result;

	if (!target || stat(target, &status) < 0)
		return error_set(error, errno, "cannot find the policy %s: %s", path,
				 strerror(errno));
	if (!is_of(status.st_uid, strictness) || status.st_mode & (S_IWGRP | S_IWOTH))
		return refuse("policy", path, &status, error);
	snprintf(named, sizeof(named), "%s", path);
	result = check_directory(named, strictness, error);
	return result ? result : check_directory(target, strictness, error);
}

int policy_trust_check(const char *path, struct cgfence_error *error)
{
	return check(path, ROOT_ALONE, error);
}

int cgfence_policy_file_check(const char *path, struct cgfence_error *error)
{
	return check(path, STICKY_IS_FINE, error);
}
