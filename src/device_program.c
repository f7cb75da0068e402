// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "device_program.h"
#include "error.h"
#include "kernel_error.h"
#include "device.skel.h"

#include <bpf/bpf.h>
#include <fcntl.h>

#define LOG_SIZE (64 * 1024)

static void cleanup_destroy_skeleton(struct device_bpf **skeleton)
{
	device_bpf__destroy(*skeleton);
}

static int reuse_map(struct bpf_map *map, int fd)
{
	return fd < 0 ? 0 : bpf_map__reuse_fd(map, fd);
}

/* Opens what the object has made, where the caller had none. */
static int keep_map(const struct bpf_map *map, int *fd)
{
	if (*fd < 0)
		*fd = fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 0);
	return *fd < 0 ? -errno : 0;
}

/* The verifier's last words before its statistics. */
static const char *last_log_line(char *log)
{
	char *last = log;
	char *save = NULL;

	for (char *line = strtok_r(log, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, "processed ", 10) != 0)
			last = line;
	}
	return last;
}

int device_program_load(struct fence_maps *maps, int *program, struct cgfence_error *error)
{
	__attribute__((cleanup(cleanup_destroy_skeleton))) struct device_bpf *skeleton = NULL;
	cleanup_free char *log = calloc(1, LOG_SIZE);
	LIBBPF_OPTS(bpf_object_open_opts, options, .kernel_log_buf = log,
		    .kernel_log_size = LOG_SIZE);
	int result;
	int fd;

	if (!log)
		return error_set(error, ENOMEM, "out of memory");
	skeleton = device_bpf__open_opts(&options);
	if (!skeleton)
		return kernel_error(error, errno, "open the device program");
	result = reuse_map(skeleton->maps.cgfence_policy, maps->policy);
	if (result == 0)
		result = reuse_map(skeleton->maps.cgfence_count, maps->counters);
	if (result == 0)
		result = reuse_map(skeleton->maps.cgfence_denials, maps->denials);
	if (result == 0)
		result = device_bpf__load(skeleton);
	if (result) {
		kernel_error(error, -result, "load the device program");
		if (*log)
			error_wrap(error, "the verifier says '%s'", last_log_line(log));
		return result;
	}
	result = keep_map(skeleton->maps.cgfence_count, &maps->counters);
	if (result == 0)
		result = keep_map(skeleton->maps.cgfence_denials, &maps->denials);
	fd = fcntl(bpf_program__fd(skeleton->progs.cgfence_device), F_DUPFD_CLOEXEC, 0);
	if (result || fd < 0)
		return error_set(error, errno, "out of file descriptors");
	*program = fd;
	return 0;
}
