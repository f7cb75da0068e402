// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Not by glob(3), which cannot be interrupted, sorts, and asks the kernel about each name three times. */
#include "cgroup/glob.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/yield.h"
#include "cgroup/mountinfo.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define SPECIAL "*?["

struct search {
	struct cgroup2_mount mount;
	cgroup_glob_match *match; /* NULL if only places are wanted */
	cgroup_glob_place *place; /* or NULL */
	void *context;
	struct cgfence_error *error;
};

bool cgroup_is_glob(const char *name)
{
	return name[strcspn(name, SPECIAL)];
}

bool cgroup_glob_fits(const char *component, const char *name)
{
	return fnmatch(component, name, FNM_NOESCAPE | FNM_PERIOD) == 0;
}

int cgroup_glob_find_mount(const char *pattern, struct cgroup2_mount *mount, const char **below,
			   struct cgfence_error *error)
{
	int result;

	if (pattern[0] == '/' && mountinfo_find_cgroup2(pattern, mount, NULL) == 0) {
		*below = path_below(pattern, mount->point);
		return 0;
	}
	result = mountinfo_find_cgroup2(NULL, mount, error);
	return result ? result : cgroup2_mount_below(mount, pattern, below, error);
}

/* The path of an open directory, without ".." (proc(5)). */
static int read_path(int fd, char path[PATH_MAX], struct cgfence_error *error)
{
	char link[32];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, PATH_MAX - 1);
	if (length < 0)
		return error_set(error, errno, "cannot read %s: is /proc mounted?", link);
	path[length] = '\0';
	return 0;
}

static int wrap(const struct search *search, int fd, const char *directory,
		struct cgfence_cgroup **cgroup)
{
	cleanup_free char *path = NULL;
	int copy;

	/* Another mount has to tell its path. */
	if (!search->mount.root)
		return cgfence_cgroup_open(directory, cgroup, search->error);
	path = cgroup2_mount_path(&search->mount, directory);
	if (!path)
		return error_out_of_memory(search->error);
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (copy < 0)
		return error_set(search->error, errno, "cannot open the cgroup %s: %s", directory,
				 strerror(errno));
	return cgroup_wrap(copy, directory, path, cgroup, search->error);
}

static int give_match(const struct search *search, int fd)
{
	cleanup_cgroup struct cgfence_cgroup *cgroup = NULL;
	char directory[PATH_MAX];
	int result = read_path(fd, directory, search->error);

	if (result)
		return result;
	/* ".." led out of the mount. */
	if (!path_below(directory, search->mount.point))
		return 0;
	result = wrap(search, fd, directory, &cgroup);
	/* It was removed after it was found. */
	if (result == -ENOENT)
		return 0;
	return result ? result : search->match(cgroup, search->context);
}

static int give_place(const struct search *search, int fd, const char *component)
{
	char path[PATH_MAX];
	int result = search->place ? read_path(fd, path, search->error) : 0;

	return result || !search->place ? result : search->place(path, component, search->context);
}

/* Return: 1 with a descriptor, 0 if there is no such cgroup, else -errno. */
static int enter(const struct search *search, int fd, const char *name, int *inner)
{
	*inner = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*inner >= 0)
		return 1;
	/* A removed cgroup has nothing in it (kernfs). */
	if (errno == ENOENT || errno == ENOTDIR || errno == ENODEV)
		return 0;
	return error_set(search->error, errno, "cannot open the cgroup '%s': %s", name,
			 strerror(errno));
}

static int descend(const struct search *search, int fd, const char *pattern);

static int descend_into(const struct search *search, int fd, const char *name, const char *rest)
{
	cleanup_close int inner = -1;
	int result = enter(search, fd, name, &inner);

	return result == 1 ? descend(search, inner, rest) : result;
}

static void cleanup_close_stream(DIR **stream)
{
	if (*stream)
		closedir(*stream);
}

static int descend_into_each(const struct search *search, int fd, const char *component,
			     const char *rest)
{
	__attribute__((cleanup(cleanup_close_stream))) DIR *entries = NULL;
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *entry;
	int result = 0;

	entries = copy < 0 ? NULL : fdopendir(copy);
	if (!entries) {
		cleanup_close_descriptor(&copy);
		return errno == ENOENT
			       ? 0
			       : error_set(search->error, errno,
					   "cannot look for the cgroups that '%s' matches: %s",
					   component, strerror(errno));
	}
	while (result == 0 && (entry = readdir(entries))) {
		yield_now();
		if (entry->d_type == DT_DIR && cgroup_glob_fits(component, entry->d_name))
			result = descend_into(search, fd, entry->d_name, rest);
	}
	return result;
}

/* Finds what @pattern matches in the directory @fd, which stays the caller's. */
static int descend(const struct search *search, int fd, const char *pattern)
{
	char component[NAME_MAX + 1];
	size_t length;
	int result;

	pattern += strspn(pattern, "/");
	length = strcspn(pattern, "/");
	if (!length)
		return search->match ? give_match(search, fd) : 0;
	/* No cgroup has such a name. */
	if (length >= sizeof(component))
		return 0;
	snprintf(component, sizeof(component), "%.*s", (int)length, pattern);
	pattern += length;
	result = give_place(search, fd, component);
	if (result || (!search->match && !pattern[strspn(pattern, "/")]))
		return result;
	return cgroup_is_glob(component) ? descend_into_each(search, fd, component, pattern)
					 : descend_into(search, fd, component, pattern);
}

static void release_search(struct search *search)
{
	cgroup2_mount_release(&search->mount);
}

static int run(const char *pattern, struct search *search)
{
	cleanup_close int root = -1;
	const char *below = NULL;
	int result = cgroup_glob_find_mount(pattern, &search->mount, &below, search->error);

	if (result)
		return result;
	root = open(search->mount.point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return error_set(search->error, errno, "cannot open %s: %s", search->mount.point,
				 strerror(errno));
	return descend(search, root, below);
}

int cgroup_glob(const char *pattern, cgroup_glob_match *match, void *context,
		struct cgfence_error *error)
{
	__attribute__((cleanup(release_search))) struct search search = { .match = match,
									  .context = context,
									  .error = error };

	return run(pattern, &search);
}

int cgroup_glob_places(const char *name, cgroup_glob_place *place, void *context,
		       struct cgfence_error *error)
{
	__attribute__((cleanup(release_search))) struct search search = { .place = place,
									  .context = context,
									  .error = error };

	return run(name, &search);
}
