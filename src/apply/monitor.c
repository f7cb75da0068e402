// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Watches the policy files, and the cgroups in which a named cgroup may appear, by inotify(7). Where a limit forbids
 * that, changes are seen by whoever looks again.
 */
#include "apply/places.h"
#include "apply/policy_set.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/inotify.h"
#include "fence/standing.h"

#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>

/*
 * An editor closes the file that it wrote, or renames it, as its last step. Whether others can change the policies is told
 * by owner and mode.
 */
#define FILE_EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB)

/* Of a directory in which the next one on the way to the policies is missing. */
#define WAY_EVENTS (FILE_EVENTS | IN_CREATE)

/* Whoever makes and removes directories again and again cannot keep the reader. */
#define TRIES_MAX 16

struct cgfence_apply_monitor {
	int epoll; /* of the two below, each -1 if there is none */
	int files;
	int cgroups;
	char *path; /* of the policies */
	char *missing; /* the name that is missing in the directory that is watched instead; NULL if none is */
	struct places places;
	struct cgfence_error problem; /* why some changes are not seen */
	unsigned int changed;	      /* since the last read */
	bool looks_again;	      /* for the directory to watch */
};

static bool is_directory(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Removes the last component of a path. */
static int go_up(char **path)
{
	cleanup_free char *child = *path;

	*path = strdup(dirname(child));
	return *path ? 0 : -ENOMEM;
}

/*
 * The directory to watch: that of the policies; that of a file, which another one of its name may replace; or the
 * closest one that exists.
 *
 * @missing: receives the name that is to appear there, NULL if there is the path
 */
static int find_directory(const char *path, char **directory, char **missing)
{
	cleanup_free char *found = strdup(path);
	cleanup_free char *name = NULL;

	if (!found)
		return -ENOMEM;
	while (!is_directory(found) && strcmp(found, "/") != 0 && strcmp(found, ".") != 0) {
		cleanup_free char *child = strdup(found);

		free(name);
		name = child ? strdup(basename(child)) : NULL;
		if (!name || go_up(&found))
			return -ENOMEM;
	}
	if (name && access(path, F_OK) == 0) {
		free(name);
		name = NULL;
	}
	*directory = cleanup_steal(found);
	*missing = cleanup_steal(name);
	return 0;
}

/* Return: 0, also if there is nothing to wait for; -errno. */
static int wait_for(const struct cgfence_apply_monitor *monitor, int fd,
		    struct cgfence_error *error)
{
	struct epoll_event readable = { .events = EPOLLIN };

	if (fd >= 0 && epoll_ctl(monitor->epoll, EPOLL_CTL_ADD, fd, &readable) < 0)
		return error_set(error, errno, "cannot wait for changes: %s", strerror(errno));
	return 0;
}

/* Return: 0, -ESTALE if there is another directory to watch by now. */
static int watch_directory(struct cgfence_apply_monitor *monitor, int fd,
			   struct cgfence_error *error)
{
	cleanup_free char *directory = NULL;
	cleanup_free char *missing = NULL;
	cleanup_free char *awaited = NULL;
	int result = find_directory(monitor->path, &directory, &missing);

	if (result)
		return error_out_of_memory(error);
	result = inotify_add(fd, directory, missing ? WAY_EVENTS : FILE_EVENTS, error);
	if (result < 0)
		return result == -ENOENT ? -ESTALE : result;
	if (missing && asprintf(&awaited, "%s/%s", directory, missing) < 0)
		return error_out_of_memory(error);
	/* It may have come before it was watched for. */
	if (awaited && access(awaited, F_OK) == 0)
		return -ESTALE;
	free(monitor->missing);
	monitor->missing = cleanup_steal(missing);
	return 0;
}

static int try_to_open_files(struct cgfence_apply_monitor *monitor, struct cgfence_error *error)
{
	cleanup_close int fd = -1;
	int result = inotify_open(&fd, error);

	if (result == 0)
		result = watch_directory(monitor, fd, error);
	if (result == 0)
		result = wait_for(monitor, fd, error);
	if (result == 0)
		monitor->files = cleanup_steal_descriptor(&fd);
	return result;
}

static int open_files(struct cgfence_apply_monitor *monitor, struct cgfence_error *error)
{
	int result = -ESTALE;

	for (int i = 0; i < TRIES_MAX && result == -ESTALE; i++)
		result = try_to_open_files(monitor, error);
	if (result == -ESTALE)
		error_set(error, ESTALE, "cannot watch %s: directories come and go", monitor->path);
	return result;
}

static int open_cgroups(struct cgfence_apply_monitor *monitor, struct cgfence_error *error)
{
	cleanup_close int fd = -1;
	int result = inotify_open(&fd, error);

	if (result == 0)
		result = wait_for(monitor, fd, error);
	if (result == 0)
		monitor->cgroups = cleanup_steal_descriptor(&fd);
	return result;
}

/* Opens what is not open yet. A limit is a problem, but no failure. */
static int open_all(struct cgfence_apply_monitor *monitor, struct cgfence_error *error)
{
	int result = monitor->files < 0 ? open_files(monitor, error) : 0;

	if (result && !inotify_is_limit(result))
		return result;
	if (result)
		monitor->problem = *error;
	result = monitor->cgroups < 0 ? open_cgroups(monitor, error) : 0;
	if (result && !inotify_is_limit(result))
		return result;
	if (result)
		monitor->problem = *error;
	return 0;
}

static int open_monitor(const char *path, struct cgfence_apply_monitor *monitor,
			struct cgfence_error *error)
{
	struct cgfence_error reason = { 0 };
	int result;

	monitor->epoll = epoll_create1(EPOLL_CLOEXEC);
	monitor->path = strdup(path);
	if (!monitor->path)
		return error_out_of_memory(error);
	if (monitor->epoll < 0)
		return error_set(error, errno, "cannot wait for changes: %s", strerror(errno));
	result = open_all(monitor, &reason);
	if (result) {
		if (error)
			*error = reason;
		return result;
	}
	return 0;
}

int cgfence_apply_monitor_open(const char *path, struct cgfence_apply_monitor **monitor,
			       struct cgfence_error *error)
{
	struct cgfence_apply_monitor *made = calloc(1, sizeof(*made));
	int result;

	if (!made)
		return error_out_of_memory(error);
	made->epoll = made->files = made->cgroups = -1;
	result = open_monitor(path, made, error);
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
	cleanup_close_descriptor(&monitor->files);
	cleanup_close_descriptor(&monitor->cgroups);
	cleanup_close_descriptor(&monitor->epoll);
	places_free(&monitor->places);
	free(monitor->path);
	free(monitor->missing);
	free(monitor);
}

int cgfence_apply_monitor_fd(const struct cgfence_apply_monitor *monitor)
{
	return monitor->epoll;
}

const char *cgfence_apply_monitor_problem(const struct cgfence_apply_monitor *monitor)
{
	return monitor->problem.text;
}

bool cgfence_apply_monitor_sees_files(const struct cgfence_apply_monitor *monitor)
{
	return monitor->files >= 0;
}

static int follow_all(struct places *places, int inotify, const struct cgfence_policy_set *policies,
		      struct cgfence_error *problem, struct cgfence_error *error)
{
	int result = 0;

	bool by_cgroup = standing_is_refused();

	for (size_t i = 0; i < policies->count && result == 0; i++) {
		const struct apply_source *source = &policies->sources[i];

		/* The cgroup of a process exists already, and a standing fence need not wait for its members. */
		if (strncmp(source->cgroup, "pid:", 4) != 0 && (!source->is_glob || by_cgroup))
			result = places_add(places, inotify, source->cgroup, problem, error);
	}
	return result;
}

int cgfence_apply_monitor_follow(struct cgfence_apply_monitor *monitor,
				 const struct cgfence_policy_set *policies,
				 struct cgfence_error *error)
{
	struct places places = { 0 };
	struct cgfence_error reason = { 0 };
	int result;

	monitor->problem = (struct cgfence_error){ 0 };
	/* The directory of the policies may be gone for now. */
	if (open_all(monitor, &reason))
		monitor->problem = reason;
	if (monitor->cgroups < 0)
		return 0;
	result = follow_all(&places, monitor->cgroups, policies, &monitor->problem, error);
	if (result) {
		places_free(&places);
		return result;
	}
	places_replace(&monitor->places, &places, monitor->cgroups);
	return 0;
}

static void handle_file(const struct inotify_event *event, void *context)
{
	struct cgfence_apply_monitor *monitor = context;

	/* Others live in the directory that is watched instead. */
	if (monitor->missing && event->len && strcmp(event->name, monitor->missing) != 0)
		return;
	/* A file is worth reading once it is written. */
	if (event->mask & IN_CREATE && !is_directory(monitor->path) && !(event->mask & IN_ISDIR))
		return;
	if (event->mask & IN_IGNORED || monitor->missing)
		monitor->looks_again = true;
	monitor->changed |= CGFENCE_APPLY_CHANGED_FILES;
}

static void handle_cgroup(const struct inotify_event *event, void *context)
{
	struct cgfence_apply_monitor *monitor = context;

	if (event->mask & IN_Q_OVERFLOW || (event->mask & IN_ISDIR && event->len &&
					    places_fit(&monitor->places, event->wd, event->name)))
		monitor->changed |= CGFENCE_APPLY_CHANGED_CGROUPS;
}

/* The directory is gone, or what was missing has come. What is in it is read after this. */
static void look_again(struct cgfence_apply_monitor *monitor)
{
	struct cgfence_error error;

	monitor->looks_again = false;
	cleanup_close_descriptor(&monitor->files);
	monitor->files = -1;
	/* The next round tells of it. */
	if (open_files(monitor, &error))
		monitor->problem = error;
}

unsigned int cgfence_apply_monitor_read(struct cgfence_apply_monitor *monitor)
{
	monitor->changed = 0;
	if (monitor->files >= 0)
		inotify_read(monitor->files, handle_file, monitor);
	if (monitor->looks_again)
		look_again(monitor);
	if (monitor->cgroups >= 0)
		inotify_read(monitor->cgroups, handle_cgroup, monitor);
	return monitor->changed;
}
