// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/attached.h"
#include "cgroup/cgroup.h"
#include "cgroup/id.h"

#include <bpf/bpf.h>
#include <fcntl.h>

/* @count receives how many there are, also if they are more than @capacity. Return: 0, -ENOSPC, another -errno. */
static int read_up_to(int cgroup, const struct hook *hook, uint32_t query_flags,
		      struct attached *attached, uint32_t capacity, uint32_t *count)
{
	cleanup_free uint32_t *ids = calloc(capacity, sizeof(*ids));
	cleanup_free uint32_t *flags = calloc(capacity, sizeof(*flags));
	cleanup_free struct attached_program *programs = calloc(capacity, sizeof(*programs));
	/* Programs on different LSM hooks have different flags, and one query returns them all (Linux 6.0). */
	bool of_each = hook->attach_type == BPF_LSM_CGROUP && !query_flags;
	LIBBPF_OPTS(bpf_prog_query_opts, options, .query_flags = query_flags, .prog_ids = ids,
		    .prog_attach_flags = of_each ? flags : NULL, .prog_cnt = capacity);
	int result;

	if (!ids || !flags || !programs)
		return -ENOMEM;
	result = bpf_prog_query_opts(cgroup, hook->attach_type, &options);
	*count = options.prog_cnt;
	if (result)
		return result;
	for (uint32_t i = 0; i < *count; i++)
		programs[i] = (struct attached_program){
			.id = ids[i],
			.flags = of_each ? flags[i] : options.attach_flags,
		};
	attached->programs = cleanup_steal(programs);
	attached->count = *count;
	return 0;
}

int attached_read(int cgroup, const struct hook *hook, uint32_t query_flags,
		  struct attached *attached)
{
	uint32_t capacity;
	uint32_t count = ATTACHED_MAX; /* more may be in effect */
	int result;

	do {
		capacity = count;
		result = read_up_to(cgroup, hook, query_flags, attached, capacity, &count);
	} while (result == -ENOSPC && count > capacity);
	return result;
}

void attached_release(struct attached *attached)
{
	free(attached->programs);
}

int ascent_begin(struct ascent *ascent, const struct cgfence_cgroup *cgroup)
{
	ascent->cgroup = cgroup;
	ascent->above = 0;
	ascent->fd = fcntl(cgfence_cgroup_fd(cgroup), F_DUPFD_CLOEXEC, 0);
	return ascent->fd < 0 ? -errno : 0;
}

int ascent_go_up(struct ascent *ascent)
{
	int fd;

	/* It is the root, or no mount shows it. */
	if (cgroup_path_length(ascent->cgroup, ascent->above) == 1 ||
	    cgfence_cgroup_path(ascent->cgroup)[0] != '/')
		return -ENOENT;
	fd = openat(ascent->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* The directory above a mount point is no cgroup. */
	if (!cgroup_is_directory(fd)) {
		close(fd);
		return -ENOENT;
	}
	close(ascent->fd);
	ascent->fd = fd;
	ascent->above++;
	return 0;
}

void ascent_end(struct ascent *ascent)
{
	cleanup_close_descriptor(&ascent->fd);
}
