// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "runtime/node.h"
#include "base/cleanup.h"
#include "base/error.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* A file system that the container serves may let the child wait for ever. */
#define CHILD_WAIT_MS 10000
#define KILLED_WAIT_MS 100

int node_path_check(const char *path, struct cgfence_error *error)
{
	size_t length = strlen(path);
	const char *from = path;

	if (*path != '/')
		return error_set_invalid(error, "the path of a node must be absolute");
	if (length >= PATH_MAX)
		return error_set_invalid(error, "the path of a node must be shorter than %d bytes",
					 PATH_MAX);
	while (*from) {
		size_t size = strcspn(++from, "/");

		if (size == 0 || (size == 1 && *from == '.') ||
		    (size == 2 && memcmp(from, "..", 2) == 0))
			return error_set_invalid(
				error,
				"the path of a node must be plain, without '.', '..' and empty parts");
		from += size;
	}
	return 0;
}

/* ---- the words of an error ---- */

static const char *why_not_there(int code)
{
	return code == ELOOP	? "it is a symbolic link, or one leads to it"
	       : code == ENOENT ? "it does not exist"
				: strerror(code);
}

static const char *why_not_made(int code)
{
	return code == EPERM
		       ? "this needs CAP_MKNOD, and the device programs of the caller's own cgroup must allow it"
	       : code == EOVERFLOW ? "its file system has no user that could own it"
				   : strerror(code);
}

static int explain(const struct node *node, const struct node_work *work,
		   struct cgfence_error *error)
{
	const char *path = node->path;
	int code = work->code ? work->code : EIO;

	switch (work->stage) {
	case NODE_DIRECTORY:
		return error_set(error, code,
				 "cannot open the directory of %s in the container: %s", path,
				 why_not_there(code));
	case NODE_HOST:
		return error_set(
			error, code,
			"%s is the host's own, since its processes have no /dev of their own; leave out --node",
			path);
	case NODE_PRESENT:
		return error_set(error, code,
				 "something else is at %s in the container, which stays as it is",
				 path);
	case NODE_CLOSED:
		return error_set(
			error, code,
			"the node is at %s in the container, on a mount with 'nodev', where none opens",
			path);
	case NODE_SOURCE:
		return error_set(
			error, code,
			"no node opens where %s would be, and the host has none that could be mounted there",
			path);
	case NODE_MAKE:
	case NODE_FILE:
		return error_set(error, code, "cannot make %s in the container: %s", path,
				 why_not_made(code));
	case NODE_ENTER:
	case NODE_MOUNT:
		return error_set(error, code,
				 "cannot mount the node of the host on %s in the container: %s",
				 path, strerror(code));
	case NODE_UNMOUNT:
	case NODE_REMOVE:
		return error_set(error, code, "cannot remove %s in the container: %s", path,
				 strerror(code));
	default:
		return error_set(error, code, "the child that was to change %s ended before", path);
	}
}

/* ---- the child ---- */

static bool has_ended(int child, int timeout_ms)
{
	struct pollfd poller = { .fd = child, .events = POLLIN };
	int result;

	do
		result = poll(&poller, 1, timeout_ms);
	while (result < 0 && errno == EINTR);
	return result > 0;
}

/* A child that does not answer cannot even be killed while its file system keeps it. */
static int await(pid_t pid, const struct node *node, struct cgfence_error *error)
{
	cleanup_close int child = (int)syscall(SYS_pidfd_open, pid, 0);
	bool answers = child < 0 || has_ended(child, CHILD_WAIT_MS);
	bool ended = answers;

	if (!answers) {
		kill(pid, SIGKILL);
		ended = has_ended(child, KILLED_WAIT_MS);
	}
	while (waitpid(pid, NULL, ended ? 0 : WNOHANG) < 0 && errno == EINTR)
		;
	return answers ? 0
		       : error_set(error, ETIMEDOUT,
				   "the file system that has %s in the container does not answer",
				   node->path);
}

static int run_child(const struct node *node, struct node_work *work, struct cgfence_error *error)
{
	pid_t pid = fork();
	int result;

	if (pid < 0)
		return error_set(error, errno, "cannot start a process: %s", strerror(errno));
	if (pid == 0) {
		node_work_do(work);
		_exit(0);
	}
	result = await(pid, node, error);
	if (result == 0 && work->stage != NODE_DONE)
		result = explain(node, work, error);
	return result;
}

/* In the namespace of the host, where alone it is for certain the node of the host. Return: -1 if there is none. */
static int open_source(const struct node *node)
{
	cleanup_close int tree = -1;
	struct stat status;

	if (!node->source)
		return -1;
	tree = open_tree(AT_FDCWD, node->source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0 || fstat(tree, &status) < 0 || status.st_rdev != node->device ||
	    (status.st_mode & S_IFMT) != (node->mode & S_IFMT))
		return -1;
	return cleanup_steal_descriptor(&tree);
}

static void fill(struct node_work *work, const struct node *node, const struct entrance *entrance,
		 int source)
{
	struct stat devices;

	work->binds = entrance->of_user_namespace;
	work->is_hosts = entrance->is_ours;
	work->root = entrance->root;
	work->mounts = entrance->mounts;
	work->source = source;
	work->host_devices = stat("/dev", &devices) == 0 ? devices.st_dev : 0;
	work->device = node->device;
	work->mode = node->mode;
	work->user = node->user;
	work->group = node->group;
	snprintf(work->path, sizeof(work->path), "%s", node->path);
}

/* @work: what to do more, and receives what was done */
static int run(const struct node *node, const struct entrance *entrance, struct node_work *work,
	       struct cgfence_error *error)
{
	cleanup_close int source = work->removes ? -1 : open_source(node);
	struct node_work *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
					MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int result;

	if (shared == MAP_FAILED)
		return error_out_of_memory(error);
	*shared = *work;
	fill(shared, node, entrance, source);
	result = run_child(node, shared, error);
	if (result == 0)
		*work = *shared;
	munmap(shared, sizeof(*shared));
	return result;
}

static struct node_change change_of(const struct node_work *work)
{
	return (struct node_change){
		.effect = work->effect,
		.directories = work->made_directories,
		.mode = work->was_mode,
		.user = work->was_user,
		.group = work->was_group,
	};
}

int node_make(const struct node *node, const struct entrance *entrance, struct node_change *change,
	      struct cgfence_error *error)
{
	cleanup_free struct node_work *work = calloc(1, sizeof(*work));
	int result;

	if (!work)
		return error_out_of_memory(error);
	result = run(node, entrance, work, error);
	if (result == 0)
		*change = change_of(work);
	return result;
}

int node_remove(const struct node *node, const struct entrance *entrance, unsigned int directories,
		struct node_change *change, struct cgfence_error *error)
{
	cleanup_free struct node_work *work = calloc(1, sizeof(*work));
	int result;

	if (!work)
		return error_out_of_memory(error);
	work->removes = true;
	work->directories = directories;
	result = run(node, entrance, work, error);
	if (result == 0)
		*change = change_of(work);
	return result;
}
