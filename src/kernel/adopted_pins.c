// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The pins of programs of others, and what their names tell. */
#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/adopted.h"
#include "kernel/error.h"
#include "kernel/pins.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The id of the cgroup, the flags of the attachment, and the place among those of the cgroup. */
#define NAME_FORMAT "adopted-%" PRIx64 "-%" PRIx32 "-%" PRIu32
#define NAME_SCAN "adopted-%" SCNx64 "-%" SCNx32 "-%" SCNu32
#define NAME_SIZE 48

typedef void path_writer(char path[PINS_PATH_SIZE], uint64_t id, const char *pin);

static void write_name(const struct adopted_program *program, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, NAME_FORMAT, program->cgroup_id, program->flags, program->order);
}

/* Is it the whole name of such a pin? */
static bool read_name(const char *name, struct adopted_program *program)
{
	char written[NAME_SIZE];

	if (sscanf(name, NAME_SCAN, &program->cgroup_id, &program->flags, &program->order) != 3)
		return false;
	write_name(program, written);
	return strcmp(name, written) == 0;
}

static DIR *open_directory(uint64_t id, path_writer *write_path)
{
	char path[PINS_PATH_SIZE];

	write_path(path, id, NULL);
	return opendir(path);
}

static int open_program(uint64_t id, path_writer *write_path, const char *name,
			struct adopted_program *program, struct cgfence_error *error)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);
	char path[PINS_PATH_SIZE];
	int fd;

	write_path(path, id, name);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return kernel_error(error, errno, "open the program %s", path);
	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0) {
		int result = kernel_error(error, errno, "read what the program %s is", path);

		close(fd);
		return result;
	}
	program->id = info.id;
	program->fd = fd;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct adopted_program *left = a;
	const struct adopted_program *right = b;

	if (left->cgroup_id != right->cgroup_id)
		return left->cgroup_id < right->cgroup_id ? -1 : 1;
	return left->order < right->order ? -1 : left->order > right->order;
}

static int read_directory(DIR *directory, uint64_t id, path_writer *write_path,
			  struct adopted *adopted, struct cgfence_error *error)
{
	const struct dirent *entry;

	while ((entry = readdir(directory))) {
		struct adopted_program program = { .fd = -1 };
		struct adopted_program *larger;
		int result;

		if (!read_name(entry->d_name, &program))
			continue;
		larger = reallocarray(adopted->programs, adopted->count + 1, sizeof(*larger));
		if (!larger)
			return error_out_of_memory(error);
		adopted->programs = larger;
		result = open_program(id, write_path, entry->d_name, &program, error);
		if (result)
			return result;
		larger[adopted->count++] = program;
	}
	if (adopted->count)
		qsort(adopted->programs, adopted->count, sizeof(*adopted->programs), compare);
	return 0;
}

static int read_pins(uint64_t id, path_writer *write_path, struct adopted *adopted,
		     struct cgfence_error *error)
{
	cleanup_adopted struct adopted found = { 0 };
	DIR *directory = open_directory(id, write_path);
	int result;

	*adopted = (struct adopted){ 0 };
	if (!directory && errno != ENOENT)
		return error_set(error, errno, "cannot read the directory of its pins: %s",
				 strerror(errno));
	if (!directory)
		return 0;
	result = read_directory(directory, id, write_path, &found, error);
	closedir(directory);
	if (result)
		return result;
	*adopted = found;
	found = (struct adopted){ 0 };
	return 0;
}

int adopted_read(uint64_t id, struct adopted *adopted, struct cgfence_error *error)
{
	return read_pins(id, pins_path, adopted, error);
}

int adopted_read_detaching(uint64_t id, struct adopted *adopted, struct cgfence_error *error)
{
	return read_pins(id, pins_detaching_path, adopted, error);
}

static bool is_of_cgroups(const struct adopted_program *program, const struct adopted *cgroups)
{
	for (size_t i = 0; i < cgroups->count; i++) {
		if (cgroups->programs[i].cgroup_id == program->cgroup_id)
			return true;
	}
	return false;
}

/* Those of all cgroups if @cgroups is NULL. An entry may be passed over where another was removed, so it begins anew. */
static void remove_pins(uint64_t id, path_writer *write_path, const struct adopted *cgroups)
{
	DIR *directory = open_directory(id, write_path);
	const struct dirent *entry;
	bool removed = true;

	while (directory && removed) {
		removed = false;
		rewinddir(directory);
		while ((entry = readdir(directory))) {
			struct adopted_program program;
			char path[PINS_PATH_SIZE];

			if (!read_name(entry->d_name, &program) ||
			    (cgroups && !is_of_cgroups(&program, cgroups)))
				continue;
			write_path(path, id, entry->d_name);
			removed = unlink(path) == 0 || removed;
		}
	}
	if (directory)
		closedir(directory);
}

static void write_path_of(uint64_t id, const struct adopted_program *program,
			  char path[PINS_PATH_SIZE])
{
	char name[NAME_SIZE];

	write_name(program, name);
	pins_path(path, id, name);
}

int adopted_pin_one(uint64_t id, const struct adopted_program *program, struct cgfence_error *error)
{
	char path[PINS_PATH_SIZE];

	write_path_of(id, program, path);
	return bpf_obj_pin(program->fd, path) < 0
		       ? kernel_error(error, errno, "pin the program %u at %s", program->id, path)
		       : 0;
}

int adopted_pin(uint64_t id, const struct adopted *adopted, struct cgfence_error *error)
{
	for (size_t i = 0; i < adopted->count; i++) {
		int result = adopted_pin_one(id, &adopted->programs[i], error);

		if (result) {
			remove_pins(id, pins_path, adopted);
			return result;
		}
	}
	return 0;
}

void adopted_unpin_one(uint64_t id, const struct adopted_program *program)
{
	char path[PINS_PATH_SIZE];

	write_path_of(id, program, path);
	unlink(path);
}

void adopted_unpin(uint64_t id)
{
	remove_pins(id, pins_path, NULL);
}

void adopted_unpin_detaching(uint64_t id)
{
	remove_pins(id, pins_detaching_path, NULL);
}

bool adopted_are_pinned(uint64_t id)
{
	DIR *directory = open_directory(id, pins_path);
	const struct dirent *entry;
	bool found = false;

	while (directory && !found && (entry = readdir(directory))) {
		struct adopted_program program;

		found = read_name(entry->d_name, &program);
	}
	if (directory)
		closedir(directory);
	return found;
}
