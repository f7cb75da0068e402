// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The lock of the one watch: an flock on a directory in bpffs, which only root can open. */
#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/pins.h"

#include <cgfence/watch.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define WATCH_LOCK PINS_ROOT "/watch"

/*
 * From /proc/locks (proc(5)): "1: FLOCK  ADVISORY  WRITE 123 00:1f:456 0 EOF"; it leaves out processes of other pid
 * namespaces. Return: 0 if there is none.
 */
static pid_t find_locker(int fd)
{
	FILE *locks = fopen("/proc/locks", "re");
	char line[256];
	struct stat status;
	pid_t found = 0;

	while (locks && fstat(fd, &status) == 0 && !found && fgets(line, sizeof(line), locks)) {
		unsigned int device_major;
		unsigned int device_minor;
		unsigned long inode;
		int pid;

		if (sscanf(line, "%*d: FLOCK ADVISORY WRITE %d %x:%x:%lu", &pid, &device_major,
			   &device_minor, &inode) == 4 &&
		    inode == status.st_ino && makedev(device_major, device_minor) == status.st_dev)
			found = pid;
	}
	if (locks)
		fclose(locks);
	return found;
}

int cgfence_watch_lock(int *lock, pid_t *first, struct cgfence_error *error)
{
	cleanup_close int fd = -1;
	int result = pins_make_root(error);

	if (result)
		return result;
	if (mkdir(WATCH_LOCK, 0700) < 0 && errno != EEXIST)
		return error_set(error, errno, "cannot make " WATCH_LOCK ": %s", strerror(errno));
	fd = open(WATCH_LOCK, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_set(error, errno, "cannot open " WATCH_LOCK ": %s", strerror(errno));
	result = bpffs_check_lockable(fd, WATCH_LOCK, error);
	if (result)
		return result;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK)
			return error_set(error, errno, "cannot lock " WATCH_LOCK ": %s",
					 strerror(errno));
		*first = find_locker(fd);
		/* A process in another pid namespace has no number here. */
		return *first > 0 ? error_set(error, EBUSY, "process %d watches this host already",
					      (int)*first)
				  : error_set(error, EBUSY,
					      "another process watches this host already");
	}
	*lock = cleanup_steal_descriptor(&fd);
	return 0;
}

int cgfence_watch_find(pid_t *pid, struct cgfence_error *error)
{
	cleanup_close int fd = open(WATCH_LOCK, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	pid_t found;

	if (fd < 0 && errno != ENOENT)
		return error_set(error, errno, "cannot open " WATCH_LOCK ": %s", strerror(errno));
	found = fd < 0 ? 0 : find_locker(fd);
	if (found <= 0)
		return error_set(error, ENOENT, "no process watches this host");
	*pid = found;
	return 0;
}

void cgfence_watch_unlock(int lock)
{
	/* The directory stays: another process may just have opened it. */
	close(lock);
}
