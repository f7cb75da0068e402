// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "runtime/unit.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "fence/unit_list.h"
#include "runtime/owner.h"

#include <cgfence/node.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static bool find_node(const char *path, struct device_entry *entry)
{
	struct stat status;

	if (stat(path, &status) < 0 || !(S_ISBLK(status.st_mode) || S_ISCHR(status.st_mode)))
		return false;
	*entry = (struct device_entry){
		.block = S_ISBLK(status.st_mode),
		.character = S_ISCHR(status.st_mode),
		.major = major(status.st_rdev),
		.minor = minor(status.st_rdev),
	};
	return true;
}

/* The cgroup of crun's processes is below that of the unit. */
static char *path_of_unit(const struct cgfence_cgroup *cgroup)
{
	const char *path = cgfence_cgroup_path(cgroup);
	const char *last = strrchr(path, '/');
	char *above = last ? strndup(path, (size_t)(last - path)) : NULL;
	cleanup_free char *subgroup = above ? owner_subgroup(above) : NULL;

	if (subgroup && strcmp(subgroup, last + 1) == 0)
		return above;
	free(above);
	return strdup(path);
}

static int edit_list(const struct unit_devices *devices, const struct cgfence_edit *edit,
		     struct unit_list_edited *edited, struct cgfence_error *error)
{
	struct unit_list_host host = { .find_node = find_node };
	int result = drivers_read(&host.drivers, error);

	if (result)
		return result;
	result = unit_list_edit(devices, edit, &host, edited);
	drivers_free(&host.drivers);
	return result ? error_out_of_memory(error) : 0;
}

static int change(const struct bus *bus, const char *unit, const struct unit_devices *devices,
		  const struct cgfence_edit *edit, struct cgfence_unit_answer *answer,
		  struct cgfence_error *error)
{
	struct unit_list_edited edited = { 0 };
	int result = edit_list(devices, edit, &edited, error);

	if (result == 0 && edited.changed)
		result = unit_set(bus, unit, &edited.devices, edited.close, error);
	if (result == 0) {
		answer->changed = edited.changed;
		snprintf(answer->unit, sizeof(answer->unit), "%s", unit);
		snprintf(answer->rest, sizeof(answer->rest), "%s", edited.rest);
	}
	unit_devices_free(&edited.devices);
	return result;
}

static int tell(const char *unit, const char *path, const struct cgfence_edit *edit,
		struct cgfence_unit_answer *answer, struct cgfence_error *error)
{
	cleanup_unit_devices struct unit_devices devices = { 0 };
	cleanup_bus struct bus bus = { 0 };
	int result = bus_open(&bus, error);

	if (result == 0)
		result = unit_read(&bus, unit, path, &devices, error);
	if (result == -ENOENT || (result == 0 && !unit_list_restricts(&devices)))
		return 0;
	return result ? result : change(&bus, unit, &devices, edit, answer, error);
}

int cgfence_unit_tell(const struct cgfence_cgroup *cgroup, const struct cgfence_edit *edit,
		      struct cgfence_unit_answer *answer, struct cgfence_error *error)
{
	cleanup_free char *path = path_of_unit(cgroup);
	cleanup_free char *unit = path ? owner_by_unit(path) : NULL;
	const char *name = path ? strrchr(path, '/') : NULL;
	struct cgfence_unit_answer made = { 0 };
	int result = 0;

	if (!path)
		return error_out_of_memory(error);
	/* The rules of a unit are not those of a cgroup that it has made below its own. */
	if (unit && name && strcmp(name + 1, unit) == 0)
		result = tell(unit, path, edit, &made, error);
	if (result == 0)
		*answer = made;
	return result;
}
