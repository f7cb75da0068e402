// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Watches the policy files, and the cgroups in which a named cgroup may appear, by inotify(7). */
#include "cgroup/glob.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/inotify.h"
#include "apply/policy_set.h"

#include <libgen.h>
#include <string.h>
#include <sys/stat.h>

/* An editor closes the file that it wrote, or renames it, as its last step. */
#define FILE_EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE)
#define CGROUP_EVENTS (IN_CREATE | IN_MOVED_TO | IN_ONLYDIR)

struct cgfence_apply_monitor {
	int fd;
	int files;	    /* watch descriptor of the directory of the policies */
	bool files_changed; /* since the last read */
};

/* Another file of the same name may replace a file, so its directory is watched. */
static char *directory_of(const char *path)
{
	char *copy = strdup(path);
	struct stat status;
	char *directory;

	if (!copy || (stat(path, &status) == 0 && S_ISDIR(status.st_mode)))
		return copy;
	directory = strdup(dirname(copy));
	free(copy);
	return directory;
}

int cgfence_apply_monitor_open(const char *path, struct cgfence_apply_monitor **monitor,
			       struct cgfence_error *error)
{
	struct cgfence_apply_monitor *made = calloc(1, sizeof(*made));
	cleanup_free char *directory = directory_of(path);
	int result;

	if (!made || !directory) {
		free(made);
		return error_out_of_memory(error);
	}
	made->fd = -1;
	result = inotify_open(directory, FILE_EVENTS, &made->fd, &made->files, error);
	if (result) {
		cgfence_apply_monitor_close(made);
		return result;
	}
	*monitor = made;
	return 0;
}

void cgfence_apply_monitor_close(struct cgfence_apply_monitor *monitor)
{
	if (!monitor)
		return;
	cleanup_close_descriptor(&monitor->fd);
	free(monitor);
}

int cgfence_apply_monitor_fd(const struct cgfence_apply_monitor *monitor)
{
	return monitor->fd;
}

/* A watch that exists already stays, and the kernel drops the watch of a removed cgroup. */
static int follow(const struct cgfence_apply_monitor *monitor, const char *name,
		  struct cgfence_error *error)
{
	char **directories = NULL;
	size_t count = 0;
	int result = cgroup_glob_parents(name, &directories, &count, error);

	for (size_t i = 0; i < count && result == 0; i++) {
		if (inotify_add_watch(monitor->fd, directories[i], CGROUP_EVENTS) < 0 &&
		    errno != ENOENT)
			result = inotify_explain(errno, directories[i], error);
	}
	cgroup_glob_free(directories, count);
	return result;
}

int cgfence_apply_monitor_follow(struct cgfence_apply_monitor *monitor,
				 const struct cgfence_policy_set *policies,
				 struct cgfence_error *error)
{
	int result = 0;

	for (size_t i = 0; i < policies->count && result == 0; i++) {
		/* The cgroup of a process exists already. */
		if (strncmp(policies->sources[i].cgroup, "pid:", 4) != 0)
			result = follow(monitor, policies->sources[i].cgroup, error);
	}
	return result;
}

static void handle(const struct inotify_event *event, void *context)
{
	struct cgfence_apply_monitor *monitor = context;

	if (event->wd == monitor->files || event->mask & IN_Q_OVERFLOW)
		monitor->files_changed = true;
}

bool cgfence_apply_monitor_read(struct cgfence_apply_monitor *monitor)
{
	monitor->files_changed = false;
	inotify_read(monitor->fd, handle, monitor);
	return monitor->files_changed;
}
