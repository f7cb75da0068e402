// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Units of systemd (systemd.resource-control(5), systemd.exec(5), src/core/cgroup.c, src/core/bpf-devices.c). */
#include "base/cleanup.h"
#include "base/error.h"
#include "import/dialects.h"
#include "import/draft.h"
#include "import/ordered.h"
#include "import/socket_bind.h"
#include "import/unit_file.h"
#include "import/unit_images.h"
#include "import/unit_type.h"
#include "import/words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum device_policy {
	POLICY_AUTO,
	POLICY_CLOSED,
	POLICY_STRICT,
};

struct unit {
	struct importing *import;
	const struct unit_type *type; /* NULL if it is not known */
	enum device_policy policy;
	struct words devices;
	size_t device_lines; /* that count, also those that stand for nothing */
	bool private_devices;
	bool protect_clock;
	struct unit_images images;
	bool credentials;
	struct socket_bind_list *allow;
	struct socket_bind_list *deny;
};

static int ignore(const struct unit *unit, const struct unit_line *line, const char *why)
{
	importing_remark(unit->import, "%s: %s=%s %s; it is left out", line->place, line->key,
			 line->value, why);
	return 0;
}

/* ---- DeviceAllow= ---- */

/* Doubled percent signs are undone. Return: false if there is a specifier, which stands for something else. */
static bool undo_percent(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text == '%' && *++text != '%')
			return false;
		*to++ = *text;
	}
	*to = '\0';
	return true;
}

/* "8", as safe_atou() reads decimal numbers. */
static bool is_major(const char *name)
{
	return strspn(name, "0123456789") == strlen(name) && *name && *name != '0' &&
	       strlen(name) <= 4;
}

static int add_group(struct unit *unit, const struct unit_line *line, char type, const char *name,
		     uint8_t access)
{
	const struct importing *import = unit->import;
	cleanup_free char *selector = NULL;
	bool all = strcmp(name, "*") == 0;
	struct import_majors majors;
	bool known = all || is_major(name) || import->host->find_majors(type, name, &majors);
	int result;

	if (!known)
		importing_remark(
			import,
			"%s: no driver of %s devices has the name '%s' on this host; the entry is optional, and allows them once there is one, which systemd does only when the unit starts",
			line->place, type == 'b' ? "block" : "character", name);
	result = asprintf(&selector, "%c %s:*", type, name);
	if (result < 0) {
		selector = NULL;
		return error_out_of_memory(import->error);
	}
	return words_add(import, &unit->devices, selector, !known, access, line->place);
}

/* "8:0", decimal; systemd takes other bases too. */
static bool are_numbers(const char *text)
{
	size_t major = strspn(text, "0123456789");
	size_t minor = text[major] == ':' ? strspn(text + major + 1, "0123456789") : 0;

	return major && minor && !text[major + 1 + minor] && (*text != '0' || major == 1) &&
	       (text[major + 1] != '0' || minor == 1);
}

/* systemd takes the numbers of /dev/block/8:0 and /dev/char/10:229 from the name. */
static int add_path(struct unit *unit, const struct unit_line *line, const char *path,
		    uint8_t access)
{
	static const char *const folders[] = { "/dev/block/", "/dev/char/" };
	char text[64];

	for (size_t i = 0; i < 2; i++) {
		size_t length = strlen(folders[i]);

		if (strncmp(path, folders[i], length) != 0)
			continue;
		if (!are_numbers(path + length))
			return ignore(unit, line, "has no numbers such as 8:0");
		snprintf(text, sizeof(text), "%c %s", "bc"[i], path + length);
		return words_add(unit->import, &unit->devices, text, false, access, line->place);
	}
	return words_add_path(unit->import, &unit->devices, path, access, line->place);
}

static int add_device(struct unit *unit, const struct unit_line *line, const char *device,
		      uint8_t access)
{
	if (strncmp(device, "block-", 6) == 0)
		return add_group(unit, line, 'b', device + 6, access);
	if (strncmp(device, "char-", 5) == 0)
		return add_group(unit, line, 'c', device + 5, access);
	return add_path(unit, line, device, access);
}

static bool is_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return strncmp(path, directory, length) == 0 && (!path[length] || path[length] == '/');
}

/* @text: simplified; systemd sees that a directory is no device only when it looks (valid_device_node_path()). */
static bool is_device(const char *text)
{
	return strncmp(text, "block-", 6) == 0 || strncmp(text, "char-", 5) == 0 ||
	       ((is_below(text, "/dev") || is_below(text, "/run/systemd/inaccessible")) &&
		!unit_file_goes_up(text));
}

static int read_device_allow(struct unit *unit, struct unit_line *line)
{
	cleanup_free char *copy = strdup(line->value);
	uint8_t access = BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD;
	char *rest = copy;
	char *device;

	if (!copy)
		return error_out_of_memory(unit->import->error);
	if (!*copy) {
		words_free(&unit->devices);
		unit->device_lines = 0;
		return 0;
	}
	device = unit_file_word(&rest);
	if (!device)
		return ignore(unit, line, "has a quote that is not closed");
	rest += strspn(rest, " \t");
	if (*rest && ordered_parse_access(rest, &access))
		return ignore(unit, line, "has other letters than r, w and m");
	if (!undo_percent(device)) {
		/* Whatever it stands for closes what DevicePolicy=auto leaves open. */
		unit->device_lines++;
		return ignore(unit, line, "has a specifier, which is not known here");
	}
	unit_file_simplify_path(device);
	if (!is_device(device))
		return ignore(unit, line, "is no device of systemd's");
	unit->device_lines++;
	return add_device(unit, line, device, access);
}

/* ---- the other settings ---- */

static int read_device_policy(struct unit *unit, struct unit_line *line)
{
	static const char *const words[] = { "auto", "closed", "strict" };

	for (int i = 0; i < 3; i++) {
		if (strcmp(line->value, words[i]) == 0) {
			unit->policy = (enum device_policy)i;
			return 0;
		}
	}
	return ignore(unit, line, "is none of auto, closed and strict");
}

/* parse_boolean() of systemd */
static int read_bool(struct unit *unit, struct unit_line *line, bool *value)
{
	static const char *const words[] = { "1", "yes", "y", "true",  "t", "on",
					     "0", "no",	 "n", "false", "f", "off" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(line->value, words[i]) == 0) {
			*value = i < 6;
			return 0;
		}
	}
	return ignore(unit, line, "is neither yes nor no");
}

static int read_private_devices(struct unit *unit, struct unit_line *line)
{
	return read_bool(unit, line, &unit->private_devices);
}

static int read_protect_clock(struct unit *unit, struct unit_line *line)
{
	return read_bool(unit, line, &unit->protect_clock);
}

static int read_root_image(struct unit *unit, struct unit_line *line)
{
	return unit_images_read_root(&unit->images, line->value)
		       ? 0
		       : ignore(unit, line, "is no absolute path");
}

static int read_mount_images(struct unit *unit, struct unit_line *line)
{
	cleanup_free char *copy = strdup(line->value);

	if (!copy)
		return error_out_of_memory(unit->import->error);
	return unit_images_read_mounts(&unit->images, copy)
		       ? 0
		       : ignore(unit, line, "is no image and directory, as '/x.raw:/x' is");
}

static int read_credentials(struct unit *unit, struct unit_line *line)
{
	unit->credentials |= *line->value != '\0';
	return 0;
}

static int read_socket_bind(struct unit *unit, struct unit_line *line,
			    struct socket_bind_list *list)
{
	static const char right[] = "is no rule such as 'ipv4:tcp:8080' or 'any'";
	cleanup_free char *copy = strdup(line->value);

	if (!copy)
		return error_out_of_memory(unit->import->error);
	if (!*copy) {
		*list = (struct socket_bind_list){ .allows = list->allows };
		return 0;
	}
	if (socket_bind_parse(copy, list) == 0)
		return 0;
	/* Left out, it would open what it was written to close. */
	if (!list->allows)
		return error_set_invalid(unit->import->error, "%s: %s=%s %s", line->place,
					 line->key, line->value, right);
	return ignore(unit, line, right);
}

static int read_bind_allow(struct unit *unit, struct unit_line *line)
{
	return read_socket_bind(unit, line, unit->allow);
}

static int read_bind_deny(struct unit *unit, struct unit_line *line)
{
	return read_socket_bind(unit, line, unit->deny);
}

/* "device:/sys/fs/bpf/filter": a program that is pinned there judges as well. */
static int read_program(struct unit *unit, struct unit_line *line)
{
	static const char *const types[] = { "device",	   "bind4",	 "bind6",
					     "post_bind4", "post_bind6", "sock_create" };
	size_t length = strcspn(line->value, ":");

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (length == strlen(types[i]) && strncmp(line->value, types[i], length) == 0)
			return ignore(unit, line, "is a program, whose rules are not known here");
	}
	return 0;
}

static const struct {
	const char *key;
	int (*read)(struct unit *unit, struct unit_line *line);
	bool executes; /* known to units that start programs alone (systemd.exec(5)) */
} settings[] = {
	{ "DeviceAllow", read_device_allow, false },
	{ "DevicePolicy", read_device_policy, false },
	{ "PrivateDevices", read_private_devices, true },
	{ "ProtectClock", read_protect_clock, true },
	{ "RootImage", read_root_image, true },
	{ "MountImages", read_mount_images, true },
	{ "LoadCredentialEncrypted", read_credentials, true },
	{ "SetCredentialEncrypted", read_credentials, true },
	{ "SocketBindAllow", read_bind_allow, false },
	{ "SocketBindDeny", read_bind_deny, false },
	{ "BPFProgram", read_program, false },
};

static int read_line(struct unit_line *line, void *context)
{
	const struct unit *unit = context;
	const struct unit_type *type = unit_type_of_section(line->section);

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (strcmp(settings[i].key, line->key) != 0)
			continue;
		if (!type)
			return ignore(unit, line,
				      *line->section ? "is in a section that has no such setting"
						     : "is outside of a section");
		if (unit->type && unit->type != type)
			return ignore(unit, line, "is in a section of another type of unit");
		return settings[i].executes && !type->executes
			       ? ignore(unit, line, "is not known to slices and scopes")
			       : settings[i].read(context, line);
	}
	return 0;
}

/* ---- what comes of them ---- */

/* Without these systemd could not mount the images as it starts the unit (unit_patch_contexts() of src/core/unit.c). */
static int add_image_devices(struct unit *unit)
{
	static const char *const paths[] = { "/dev/loop-control", "/dev/mapper/control" };
	static const char *const groups[] = { "loop", "blkext", "device-mapper" };
	const uint8_t both = BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE;
	const char *name = unit->import->sources[0].name;
	const struct unit_line line = { .place = name };
	int result = 0;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]) && result == 0; i++)
		result = words_add_path(unit->import, &unit->devices, paths[i], both, name);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]) && result == 0; i++)
		result = add_group(unit, &line, 'b', groups[i], both | BPF_DEVCG_ACC_MKNOD);
	return result;
}

static int finish_devices(struct unit *unit)
{
	struct importing *import = unit->import;
	const char *name = import->sources[0].name;
	int result = 0;

	if (unit->private_devices && unit->policy == POLICY_AUTO) {
		unit->policy = POLICY_CLOSED;
		importing_remark(
			import,
			"%s: PrivateDevices= also takes CAP_MKNOD and CAP_SYS_RAWIO away, which a fence does not",
			name);
	}
	if ((unit->images.root || unit->images.mounted) &&
	    (unit->policy != POLICY_AUTO || unit->device_lines))
		result = add_image_devices(unit);
	if (unit->credentials && (unit->policy != POLICY_AUTO || unit->device_lines))
		importing_remark(
			import,
			"%s: the TPM, which systemd allows for encrypted credentials, is left out",
			name);
	if (unit->protect_clock && result == 0) {
		const struct unit_line line = { .place = name };

		unit->device_lines++;
		result = add_group(unit, &line, 'c', "rtc", BPF_DEVCG_ACC_READ);
	}
	if (result || (unit->policy == POLICY_AUTO && !unit->device_lines))
		return result;
	result = unit->policy == POLICY_STRICT ? draft_devices(import)
					       : draft_set_base(import, "systemd");
	return result ? result : words_finish(import, &unit->devices);
}

int import_read_systemd(struct importing *import)
{
	cleanup_free struct socket_bind_list *lists = calloc(2, sizeof(*lists));
	struct unit unit = { .import = import, .type = unit_type_of_sources(import) };
	int result;

	if (!lists)
		return error_out_of_memory(import->error);
	lists[0].allows = true;
	unit.allow = &lists[0];
	unit.deny = &lists[1];
	result = unit_file_read(import, read_line, &unit);
	if (result == 0)
		result = finish_devices(&unit);
	words_free(&unit.devices);
	return result ? result : socket_bind_finish(import, unit.allow, unit.deny);
}
