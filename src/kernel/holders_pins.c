// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/holders_pins.h"
#include "base/cleanup.h"
#include "kernel/pins.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#define FILES_PATH PINS_KERNEL "/holders_files"
#define TASKS_PATH PINS_KERNEL "/holders_tasks"
#define TABLES_PATH PINS_KERNEL "/holders_tables"
#define ROOTS_PATH PINS_KERNEL "/holders_roots"

void holders_programs_close(struct holders_programs *programs)
{
	cleanup_close_descriptor(&programs->files);
	cleanup_close_descriptor(&programs->tasks);
	cleanup_close_descriptor(&programs->tables);
	cleanup_close_descriptor(&programs->roots);
	*programs = (struct holders_programs)HOLDERS_PROGRAMS_CLOSED;
}

static bool is_of_version(int roots, uint64_t version)
{
	const uint64_t key = HOLDERS_KEY_VERSION;
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	uint64_t found = 0;

	return bpf_obj_get_info_by_fd(roots, &info, &size) == 0 && info.type == BPF_MAP_TYPE_HASH &&
	       info.key_size == sizeof(key) && info.value_size == sizeof(found) &&
	       bpf_map_lookup_elem(roots, &key, &found) == 0 && found == version;
}

bool holders_pins_open(struct holders_programs *programs, uint64_t version)
{
	struct holders_programs found = HOLDERS_PROGRAMS_CLOSED;

	if (bpffs_check_directory(PINS_ROOT, NULL) || bpffs_check_directory(PINS_KERNEL, NULL))
		return false;
	/* In reverse of the order in which they are pinned: with the last one, all are there. */
	found.files = bpf_obj_get(FILES_PATH);
	if (found.files >= 0) {
		found.tasks = bpf_obj_get(TASKS_PATH);
		found.tables = bpf_obj_get(TABLES_PATH);
		found.roots = bpf_obj_get(ROOTS_PATH);
	}
	if (found.tasks < 0 || found.roots < 0 || !is_of_version(found.roots, version)) {
		holders_programs_close(&found);
		return false;
	}
	*programs = found;
	return true;
}

int holders_pins_lock(void)
{
	cleanup_close int fd = -1;

	if (bpffs_check_directory(PINS_ROOT, NULL))
		return -1;
	mkdir(PINS_KERNEL, 0700);
	fd = open(PINS_KERNEL, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || bpffs_check_lockable(fd, PINS_KERNEL, NULL) || flock(fd, LOCK_EX | LOCK_NB))
		return -1;
	return cleanup_steal_descriptor(&fd);
}

static void remove_pins(void)
{
	unlink(FILES_PATH);
	unlink(TASKS_PATH);
	unlink(TABLES_PATH);
	unlink(ROOTS_PATH);
}

bool holders_pins_keep(const struct holders_programs *programs, uint64_t version)
{
	const uint64_t key = HOLDERS_KEY_VERSION;

	remove_pins();
	if (bpf_map_update_elem(programs->roots, &key, &version, BPF_ANY) == 0 &&
	    bpf_obj_pin(programs->roots, ROOTS_PATH) == 0 &&
	    (programs->tables < 0 || bpf_obj_pin(programs->tables, TABLES_PATH) == 0) &&
	    bpf_obj_pin(programs->tasks, TASKS_PATH) == 0 &&
	    bpf_obj_pin(programs->files, FILES_PATH) == 0)
		return true;
	remove_pins();
	return false;
}

void holders_pins_leave(void)
{
	if (access(ROOTS_PATH, F_OK) == 0 && !pins_any())
		remove_pins();
}
