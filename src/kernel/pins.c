// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/pins.h"
#include "base/array.h"
#include "base/cleanup.h"
#include "base/compare.h"
#include "base/error.h"
#include "base/lock.h"

#include <cgfence/abi.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* Follows the id in the name of the directory; bpffs allows no dot there (bpf_lookup, kernel/bpf/inode.c). */
#define DETACHING "-detaching"
#define DIRECTORY_MODE 0700

void pins_path(char path[PINS_PATH_SIZE], uint64_t id, const char *pin)
{
	snprintf(path, PINS_PATH_SIZE, "%s/%llu%s%s", PINS_ROOT, (unsigned long long)id,
		 pin ? "/" : "", pin ? pin : "");
}

void pins_detaching_path(char path[PINS_PATH_SIZE], uint64_t id, const char *pin)
{
	snprintf(path, PINS_PATH_SIZE, "%s/%llu" DETACHING "%s%s", PINS_ROOT,
		 (unsigned long long)id, pin ? "/" : "", pin ? pin : "");
}

static int make_directory(const char *path, struct cgfence_error *error)
{
	if (mkdir(path, DIRECTORY_MODE) < 0 && errno != EEXIST)
		return error_set(error, errno, "cannot make %s: %s", path, strerror(errno));
	return 0;
}

static int check_root(struct cgfence_error *error)
{
	int result = bpffs_check_owner(error);

	return result ? result : bpffs_check_directory(PINS_ROOT, error);
}

int pins_make_root(struct cgfence_error *error)
{
	int result = bpffs_mount(false, error);

	if (result == 0)
		result = make_directory(PINS_ROOT, error);
	return result ? result : check_root(error);
}

int pins_check(uint64_t id, struct cgfence_error *error)
{
	char path[PINS_PATH_SIZE];
	int result = bpffs_check_directory(PINS_ROOT, error);

	pins_path(path, id, NULL);
	return result ? result : bpffs_check_directory(path, error);
}

/* The previous holder of the lock may have removed the directory. */
static bool still_there(int lock, const char *path)
{
	struct stat by_path;
	struct stat by_lock;

	return stat(path, &by_path) == 0 && fstat(lock, &by_lock) == 0 &&
	       by_path.st_ino == by_lock.st_ino && by_path.st_dev == by_lock.st_dev;
}

int pins_lock(uint64_t id, int *lock, struct cgfence_error *error)
{
	char path[PINS_PATH_SIZE];
	int result = pins_make_root(error);

	pins_path(path, id, NULL);
	while (result == 0) {
		cleanup_close int fd = -1;

		result = make_directory(path, error);
		if (result)
			break;
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0)
			return error_set(error, errno, "cannot open %s: %s", path, strerror(errno));
		result = bpffs_check_lockable(fd, path, error);
		if (result)
			break;
		result = lock_await(fd);
		if (result)
			return error_set(error, -result, "cannot lock %s: %s", path,
					 strerror(-result));
		if (still_there(fd, path)) {
			*lock = cleanup_steal_descriptor(&fd);
			return 0;
		}
	}
	return result;
}

int pins_lock_shared(void)
{
	int fd = open(PINS_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		flock(fd, LOCK_EX);
	return fd;
}

/* Of a directory that is there. */
static int lock_directory(const char *path, int (*take)(int fd), int *lock)
{
	cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int result;

	if (fd < 0)
		return -errno;
	if (bpffs_check_lockable(fd, path, NULL))
		return -EPERM;
	result = take(fd);
	if (result)
		return result;
	if (!still_there(fd, path))
		return -ENOENT;
	*lock = cleanup_steal_descriptor(&fd);
	return 0;
}

int pins_try_lock(uint64_t id, int *lock)
{
	char path[PINS_PATH_SIZE];

	pins_path(path, id, NULL);
	return lock_directory(path, lock_try, lock);
}

int pins_wait(uint64_t id, int *lock)
{
	char path[PINS_PATH_SIZE];

	pins_path(path, id, NULL);
	return lock_directory(path, lock_await, lock);
}

int pins_begin_detaching(uint64_t id)
{
	char detaching[PINS_PATH_SIZE];
	char path[PINS_PATH_SIZE];

	pins_path(path, id, NULL);
	pins_detaching_path(detaching, id, NULL);
	return rename(path, detaching) < 0 ? -errno : 0;
}

void pins_cancel_detaching(uint64_t id)
{
	char detaching[PINS_PATH_SIZE];
	char path[PINS_PATH_SIZE];

	pins_path(path, id, NULL);
	pins_detaching_path(detaching, id, NULL);
	rename(detaching, path);
}

int pins_lock_detaching(uint64_t id, int *lock)
{
	char path[PINS_PATH_SIZE];

	pins_detaching_path(path, id, NULL);
	return lock_directory(path, lock_await, lock);
}

void pins_end_detaching(uint64_t id, int lock)
{
	char path[PINS_PATH_SIZE];

	pins_detaching_path(path, id, NULL);
	rmdir(path); /* must fail while links are left */
	close(lock);
}

void pins_unlock(uint64_t id, int lock)
{
	char path[PINS_PATH_SIZE];

	pins_path(path, id, NULL);
	rmdir(path); /* must fail while pins are left */
	close(lock);
}

bool pins_are_there(uint64_t id)
{
	char path[PINS_PATH_SIZE];

	pins_path(path, id, NULL);
	return access(path, F_OK) == 0;
}

bool pins_are_detaching(uint64_t id)
{
	char path[PINS_PATH_SIZE];

	pins_detaching_path(path, id, NULL);
	return access(path, F_OK) == 0;
}

void pins_touch(uint64_t id)
{
	char path[PINS_PATH_SIZE];

	pins_path(path, id, NULL);
	utimensat(AT_FDCWD, path, NULL, 0);
}

void pins_mark_passing(uint64_t id)
{
	char path[PINS_PATH_SIZE];

	pins_path(path, id, NULL);
	chmod(path, DIRECTORY_MODE | S_ISVTX);
}

bool pins_may_be_passing(uint64_t id)
{
	struct stat status;
	char path[PINS_PATH_SIZE];

	pins_path(path, id, NULL);
	return stat(path, &status) == 0 && status.st_mode & S_ISVTX;
}

struct id_list {
	const char *suffix; /* behind the id, in the names of the directories */
	uint64_t *ids;
	size_t count;
	size_t capacity;
};

static void cleanup_free_list(struct id_list *list)
{
	free(list->ids);
}

static bool add_if_named(struct id_list *list, const char *name)
{
	char *end;
	uint64_t id = strtoull(name, &end, 10);
	uint64_t *larger;

	if (strcmp(end, list->suffix) != 0 || end == name)
		return true;
	larger = array_with_room(list->ids, list->count, &list->capacity, sizeof(*larger));
	if (!larger)
		return false;
	list->ids = larger;
	larger[list->count++] = id;
	return true;
}

static void give(struct id_list *list, uint64_t **ids, size_t *count)
{
	if (list->count)
		qsort(list->ids, list->count, sizeof(*list->ids), compare_ids);
	*ids = cleanup_steal(list->ids);
	*count = list->count;
}

static int read_names(struct id_list *first, struct id_list *second, struct cgfence_error *error)
{
	bool has_memory = true;
	struct dirent *entry;
	DIR *directory;
	int result = bpffs_is_mounted() ? check_root(error) : 0;

	if (result)
		return result;
	directory = opendir(PINS_ROOT);
	if (!directory && errno != ENOENT)
		return error_set(error, errno, "cannot read " PINS_ROOT ": %s", strerror(errno));
	while (directory && has_memory && (entry = readdir(directory)))
		has_memory = add_if_named(first, entry->d_name) &&
			     add_if_named(second, entry->d_name);
	if (directory)
		closedir(directory);
	return has_memory ? 0 : error_out_of_memory(error);
}

static bool is_of_fence(const char *name)
{
	return name[0] >= '0' && name[0] <= '9';
}

static bool is_of_standing_fence(const char *name)
{
	return is_of_fence(name) && strtoull(name, NULL, 10) & CGFENCE_STANDING_ID;
}

/* If in doubt, yes. */
static bool has_any(bool (*is_meant)(const char *name))
{
	DIR *directory = opendir(PINS_ROOT);
	struct dirent *entry;
	bool any = !directory && errno != ENOENT;

	while (directory && !any && (entry = readdir(directory)))
		any = is_meant(entry->d_name);
	if (directory)
		closedir(directory);
	return any;
}

bool pins_any(void)
{
	return has_any(is_of_fence);
}

bool pins_any_standing(void)
{
	return has_any(is_of_standing_fence);
}

int pins_list(uint64_t **ids, size_t *count, struct cgfence_error *error)
{
	cleanup_free uint64_t *detaching = NULL;
	size_t detaching_count;

	return pins_list_all(ids, count, &detaching, &detaching_count, error);
}

/* How many directories are in it: each is one more link to it (bpf_mkdir, kernel/bpf/inode.c). */
static size_t count_entries(DIR *directory)
{
	struct stat status;

	return fstat(dirfd(directory), &status) < 0 ? 0 : status.st_nlink - 2;
}

static void add_some(struct id_list *list, size_t few, DIR *directory)
{
	struct dirent *entry;

	while (list->count < few && (entry = readdir(directory)) &&
	       add_if_named(list, entry->d_name))
		continue;
}

/* Entries of bpffs that a command passes over at no cost that matters. */
#define PASSED_OVER 1024

int pins_list_some(size_t max, size_t few, uint32_t anywhere, uint64_t **ids, size_t *count)
{
	struct id_list list = { .suffix = "" };
	DIR *directory = opendir(PINS_ROOT);
	size_t entries = directory ? count_entries(directory) : 0;
	size_t turns = 1 + entries / PASSED_OVER;

	if (entries <= max || !bpffs_is_mounted() || check_root(NULL)) {
		if (directory)
			closedir(directory);
		return pins_list(ids, count, NULL);
	}
	/*
	 * In bpffs the offset of an entry is its number, and the kernel goes through all before it (dcache_readdir,
	 * fs/libfs.c). Behind the last one is the first.
	 */
	if (anywhere % turns == 0) {
		seekdir(directory, (long)(anywhere / turns % entries));
		add_some(&list, few * turns, directory);
		rewinddir(directory);
		add_some(&list, few * turns, directory);
	}
	closedir(directory);
	give(&list, ids, count);
	return 0;
}

int pins_list_detaching(uint64_t **ids, size_t *count, struct cgfence_error *error)
{
	cleanup_free uint64_t *others = NULL;
	size_t other_count;

	return pins_list_all(&others, &other_count, ids, count, error);
}

int pins_list_all(uint64_t **ids, size_t *count, uint64_t **detaching, size_t *detaching_count,
		  struct cgfence_error *error)
{
	__attribute__((cleanup(cleanup_free_list))) struct id_list first = { .suffix = "" };
	__attribute__((cleanup(cleanup_free_list))) struct id_list second = { .suffix = DETACHING };
	int result = read_names(&first, &second, error);

	if (result)
		return result;
	give(&first, ids, count);
	give(&second, detaching, detaching_count);
	return 0;
}
