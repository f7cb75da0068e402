// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/strays.h"
#include "base/cleanup.h"
#include "report/handles.h"
#include "report/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* So many processes are looked at in one go. */
#define LOOK_MAX 4096

struct process {
	pid_t pid;
	pid_t parent;
};

struct queue {
	struct process *items;
	size_t count;
};

/* The directory of a process in /proc stays that of this process, even if its number is used again. */
static int open_process(pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", pid);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Return: is there something in it? */
static bool read_file(int directory, const char *name, char *text, size_t size)
{
	cleanup_close int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? 0 : read(fd, text, size - 1);

	text[length > 0 ? length : 0] = '\0';
	return length > 0;
}

static FILE *open_file(int directory, const char *name)
{
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (!file && fd >= 0)
		close(fd);
	return file;
}

/* "PID (COMM) STATE PARENT …", where COMM may have anything in it (proc_pid_stat(5)). Cuts @text after COMM. */
static char *parse_stat(char *text, pid_t *parent)
{
	char *name = strchr(text, '(');
	char *end = strrchr(text, ')');

	if (!name || !end || end < name || sscanf(end + 1, " %*c %d", parent) != 1)
		return NULL;
	*end = '\0';
	return name + 1;
}

/* The line "0::PATH" (cgroups(7)). Return: to be given to free(), or NULL. */
static char *read_cgroup(int directory)
{
	FILE *file = open_file(directory, "cgroup");
	cleanup_free char *line = NULL;
	char *path = NULL;
	size_t size = 0;

	while (file && !path && getline(&line, &size, file) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "0::", 3) == 0)
			path = strdup(line + 3);
	}
	if (file)
		fclose(file);
	return path;
}

static bool is_inside(const struct cgfence_cgroup *fence, const char *path)
{
	size_t length = strlen(cgfence_cgroup_path(fence));

	return strncmp(path, cgfence_cgroup_path(fence), length) == 0 &&
	       (!path[length] || path[length] == '/');
}

/*
 * A place in /proc is relative to the root of the own cgroup namespace, and the path of the fence to what mounts show.
 * Return: the place as the latter, to be given to free(), or NULL if no mount shows it or the process has ended.
 */
static char *read_shown_place(pid_t pid)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	char name[32];

	snprintf(name, sizeof(name), "pid:%d", pid);
	return cgfence_cgroup_open(name, &cgroup, NULL) ? NULL
							: strdup(cgfence_cgroup_path(cgroup));
}

/* Takes @place over. */
static void name_stray(struct strays *strays, pid_t pid, const char *name, char *place)
{
	for (size_t i = 0; i < strays->count; i++) {
		if (strcmp(strays->places[i], place) == 0) {
			free(place);
			return;
		}
	}
	if (strays->count == STRAYS_MAX) {
		free(place);
		return;
	}
	strays->places[strays->count++] = place;
	output_complain(
		"the process %d (%s) left the cgroup %s and is in %s: the fence does not hold for it",
		pid, name, cgfence_cgroup_path(strays->fence), place);
}

bool strays_look_at(struct strays *strays, pid_t pid, pid_t parent)
{
	cleanup_close int directory = open_process(pid);
	cleanup_free char *place = NULL;
	cleanup_free char *shown = NULL;
	pid_t present = -1;
	char text[512];
	const char *name;

	if (directory < 0 || !read_file(directory, "stat", text, sizeof(text)))
		return false;
	name = parse_stat(text, &present);
	if (!name || present != parent)
		return false;
	place = read_cgroup(directory);
	if (!place || is_inside(strays->fence, place))
		return false;
	shown = read_shown_place(pid);
	if (shown && is_inside(strays->fence, shown))
		return false;
	name_stray(strays, pid, name, shown ? cleanup_steal(shown) : cleanup_steal(place));
	return true;
}

/* One file for each thread: the children that it forked, or adopted (CONFIG_PROC_CHILDREN). */
static void add_children_of_thread(struct queue *queue, int task, const char *thread, pid_t parent)
{
	char path[NAME_MAX + sizeof("/children")];
	FILE *file;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/children", thread);
	file = open_file(task, path);
	while (file && queue->count < LOOK_MAX && fscanf(file, "%d", &pid) == 1)
		queue->items[queue->count++] = (struct process){ pid, parent };
	if (file)
		fclose(file);
}

static void add_children(struct queue *queue, pid_t parent)
{
	char path[32];
	const struct dirent *entry;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/task", parent);
	directory = opendir(path);
	while (directory && queue->count < LOOK_MAX && (entry = readdir(directory))) {
		if (entry->d_name[0] != '.')
			add_children_of_thread(queue, dirfd(directory), entry->d_name, parent);
	}
	if (directory)
		closedir(directory);
}

void strays_look_below(struct strays *strays, pid_t ancestor)
{
	cleanup_free struct process *items = calloc(LOOK_MAX, sizeof(*items));
	struct queue queue = { .items = items };

	if (!items)
		return;
	add_children(&queue, ancestor);
	/* What a stray started began outside: its own cgroup was named already. */
	for (size_t i = 0; i < queue.count && strays->count < STRAYS_MAX; i++) {
		if (!strays_look_at(strays, queue.items[i].pid, queue.items[i].parent))
			add_children(&queue, queue.items[i].pid);
	}
}

void strays_free(struct strays *strays)
{
	for (size_t i = 0; i < strays->count; i++)
		free(strays->places[i]);
	strays->count = 0;
}
