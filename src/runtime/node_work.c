// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * All that a path of the container leads to may be made by somebody hostile, and change meanwhile. So each component is
 * opened by itself, from the directory before, and the node is made with its owner and mode in one call.
 */
#include "runtime/node_work.h"
#include "base/cleanup.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <linux/securebits.h>

static bool fail(struct node_work *work, enum node_stage stage, int code)
{
	work->stage = stage;
	work->code = code;
	return false;
}

/* ---- descriptors ---- */

/* The last descriptor of a range is so high at most. */
static void close_range_of(unsigned int first, unsigned int last)
{
	if (first <= last)
		syscall(SYS_close_range, first, last, 0);
}

/* What the parent has open is no business of the container, however it may get at this process. */
static void close_others(const struct node_work *work)
{
	int kept[] = { work->root, work->mounts, work->source };
	unsigned int from = 0;

	for (int i = 0; i < 3; i++) {
		int least = -1;

		for (int j = 0; j < 3; j++) {
			if (kept[j] >= 0 && (least < 0 || kept[j] < kept[least]))
				least = j;
		}
		if (least < 0)
			break;
		if (kept[least] > 0)
			close_range_of(from, (unsigned int)kept[least] - 1);
		from = (unsigned int)kept[least] + 1;
		kept[least] = -1;
	}
	close_range_of(from, ~0U);
}

/* ---- the way ---- */

static int open_component(int directory, const char *name)
{
	struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, directory, name, &how, sizeof(how));
}

static bool is_hosts(const struct node_work *work, int directory)
{
	struct stat status;

	return work->is_hosts || fstat(directory, &status) < 0 ||
	       status.st_dev == work->host_devices;
}

/* Files belong to who owns the directory: below a user namespace others cannot have any. */
static void be_owner_of(int directory)
{
	struct stat status;

	if (fstat(directory, &status) < 0)
		return;
	setfsgid(status.st_gid);
	setfsuid(status.st_uid);
}

static bool enter(struct node_work *work)
{
	work->is_inside = work->is_inside || setns(work->mounts, CLONE_NEWNS) == 0;
	return work->is_inside || fail(work, NODE_ENTER, errno);
}

/*
 * systemd mounts the /dev of a service read-only for its processes. The mount that this makes of the same files is seen by
 * nobody else, and ends with its descriptor. Return: a descriptor, -1 with errno.
 */
static int open_writable(struct node_work *work, int directory)
{
	struct mount_attr clear = { .attr_clr = MOUNT_ATTR_RDONLY };
	struct statvfs status;
	int tree;

	if (fstatvfs(directory, &status) < 0 || !(status.f_flag & ST_RDONLY) || !enter(work))
		return fcntl(directory, F_DUPFD_CLOEXEC, 0);
	tree = open_tree(directory, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (tree >= 0 && mount_setattr(tree, "", AT_EMPTY_PATH, &clear, sizeof(clear)) == 0)
		return tree;
	cleanup_close_descriptor(&tree);
	return fcntl(directory, F_DUPFD_CLOEXEC, 0);
}

static int make_component(struct node_work *work, int directory, const char *name)
{
	cleanup_close int writable = -1;

	if (is_hosts(work, directory)) {
		errno = EBUSY;
		return -1;
	}
	writable = open_writable(work, directory);
	be_owner_of(directory);
	if (mkdirat(writable, name, 0755) < 0)
		return errno == EEXIST ? open_component(directory, name) : -1;
	work->made_directories++;
	return open_component(directory, name);
}

/*
 * Opens the directory of the path, whose components it ends with null bytes, and makes what is missing if that is wanted.
 * Return: the descriptor or -1; the name is what follows the directories that are there.
 */
static int open_directory(struct node_work *work, const char **name)
{
	int directory = open_component(work->root, ".");
	char *from = work->path + 1;
	char *slash = strchr(from, '/');

	while (directory >= 0 && slash) {
		int next;

		*slash = '\0';
		next = open_component(directory, from);
		if (next < 0 && errno == ENOENT && !work->removes)
			next = make_component(work, directory, from);
		cleanup_close_descriptor(&directory);
		directory = next;
		if (directory < 0)
			break;
		from = slash + 1;
		slash = strchr(from, '/');
	}
	*name = from;
	return directory;
}

/* The directory of the component @last, by the null bytes between the components. */
static int open_above(struct node_work *work, const char *last)
{
	int directory = open_component(work->root, ".");

	for (const char *from = work->path + 1; directory >= 0 && from < last;
	     from += strlen(from) + 1) {
		int next = open_component(directory, from);

		cleanup_close_descriptor(&directory);
		directory = next;
	}
	return directory;
}

/* Those that this made are the last before the name. */
static void remove_directories(struct node_work *work, const char *name, unsigned int count)
{
	const char *last = name;

	for (; count && last > work->path + 1; count--) {
		cleanup_close int directory = -1;
		cleanup_close int writable = -1;

		for (last--; last > work->path + 1 && last[-1]; last--)
			;
		directory = open_above(work, last);
		writable = directory < 0 ? -1 : open_writable(work, directory);
		if (unlinkat(writable, last, AT_REMOVEDIR) < 0)
			return;
	}
}

/* ---- what is there ---- */

static bool opens(int file)
{
	struct statvfs status;

	return fstatvfs(file, &status) < 0 || !(status.f_flag & ST_NODEV);
}

static bool is_mounted_on(int file, int directory)
{
	struct statx of_file = { 0 };
	struct statx of_directory = { 0 };

	return statx(file, "", AT_EMPTY_PATH, STATX_MNT_ID, &of_file) == 0 &&
	       statx(directory, "", AT_EMPTY_PATH, STATX_MNT_ID, &of_directory) == 0 &&
	       of_file.stx_mnt_id != of_directory.stx_mnt_id;
}

static bool is_device(const struct node_work *work, int file)
{
	struct stat status;

	return fstat(file, &status) == 0 && (status.st_mode & S_IFMT) == (work->mode & S_IFMT) &&
	       status.st_rdev == work->device;
}

/*
 * What a child leaves that is killed before it mounts the node or after it unmounts it: the file that bind_node() makes, of
 * the owner of the directory, empty, and with a mode that nobody else would choose.
 */
static bool is_remnant(int directory, int file)
{
	struct stat above;
	struct stat status;

	return fstat(directory, &above) == 0 && fstat(file, &status) == 0 &&
	       status.st_mode == S_IFREG && status.st_size == 0 && status.st_nlink == 1 &&
	       status.st_uid == above.st_uid && !is_mounted_on(file, directory);
}

/* ---- making ---- */

/* What is to be mounted on must be found by way of a mount that is in the namespace. */
static bool mount_source(struct node_work *work, int directory, const char *name, int made)
{
	cleanup_close int file = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat expected;
	struct stat found;

	if (file < 0 || fstat(file, &found) < 0 || fstat(made, &expected) < 0)
		return fail(work, NODE_MOUNT, errno);
	if (found.st_ino != expected.st_ino || found.st_dev != expected.st_dev)
		return fail(work, NODE_PRESENT, EEXIST);
	return move_mount(work->source, "", file, "",
			  MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0 ||
	       fail(work, NODE_MOUNT, errno);
}

static bool bind_node(struct node_work *work, int directory, int writable, const char *name)
{
	cleanup_close int made = -1;

	if (work->source < 0)
		return fail(work, NODE_SOURCE, ENOENT);
	if (!enter(work))
		return false;
	be_owner_of(directory);
	made = openat(writable, name, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0);
	if (made < 0)
		return fail(work, NODE_FILE, errno);
	if (mount_source(work, directory, name, made)) {
		work->effect = NODE_BOUND;
		return true;
	}
	unlinkat(writable, name, 0);
	return false;
}

/* With its owner and mode in one call, since another file could have the name at the next. */
static bool make_node(struct node_work *work, int writable, const char *name)
{
	setfsgid(work->group);
	setfsuid(work->user);
	umask(0);
	if (mknodat(writable, name, work->mode, work->device) < 0)
		return fail(work, NODE_MAKE, errno);
	work->effect = NODE_MADE;
	return true;
}

static bool make_in(struct node_work *work, int directory, const char *name)
{
	cleanup_close int file = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	cleanup_close int writable = -1;

	if (file < 0 && errno != ENOENT)
		return fail(work, NODE_DIRECTORY, errno);
	if (file >= 0 && is_device(work, file))
		return opens(file) || fail(work, NODE_CLOSED, EACCES);
	if (file >= 0 && !is_remnant(directory, file))
		return fail(work, NODE_PRESENT, EEXIST);
	if (is_hosts(work, directory))
		return fail(work, NODE_HOST, EBUSY);
	writable = open_writable(work, directory);
	if (file >= 0 && unlinkat(writable, name, 0) < 0)
		return fail(work, NODE_REMOVE, errno);
	return work->binds || !opens(directory) ? bind_node(work, directory, writable, name)
						: make_node(work, writable, name);
}

/* ---- removing ---- */

static bool unlink_file(struct node_work *work, int directory, const char *name)
{
	cleanup_close int writable = open_writable(work, directory);

	return unlinkat(writable, name, 0) == 0 || fail(work, NODE_REMOVE, errno);
}

/* The file that was mounted on is nothing without the node. */
static bool is_empty_file(int directory, const char *name)
{
	struct stat status;

	return fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(status.st_mode) && status.st_size == 0;
}

static void mount_again(int mounted, int directory, const char *name)
{
	cleanup_close int file = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	move_mount(mounted, "", file, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

static bool unmount(struct node_work *work, int directory, int file, const char *name)
{
	cleanup_close int mounted = -1;

	if (!enter(work))
		return false;
	mounted = open_tree(file, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (mounted < 0 || fchdir(directory) < 0 || umount2(name, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
		return fail(work, NODE_UNMOUNT, errno);
	if (is_empty_file(directory, name) && !unlink_file(work, directory, name)) {
		mount_again(mounted, directory, name);
		return false;
	}
	work->effect = NODE_REMOVED;
	return true;
}

/* For the node that has to be made again if the rule stays. */
static void remember(struct node_work *work, int file)
{
	struct stat status;

	if (fstat(file, &status) < 0)
		return;
	work->was_mode = status.st_mode;
	work->was_user = status.st_uid;
	work->was_group = status.st_gid;
}

static bool remove_node(struct node_work *work, int directory, int file, const char *name)
{
	if (is_mounted_on(file, directory))
		return unmount(work, directory, file, name);
	remember(work, file);
	if (!unlink_file(work, directory, name))
		return false;
	work->effect = NODE_REMOVED;
	return true;
}

static bool remove_in(struct node_work *work, int directory, const char *name)
{
	cleanup_close int file = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	bool is_node;

	if (file < 0)
		return errno == ENOENT || fail(work, NODE_DIRECTORY, errno);
	is_node = is_device(work, file);
	if (!is_node && !is_remnant(directory, file))
		return fail(work, NODE_PRESENT, EEXIST);
	if (is_hosts(work, directory))
		return fail(work, NODE_HOST, EBUSY);
	return is_node ? remove_node(work, directory, file, name)
		       : unlink_file(work, directory, name);
}

/* ---- all ---- */

void node_work_do(struct node_work *work)
{
	const char *name = NULL;
	int directory;
	bool done;

	/* Neither a core nor the memory of this process is for the container, even if it sees the process. */
	prctl(PR_SET_DUMPABLE, 0);
	/* Capabilities stay when files are made as another user. */
	prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP);
	close_others(work);
	umask(022);
	directory = open_directory(work, &name);
	if (directory < 0)
		done = (errno == ENOENT && work->removes) ||
		       fail(work, errno == EBUSY ? NODE_HOST : NODE_DIRECTORY, errno);
	else if (work->removes)
		done = remove_in(work, directory, name);
	else
		done = make_in(work, directory, name);
	if (!done || work->removes)
		remove_directories(work, name, done ? work->directories : work->made_directories);
	if (done)
		work->stage = NODE_DONE;
}
