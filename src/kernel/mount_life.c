// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/mount_life.h"
#include "base/cleanup.h"
#include "cgroup/mountinfo.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define OWN "/proc/self/"
#define OF_PID_1 "/proc/1/"

/* A line of mountinfo (proc(5)). */
struct line {
	unsigned int id; /* unique on the host */
	dev_t device;
	const char *point; /* with blanks as \040 */
	unsigned int
		shared; /* the peer group with which it shares what is mounted in it; 0 if none */
	unsigned int master; /* the peer group of which it receives that */
};

/* "36 35 98:0 /root /point options tags... - type source options"; the text is cut into pieces. */
static bool parse_line(char *text, struct line *line)
{
	char *tags = strstr(text, " - ");
	unsigned int major_number;
	unsigned int minor_number;
	char *save = NULL;
	const char *tag;

	*line = (struct line){ 0 };
	if (!tags || sscanf(text, "%u %*u %u:%u", &line->id, &major_number, &minor_number) != 3)
		return false;
	*tags = '\0';
	line->device = makedev(major_number, minor_number);
	strtok_r(text, " ", &save);
	for (int i = 0; i < 3; i++)
		strtok_r(NULL, " ", &save); /* parent, device, root */
	line->point = strtok_r(NULL, " ", &save);
	while ((tag = strtok_r(NULL, " ", &save))) {
		sscanf(tag, "shared:%u", &line->shared);
		sscanf(tag, "master:%u", &line->master);
	}
	return line->point;
}

/* Calls @visit for each mount. Return: could they be read? */
static bool for_each_mount(const char *file_name,
			   void (*visit)(const struct line *line, void *context), void *context)
{
	FILE *file = fopen(file_name, "re");
	cleanup_free char *text = NULL;
	size_t size = 0;
	struct line line;
	bool any = false;

	while (file && getline(&text, &size, file) >= 0) {
		any = true;
		if (parse_line(text, &line))
			visit(&line, context);
	}
	if (file)
		fclose(file);
	return any;
}

static bool is_in_namespace_of_pid_1(void)
{
	struct stat own;
	struct stat first;

	return stat(OWN "ns/mnt", &own) == 0 && stat(OF_PID_1 "ns/mnt", &first) == 0 &&
	       own.st_ino == first.st_ino && own.st_dev == first.st_dev;
}

/* The innermost mount at a path; of two on one point the later one is on top. */
struct search {
	const char *path;
	size_t length;
	struct line found;
};

static void keep_inner(const struct line *line, void *context)
{
	struct search *search = context;

	if (!path_below(search->path, line->point) || strlen(line->point) < search->length)
		return;
	search->length = strlen(line->point);
	search->found = *line;
}

struct comparison {
	struct line own;
	bool found;
};

/* It is the same mount, or one that gets what is mounted in it. */
static void compare_peers(const struct line *line, void *context)
{
	struct comparison *comparison = context;
	unsigned int group = comparison->own.shared;

	if (line->id == comparison->own.id ||
	    (group && (line->shared == group || line->master == group)))
		comparison->found = true;
}

static void compare_devices(const struct line *line, void *context)
{
	struct comparison *comparison = context;

	if (line->device == comparison->own.device)
		comparison->found = true;
}

static enum mount_life look_at_pid_1(void (*compare)(const struct line *line, void *context),
				     const struct line *own)
{
	struct comparison comparison = { .own = *own };

	if (is_in_namespace_of_pid_1())
		return MOUNT_LASTS;
	if (!for_each_mount(OF_PID_1 "mountinfo", compare, &comparison))
		return MOUNT_UNKNOWN;
	return comparison.found ? MOUNT_LASTS : MOUNT_ENDS;
}

enum mount_life mount_life_at(const char *point)
{
	struct search search = { .path = point };

	for_each_mount(OWN "mountinfo", keep_inner, &search);
	return look_at_pid_1(compare_peers, &search.found);
}

enum mount_life mount_life_of(dev_t device)
{
	const struct line own = { .device = device };

	return look_at_pid_1(compare_devices, &own);
}
