// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/link.h"
#include "cgroup/cgroup.h"
#include "base/error.h"
#include "kernel/error.h"
#include "kernel/pins.h"

#include <bpf/bpf.h>
#include <stdio.h>
#include <string.h>

/* How many times a program may be replaced while it is being opened. */
#define OPEN_TRIES 100

/* Opens a pinned link, if it holds a cgroup or is of a standing fence, whose policy outlives its anchor. */
static int open_pinned(uint64_t id, const char *path, int *opened, struct bpf_link_info *info,
		       struct cgfence_error *error)
{
	cleanup_close int fd = bpf_obj_get(path);
	uint32_t size = sizeof(*info);

	if (fd < 0 && errno == ENOENT)
		return error_set(error, ENOENT, "no link is pinned at %s", path);
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, info, &size) < 0)
		return kernel_error(error, errno, "open the link %s", path);
	if (!info->cgroup.cgroup_id && !(id & CGFENCE_STANDING_ID))
		return error_set(error, ENOENT, "the link pinned at %s holds no cgroup", path);
	*opened = cleanup_steal_descriptor(&fd);
	return 0;
}

/* Return: -ESTALE if the program was replaced, and so freed, between the question for its id and the one for it. */
static int open_once(uint64_t id, const char *path, struct link *link, struct cgfence_error *error)
{
	cleanup_close int program = -1;
	cleanup_close int fd = -1;
	struct bpf_link_info info = { 0 };
	int result = open_pinned(id, path, &fd, &info, error);

	if (result)
		return result;
	program = bpf_prog_get_fd_by_id(info.prog_id);
	if (program < 0 && errno == ENOENT)
		return error_set(error, ESTALE,
				 "the program of the link %s is replaced all the time", path);
	if (program < 0)
		return kernel_error(error, errno, "open program %u", info.prog_id);
	*link = (struct link){ .program_id = info.prog_id, .cgroup_id = info.cgroup.cgroup_id };
	link->program = cleanup_steal_descriptor(&program);
	link->fd = cleanup_steal_descriptor(&fd);
	return 0;
}

static int open_with_program(uint64_t id, const char *path, struct link *link,
			     struct cgfence_error *error)
{
	int result = open_once(id, path, link, error);

	for (int i = 1; i < OPEN_TRIES && result == -ESTALE; i++)
		result = open_once(id, path, link, error);
	return result;
}

int link_open(uint64_t id, const struct hook *hook, struct link *link, struct cgfence_error *error)
{
	char path[PINS_PATH_SIZE];

	pins_path(path, id, hook->name);
	return open_with_program(id, path, link, error);
}

int link_look(uint64_t id, const struct hook *hook, struct cgfence_link_seen *seen)
{
	cleanup_close int fd = -1;
	struct bpf_link_info info = { 0 };
	char path[PINS_PATH_SIZE];
	int result;

	pins_path(path, id, hook->name);
	result = open_pinned(id, path, &fd, &info, NULL);
	if (result)
		return result;
	*seen = (struct cgfence_link_seen){ info.id, info.prog_id, info.cgroup.cgroup_id };
	return 0;
}

uint32_t link_program_id(uint64_t id, const struct hook *hook)
{
	struct cgfence_link_seen seen;

	return link_look(id, hook, &seen) ? 0 : seen.program_id;
}

uint64_t link_cgroup_id(uint64_t id, const struct hook *hook)
{
	struct cgfence_link_seen seen;

	return link_look(id, hook, &seen) ? 0 : seen.cgroup_id;
}

bool link_is_there(uint64_t id, const struct hook *hook)
{
	struct cgfence_link_seen seen;

	return link_look(id, hook, &seen) != -ENOENT;
}

void link_close(struct link *link)
{
	cleanup_close_descriptor(&link->fd);
	cleanup_close_descriptor(&link->program);
}

/* A link that is to take the place of another one is pinned beside it until then. */
static void beside_path(char path[PINS_PATH_SIZE], uint64_t id, const struct hook *hook,
			bool detaching)
{
	char name[40];

	snprintf(name, sizeof(name), "%s-next", hook->name);
	(detaching ? pins_detaching_path : pins_path)(path, id, name);
}

static int create_at(const char *path, const struct cgfence_cgroup *cgroup, const struct hook *hook,
		     int program, struct cgfence_error *error)
{
	cleanup_close int fd =
		bpf_link_create(program, cgfence_cgroup_fd(cgroup), hook->attach_type, NULL);
	/* Linux 5.10 returns the first. */
	if (fd < 0 && (errno == ENOENT || errno == ENODEV))
		return error_set(error, ENOENT, "the cgroup has been removed");
	if (fd < 0)
		return kernel_error(error, errno, "attach the %s program", hook->name);
	/* A link that holds no cgroup any more may be in the place. */
	if (bpf_obj_pin(fd, path) < 0 &&
	    (errno != EEXIST || unlink(path) < 0 || bpf_obj_pin(fd, path) < 0))
		return error_set(error, errno, "cannot pin the %s link at %s: %s", hook->name, path,
				 strerror(errno));
	return 0;
}

int link_create(uint64_t id, const struct cgfence_cgroup *cgroup, const struct hook *hook,
		int program, struct cgfence_error *error)
{
	char path[PINS_PATH_SIZE];

	pins_path(path, id, hook->name);
	return create_at(path, cgroup, hook, program, error);
}

int link_create_beside(uint64_t id, const struct cgfence_cgroup *cgroup, const struct hook *hook,
		       int program, struct cgfence_error *error)
{
	char path[PINS_PATH_SIZE];

	beside_path(path, id, hook, false);
	return create_at(path, cgroup, hook, program, error);
}

int link_take_place(uint64_t id, const struct hook *hook, struct cgfence_error *error)
{
	char beside[PINS_PATH_SIZE];
	char path[PINS_PATH_SIZE];

	beside_path(beside, id, hook, false);
	pins_path(path, id, hook->name);
	if (rename(beside, path) < 0)
		return error_set(error, errno, "cannot rename %s: %s", beside, strerror(errno));
	return 0;
}

int link_update(const struct link *link, int program, struct cgfence_error *error)
{
	if (bpf_link_update(link->fd, program, NULL) == 0)
		return 0;
	/* cgroup_bpf_replace, kernel/bpf/cgroup.c */
	if (errno == ENOLINK)
		return error_set(error, ENOENT, "the cgroup has been removed");
	return kernel_error(error, errno, "replace program %u by the new one", link->program_id);
}

/* Where detaching fails, unpinning does the same a grace period later, and nothing stays half removed. */
static int remove_pinned(uint64_t id, const char *path, struct cgfence_error *error)
{
	cleanup_link struct link link = LINK_CLOSED;
	int result = open_with_program(id, path, &link, NULL);

	/* Until that later, it would look like a fence that another bpffs has. */
	if (result && result != -ENOENT)
		result = open_with_program(id, path, &link, NULL);
	if (link.fd >= 0)
		bpf_link_detach(link.fd);
	if (unlink(path) < 0 && errno != ENOENT)
		return error_set(error, errno, "cannot remove %s: %s", path, strerror(errno));
	return result != -ENOENT;
}

static void remove_beside(uint64_t id, const struct hook *hook, bool detaching)
{
	char path[PINS_PATH_SIZE];

	if (!(id & CGFENCE_STANDING_ID))
		return;
	beside_path(path, id, hook, detaching);
	remove_pinned(id, path, NULL);
}

void link_remove_beside(uint64_t id, const struct hook *hook)
{
	remove_beside(id, hook, false);
}

int link_remove(uint64_t id, const struct hook *hook, struct cgfence_error *error)
{
	char path[PINS_PATH_SIZE];

	link_remove_beside(id, hook);
	pins_path(path, id, hook->name);
	return remove_pinned(id, path, error);
}

int link_remove_detaching(uint64_t id, const struct hook *hook, struct cgfence_error *error)
{
	char path[PINS_PATH_SIZE];

	remove_beside(id, hook, true);
	pins_detaching_path(path, id, hook->name);
	return remove_pinned(id, path, error);
}
