// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/sharers.h"
#include "kernel/pins.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define POLICIES PINS_ROOT "/policies"
#define LINK "policy"
#define DIRECTORY_MODE 0700

/* How often the last fence of a policy may leave while another enters. */
#define TRIES 100

static void policy_path(char path[PINS_PATH_SIZE], uint64_t digest)
{
	snprintf(path, PINS_PATH_SIZE, POLICIES "/%016llx", (unsigned long long)digest);
}

static void member_path(char path[PINS_PATH_SIZE], uint64_t digest, uint64_t id)
{
	snprintf(path, PINS_PATH_SIZE, POLICIES "/%016llx/%llu", (unsigned long long)digest,
		 (unsigned long long)id);
}

/* Removes what is empty. */
static void remove_policy(uint64_t digest)
{
	char path[PINS_PATH_SIZE];

	policy_path(path, digest);
	rmdir(path);
	rmdir(POLICIES);
}

void sharers_enter(uint64_t digest, uint64_t id)
{
	char policy[PINS_PATH_SIZE];
	char member[PINS_PATH_SIZE];
	char link[PINS_PATH_SIZE];
	char name[17];

	policy_path(policy, digest);
	member_path(member, digest, id);
	pins_path(link, id, LINK);
	snprintf(name, sizeof(name), "%016llx", (unsigned long long)digest);
	if (symlink(name, link) < 0)
		return;
	for (int i = 0; i < TRIES; i++) {
		mkdir(POLICIES, DIRECTORY_MODE);
		mkdir(policy, DIRECTORY_MODE);
		if (mkdir(member, DIRECTORY_MODE) == 0 || errno != ENOENT)
			return;
	}
}

void sharers_leave(uint64_t id, bool detaching)
{
	char member[PINS_PATH_SIZE];
	char link[PINS_PATH_SIZE];
	uint64_t digest;
	char name[17] = "";

	(detaching ? pins_detaching_path : pins_path)(link, id, LINK);
	if (readlink(link, name, sizeof(name) - 1) < 0)
		return;
	digest = strtoull(name, NULL, 16);
	member_path(member, digest, id);
	rmdir(member);
	remove_policy(digest);
	unlink(link);
}

size_t sharers_list(uint64_t digest, uint64_t ids[], size_t max)
{
	char path[PINS_PATH_SIZE];
	struct dirent *entry;
	size_t count = 0;
	DIR *directory;

	policy_path(path, digest);
	directory = opendir(path);
	while (directory && count < max && (entry = readdir(directory))) {
		uint64_t id = strtoull(entry->d_name, NULL, 10);

		if (id)
			ids[count++] = id;
	}
	if (directory)
		closedir(directory);
	return count;
}
