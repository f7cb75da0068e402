/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The directories in bpffs that hold the links of the fences, one directory a fence. */
#pragma once

#include "kernel/bpffs.h"

#define PINS_ROOT BPFFS_POINT "/cgfence"

/* What was found out about the running kernel. */
#define PINS_KERNEL PINS_ROOT "/kernel"

/* Long enough for the path of a pin. */
#define PINS_PATH_SIZE 96

/** pins_path() - write the path of a pin; @pin is NULL for the directory of the fence. */
void pins_path(char path[PINS_PATH_SIZE], uint64_t id, const char *pin);

/**
 * pins_lock() - take the lock of a fence; makes its directory if needed.
 * @id: of the cgroup
 * @lock: receives a descriptor, to be given to pins_unlock()
 *
 * The lock is an flock(2) on the directory, which only root can open, so that a process in a fence cannot hold it. It
 * ends with the process. A directory that others could open is refused.
 */
int pins_lock(uint64_t id, int *lock, struct cgfence_error *error);

/** pins_try_lock() - the same for an existing directory, without waiting. Return: 0 or -errno. */
int pins_try_lock(uint64_t id, int *lock);

/** pins_wait() - the same, waiting. */
int pins_wait(uint64_t id, int *lock);

/** pins_unlock() - release the lock; removes a directory without pins. */
void pins_unlock(uint64_t id, int lock);

/**
 * pins_lock_shared() - take the lock of what all fences share; after that of a fence, if both are taken.
 *
 * Return: what ends it by close(2), -1 if there is no directory of fences.
 */
int pins_lock_shared(void);

/** pins_make_root() - mount a bpffs if there is none (bpffs_mount()), and make the directory of all fences. */
int pins_make_root(struct cgfence_error *error);

/**
 * pins_check() - are the directory of all fences and that of a fence root's alone?
 *
 * Return: 0, also if they are not there; -EPERM.
 */
int pins_check(uint64_t id, struct cgfence_error *error);

/** pins_are_there() - has a fence such a directory? */
bool pins_are_there(uint64_t id);

/** pins_are_detaching() - likewise one that is being detached. */
bool pins_are_detaching(uint64_t id);

/** pins_touch() - tell watchers that the policy of the fence was replaced (inotify(7), IN_ATTRIB). */
void pins_touch(uint64_t id);

/**
 * pins_mark_passing() - leave a hint that the fence, or its cgroup, may be of use to one command alone.
 *
 * It is the sticky bit of the directory. The image of the policy decides, but reading it for a thousand fences takes
 * long.
 */
void pins_mark_passing(uint64_t id);

/** pins_may_be_passing() - is there such a hint? */
bool pins_may_be_passing(uint64_t id);

/**
 * pins_list() - the ids that have a directory, in ascending order.
 * @ids: receives an array to be given to free(), NULL if there are none
 */
int pins_list(uint64_t **ids, size_t *count, struct cgfence_error *error);

/**
 * pins_list_some() - pins_list() if there are at most @max directories, else @few of them.
 * @anywhere: a random number, which decides which
 *
 * The cost does not grow with all of them: among thousands, most calls give none, and the others so many more.
 */
int pins_list_some(size_t max, size_t few, uint32_t anywhere, uint64_t **ids, size_t *count);

/** pins_any() - has any fence a directory, or is one being detached? True if that cannot be told. */
bool pins_any(void);

/** pins_any_standing() - likewise any standing fence. */
bool pins_any_standing(void);

/*
 * Removing several links is not one step for the kernel, but renaming their directory is. From then on they are no
 * fence any more, and any command that finds them removes them.
 */

/** pins_detaching_path() - pins_path() of a fence that is being detached. */
void pins_detaching_path(char path[PINS_PATH_SIZE], uint64_t id, const char *pin);

/** pins_begin_detaching() - rename the directory of a fence, whose lock is held and stays so. Return: 0 or -errno. */
int pins_begin_detaching(uint64_t id);

/** pins_cancel_detaching() - restore the name. */
void pins_cancel_detaching(uint64_t id);

/**
 * pins_lock_detaching() - wait for the command that detaches the fence. Return: 0 if it died before the end, else
 * -errno.
 */
int pins_lock_detaching(uint64_t id, int *lock);

/** pins_end_detaching() - remove the directory and release the lock. */
void pins_end_detaching(uint64_t id, int lock);

/** pins_list_detaching() - the ids that have such a directory. */
int pins_list_detaching(uint64_t **ids, size_t *count, struct cgfence_error *error);

/** pins_list_all() - pins_list() and pins_list_detaching() at once. */
int pins_list_all(uint64_t **ids, size_t *count, uint64_t **detaching, size_t *detaching_count,
		  struct cgfence_error *error);
