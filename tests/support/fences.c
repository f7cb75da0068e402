// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/fences.h"
#include "base/cleanup.h"
#include "kernel/maps.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAMS_MAX 64

char *fences_json(const char *text)
{
	char *copy = strdup(text);

	for (char *quote = copy; quote && (quote = strchr(quote, '\'')); quote++)
		*quote = '"';
	return copy;
}

int fences_write_json(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	if (!file)
		return -errno;
	for (; *text; text++)
		putc(*text == '\'' ? '"' : *text, file);
	return fclose(file) ? -errno : 0;
}

int fences_parse(const char *text, struct cgfence_policy **policy, struct cgfence_error *error)
{
	char *json = fences_json(text);
	int code = -ENOMEM;

	if (json)
		code = cgfence_policy_parse(json, strlen(json), "test", policy, error);
	free(json);
	return code;
}

int fences_attach(const struct cgfence_cgroup *cgroup, const char *text,
		  enum cgfence_attach_result *result, struct cgfence_error *error)
{
	enum cgfence_attach_result ignored;
	struct cgfence_policy *policy = NULL;
	int code = fences_parse(text, &policy, error);

	if (code == 0)
		code = cgfence_fence_attach(cgroup, policy, 0, result ? result : &ignored, error);
	cgfence_policy_free(policy);
	return code;
}

int fences_guard(const struct cgfence_cgroup *cgroup, struct cgfence_error *error)
{
	struct cgfence_fence *fence = NULL;
	int result = cgfence_fence_open(cgfence_cgroup_id(cgroup), &fence, error);

	if (result == 0)
		result = (int)cgfence_fence_listen_guard(fence);
	cgfence_fence_close(fence);
	return result;
}

int fences_enter(const struct cgfence_cgroup *cgroup)
{
	int fd = openat(cgfence_cgroup_fd(cgroup), "cgroup.procs", O_WRONLY | O_CLOEXEC);
	int result = fd >= 0 && write(fd, "0", 1) == 1 ? 0 : -errno;

	if (fd >= 0)
		close(fd);
	return result;
}

void fences_remove(struct cgfence_cgroup *cgroup)
{
	bool detached;

	if (!cgroup)
		return;
	cgfence_fence_detach(cgfence_cgroup_id(cgroup), &detached, NULL);
	cgfence_cgroup_remove(cgroup, NULL);
	cgfence_cgroup_close(cgroup);
}

static int query(const struct cgfence_cgroup *cgroup, int attach_type, __u32 ids[PROGRAMS_MAX])
{
	__u32 count = PROGRAMS_MAX;
	int code = bpf_prog_query(cgfence_cgroup_fd(cgroup), (enum bpf_attach_type)attach_type, 0,
				  NULL, ids, &count);

	return code < 0 ? -errno : (int)count;
}

int fences_count_programs(const struct cgfence_cgroup *cgroup, int attach_type)
{
	__u32 ids[PROGRAMS_MAX];

	return query(cgroup, attach_type, ids);
}

int fences_program(const struct cgfence_cgroup *cgroup, int attach_type)
{
	__u32 ids[PROGRAMS_MAX];
	int count = query(cgroup, attach_type, ids);
	int fd;

	if (count <= 0)
		return count ? count : -ENOENT;
	fd = bpf_prog_get_fd_by_id(ids[0]);
	return fd < 0 ? -errno : fd;
}

int fences_read_image(const struct cgfence_cgroup *cgroup, int attach_type,
		      struct cgfence_image **image, struct cgfence_error *error)
{
	cleanup_close int program = fences_program(cgroup, attach_type);
	cleanup_close int map = -1;
	int result = program < 0 ? program : fence_maps_find_policy(program, &map, error);

	if (result == 0)
		result = fence_maps_read_image(map, image, error);
	if (result == 0)
		(*image)->shared = 0;
	return result;
}
