// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Finding cgroups: by path, and by the process in them. */
#include "base/cleanup.h"
#include "base/error.h"
#include "cgroup/cgroup.h"
#include "cgroup/directory.h"
#include "cgroup/hierarchy.h"
#include "cgroup/id.h"
#include "cgroup/type.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

static bool in_cgroup2_mount(const char *path)
{
	cleanup_mount struct cgroup2_mount mount = { 0 };
	char canonical[PATH_MAX];

	return mountinfo_find_cgroup2(realpath(path, canonical) ? canonical : path, &mount, NULL) ==
	       0;
}

/* The file system of a path, or of as much of it as exists; 0 if that is not known. */
static unsigned int file_system_of(const char *path)
{
	char existing[PATH_MAX];
	struct statfs status;

	snprintf(existing, sizeof(existing), "%s", path);
	while (statfs(existing, &status) < 0) {
		char *slash = strrchr(existing, '/');

		if (errno != ENOENT || !slash || slash == existing)
			return 0;
		*slash = '\0';
	}
	return (unsigned int)status.f_type;
}

/* Is it below where file systems of cgroups are mounted, /sys/fs/cgroup? A cgroup there is not named from its root. */
static bool is_below_mounts(const char *path)
{
	static const char mounts[] = "/sys/fs/cgroup";
	const size_t length = sizeof(mounts) - 1;

	return strncmp(path, mounts, length) == 0 && (path[length] == '/' || !path[length]);
}

/* @name: absolute, and in no mount of cgroup2. Return: -ENOENT if no cgroup2 can be there. */
static int check_elsewhere(const char *name, struct cgfence_error *error)
{
	unsigned int type = file_system_of(name);
	bool is_cgroup1 = type == CGROUP_SUPER_MAGIC;
	cleanup_mount struct cgroup2_mount mount = { 0 };
	int result;

	if (!is_cgroup1 && (type == CGROUP2_SUPER_MAGIC || !is_below_mounts(name)))
		return 0;
	result = mountinfo_find_cgroup2(NULL, &mount, error);
	if (result)
		return result;
	return error_set(error, ENOENT, "%s is %s; cgroup2 is mounted at %s", name,
			 is_cgroup1 ? "in a hierarchy of cgroup v1, which cannot be fenced"
				    : "below no mount of cgroup2",
			 mount.point);
}

/* @name is relative to the cgroup2 root, as status prints it. */
static int open_relative(const char *name, struct cgfence_cgroup **cgroup,
			 struct cgfence_error *error)
{
	cleanup_mounts struct cgroup2_mounts mounts = { 0 };
	const char *below = NULL;
	int result = mountinfo_read(&mounts, error);

	if (result)
		return result;
	result = cgroup2_mount_below(&mounts.items[0], name, &below, error);
	if (result == 0)
		result = cgroup_open_below(&mounts, &mounts.items[0], below, cgroup, error);
	/* Without a slash in front, a name is one below the root only. */
	for (size_t i = 1; i < mounts.count && result == -ENOENT && name[0] == '/'; i++) {
		if (cgroup2_mount_below(&mounts.items[i], name, &below, NULL) == 0 &&
		    cgroup_open_below(&mounts, &mounts.items[i], below, cgroup, NULL) == 0)
			result = 0;
	}
	return result;
}

static int refuse_unshown(const char *name, struct cgfence_error *error)
{
	return error_set(error, ENOENT, "no cgroup2 mount here shows the cgroup %s", name);
}

/* Does a name that begins with ".." lead out of the mount that @directory is in, where other files have such names? */
static bool leads_out(const char *directory, const char *name)
{
	cleanup_mount struct cgroup2_mount mount = { 0 };
	const char *below;
	long depth = 0;

	if (mountinfo_find_cgroup2(directory, &mount, NULL))
		return true;
	for (below = path_below(directory, mount.point); *below; below++)
		depth += below[0] == '/' && below[1] && below[1] != '/';
	for (; path_below(name, "/.."); name += strlen("/.."))
		depth--;
	return depth < 0;
}

/* Begins at the root of the own cgroup namespace, in a mount that shows what is above it. @root: the id of that root */
static int open_from_root(uint64_t root, const char *name, struct cgfence_cgroup **cgroup,
			  struct cgfence_error *error)
{
	cleanup_cgroup struct cgfence_cgroup *shown = NULL;
	cleanup_free char *directory = NULL;
	int result = cgfence_cgroup_open_id(root, &shown, error);

	if (result)
		return result;
	if (leads_out(cgroup_directory(shown), name))
		return refuse_unshown(name, error);
	if (asprintf(&directory, "%s%s", cgroup_directory(shown), name) < 0) {
		directory = NULL;
		return error_out_of_memory(error);
	}
	return cgroup_open_directory(directory, cgroup, error);
}

/* Goes up from the root of the own cgroup namespace, which @own shows. */
static int open_above_own(const struct cgroup2_mount *own, const char *name,
			  struct cgfence_cgroup **cgroup, struct cgfence_error *error)
{
	cleanup_cgroup struct cgfence_cgroup *root = NULL;
	int result = cgroup_open_directory(own->point, &root, error);

	return result ? result : open_from_root(cgfence_cgroup_id(root), name, cgroup, error);
}

/*
 * A new mount has the root of the own cgroup namespace for its own (cgroup_do_get_tree, kernel/cgroup/cgroup.c). No
 * mount namespace shows it, and it ends with its descriptor.
 */
static int read_own_root(uint64_t *id)
{
	cleanup_close int context = fsopen("cgroup2", FSOPEN_CLOEXEC);
	cleanup_close int mounted = -1;

	if (context < 0 || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	mounted = fsmount(context, FSMOUNT_CLOEXEC, 0);
	return mounted < 0 ? -errno : cgroup_read_id(mounted, id);
}

/* Only where it is certain that the namespace is not the first one, whose mounts would lose their options to a new one. */
static bool begins_above(const struct cgroup2_mounts *mounts)
{
	for (size_t i = 0; i < mounts->count; i++) {
		if (path_below(mounts->items[i].own_root, "/.."))
			return true;
	}
	return false;
}

/* @name is relative to the root of the own cgroup namespace, as /proc/PID/cgroup has it. */
static int open_own(const struct cgroup2_mounts *mounts, const char *name,
		    struct cgfence_cgroup **cgroup, struct cgfence_error *error)
{
	int result = refuse_unshown(name, error);
	bool shown = false;
	uint64_t root = 0;

	for (size_t i = 0; i < mounts->count && result == -ENOENT; i++) {
		const char *below = cgroup2_mount_below_own(&mounts->items[i], name);
		bool is_own = strcmp(mounts->items[i].own_root, "/") == 0;

		if (below)
			result = cgroup_open_below(mounts, &mounts->items[i], below, cgroup, error);
		else if (is_own)
			result = open_above_own(&mounts->items[i], name, cgroup, error);
		shown = shown || below || is_own;
	}
	/* All that is mounted begins above the namespace, and does not tell the name of what its root is there. */
	if (!shown && begins_above(mounts) && read_own_root(&root) == 0)
		result = open_from_root(root, name, cgroup, error);
	return result;
}

/* The line "0::/path" of /proc/PID/cgroup (cgroups(7)). @path: receives it, to be freed */
static int read_path(const char *pid, char **path, struct cgfence_error *error)
{
	cleanup_free char *file_name = NULL;
	cleanup_free char *line = NULL;
	size_t size = 0;
	ssize_t length;
	FILE *file;

	*path = NULL;
	if (asprintf(&file_name, "/proc/%s/cgroup", pid) < 0) {
		file_name = NULL;
		return error_out_of_memory(error);
	}
	file = fopen(file_name, "re");
	if (!file)
		return error_set(error, errno, "there is no process %s: cannot read %s: %s", pid,
				 file_name, strerror(errno));
	while (!*path && (length = getline(&line, &size, file)) >= 0) {
		if (length && line[length - 1] == '\n')
			line[length - 1] = '\0';
		if (strncmp(line, "0::", 3) == 0)
			*path = strdup(line + 3);
	}
	fclose(file);
	return *path ? 0
		     : error_set(error, ENOENT, "the process %s is in no cgroup2 hierarchy", pid);
}

#define MOVES_MAX 1000

/*
 * Between the question for the path and the opening, the process may be moved and the cgroup removed, as Slurm does with
 * a task that starts. So little as can be lies between the two.
 */
static int open_of_process(const char *pid, struct cgfence_cgroup **cgroup,
			   struct cgfence_error *error)
{
	cleanup_mounts struct cgroup2_mounts mounts = { 0 };
	cleanup_free char *path = NULL;
	int result;

	if (strcmp(pid, "self") != 0 && (!*pid || strspn(pid, "0123456789") != strlen(pid)))
		return error_set_invalid(
			error,
			"'pid:%s' names no process; write pid: and a number, such as pid:1, or pid:self",
			pid);
	result = read_path(pid, &path, error);
	if (result == 0)
		result = mountinfo_read(&mounts, error);
	if (result)
		return result;
	result = open_own(&mounts, path, cgroup, error);
	for (int i = 0; i < MOVES_MAX && result == -ENOENT; i++) {
		cleanup_free char *previous = cleanup_steal(path);

		result = read_path(pid, &path, error);
		if (result == 0)
			result = open_own(&mounts, path, cgroup, error);
		/* It has ended, or it is not that it was moved. */
		if (!path || strcmp(path, previous) == 0)
			break;
	}
	return result;
}

/* What stands in place of a path where no mount shows the cgroup. */
static int open_of_id(const char *text, struct cgfence_cgroup **cgroup, struct cgfence_error *error)
{
	unsigned long long id;

	errno = 0;
	id = strtoull(text, NULL, 10);
	if (!*text || strspn(text, "0123456789") != strlen(text) || errno)
		return error_set_invalid(
			error, "'id:%s' is not the id of a cgroup; write id: and a number", text);
	return cgroup_open_any_id(id, cgroup, error);
}

int cgroup_check_appears(const char *name, struct cgfence_error *error)
{
	if (strncmp(name, "pid:", 4) == 0 || strncmp(name, "id:", 3) == 0)
		return error_set_invalid(
			error,
			"'%s' stands for one cgroup that is there, and a standing fence is for all of a name; give a path",
			name);
	return name[0] != '/' || in_cgroup2_mount(name) ? 0 : check_elsewhere(name, error);
}

bool cgroup_can_appear(const char *name)
{
	return cgroup_check_appears(name, NULL) == 0;
}

int cgfence_cgroup_open(const char *name, struct cgfence_cgroup **cgroup,
			struct cgfence_error *error)
{
	int result;

	if (!*name)
		return error_set_invalid(error,
					 "the cgroup is empty; give a path, or / for the root");
	if (strncmp(name, "pid:", 4) == 0)
		return open_of_process(name + 4, cgroup, error);
	if (strncmp(name, "id:", 3) == 0)
		return open_of_id(name + 3, cgroup, error);
	if (name[0] != '/')
		return open_relative(name, cgroup, error);
	result = cgroup_open_absolute(name, cgroup, error);
	if (result != -EXDEV)
		return result;
	result = check_elsewhere(name, error);
	return result ? result : open_relative(name, cgroup, error);
}

static int open_dotdot(const struct cgfence_cgroup *cgroup, struct cgfence_cgroup **parent,
		       struct cgfence_error *error)
{
	cleanup_free char *directory = NULL;

	if (asprintf(&directory, "%s/..", cgroup_directory(cgroup)) < 0) {
		directory = NULL;
		return error_out_of_memory(error);
	}
	return cgroup_open_directory(directory, parent, error);
}

int cgfence_cgroup_open_parent(const struct cgfence_cgroup *cgroup, struct cgfence_cgroup **parent,
			       struct cgfence_error *error)
{
	cleanup_cgroup struct cgfence_cgroup *shown = NULL;
	int result;

	if (cgfence_cgroup_is_root(cgroup))
		return error_set(error, ENOENT, "there is no cgroup above the root");
	if (cgfence_cgroup_path(cgroup)[0] != '/')
		return error_set(error, ENOENT, "no cgroup2 mount here shows what is above %s",
				 cgfence_cgroup_path(cgroup));
	result = open_dotdot(cgroup, parent, error);
	/* It is the top of its mount, but another mount may show more. */
	if (result == -ENOENT &&
	    cgfence_cgroup_open_id(cgfence_cgroup_id(cgroup), &shown, NULL) == 0)
		result = open_dotdot(shown, parent, error);
	return result;
}

/* As the kernel means it (cgroup_mkdir, kernel/cgroup/cgroup.c). */
static const char *why_not_made(int code)
{
	switch (code) {
	case EACCES:
		return "Permission denied; this needs CAP_DAC_OVERRIDE, or a directory that one may write to";
	case EAGAIN:
		return "the limit cgroup.max.descendants or cgroup.max.depth of a cgroup above is reached";
	default:
		return strerror(code);
	}
}

int cgfence_cgroup_create(const struct cgfence_cgroup *parent, const char *name,
			  struct cgfence_cgroup **cgroup, struct cgfence_error *error)
{
	struct cgfence_cgroup *made = NULL;
	cleanup_free char *directory = NULL;
	int result;

	if (!*name || strchr(name, '/') || strchr(name, '\n') || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return error_set_invalid(
			error,
			"'%s' cannot name a cgroup; give a name without a slash and a line break, and not '.' or '..'",
			name);
	if (asprintf(&directory, "%s/%s", cgroup_directory(parent), name) < 0)
		return error_out_of_memory(error);
	if (mkdir(directory, 0755) < 0)
		return error_set(error, errno, "cannot make the cgroup %s: %s", directory,
				 why_not_made(errno));
	result = cgroup_open_directory(directory, &made, error);
	if (made)
		result = cgroup_type_admit(cgfence_cgroup_fd(made), error);
	if (result) {
		error_wrap(error, "cannot make the cgroup %s", directory);
		cgfence_cgroup_close(made);
		rmdir(directory);
		return result;
	}
	*cgroup = made;
	return 0;
}
