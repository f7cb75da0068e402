// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/error.h"
#include "base/yield.h"
#include "policy/device_resolve.h"
#include "policy/policy.h"
#include "policy/read_flags.h"
#include "policy/read_devices.h"

#include <string.h>

/* All three forms of an entry are either text, or a path with access bits. */
struct entry_reading {
	const char *path;
	uint8_t access;
	bool optional;
};

static int read_path(struct reader *reader, const json_t *value, void *target)
{
	if (!json_is_string(value) || json_string_value(value)[0] != '/')
		return reader_refuse(
			reader, value,
			"this must be the absolute path of a device, such as \"/dev/fuse\"");
	*(const char **)target = json_string_value(value);
	return 0;
}

static int read_access_bit(struct reader *reader, const json_t *value, void *target, uint8_t bit)
{
	uint8_t *access = target;
	bool granted = false;
	int result = reader_read_bool(reader, value, &granted);

	*access |= granted ? bit : 0;
	return result;
}

static int read_mesos_read(struct reader *reader, const json_t *value, void *target)
{
	return read_access_bit(reader, value, target, BPF_DEVCG_ACC_READ);
}

static int read_mesos_write(struct reader *reader, const json_t *value, void *target)
{
	return read_access_bit(reader, value, target, BPF_DEVCG_ACC_WRITE);
}

static int read_mesos_mknod(struct reader *reader, const json_t *value, void *target)
{
	return read_access_bit(reader, value, target, BPF_DEVCG_ACC_MKNOD);
}

static const struct reader_key mesos_device_keys[] = {
	{ "path", read_path, offsetof(struct entry_reading, path) },
	{ 0 },
};

static const struct reader_key mesos_access_keys[] = {
	{ "read", read_mesos_read, 0 },
	{ "write", read_mesos_write, 0 },
	{ "mknod", read_mesos_mknod, 0 },
	{ 0 },
};

static int read_mesos_device(struct reader *reader, const json_t *value, void *target)
{
	return reader_read_object(reader, value, mesos_device_keys, target);
}

static int read_access(struct reader *reader, const json_t *value, void *target)
{
	struct cgfence_error error = { 0 };
	int result;

	if (json_is_object(value))
		return reader_read_object(reader, value, mesos_access_keys, target);
	if (!json_is_string(value))
		return reader_refuse(reader, value,
				     "this must be a string of one or more of r, w and m");
	result = device_access_parse(json_string_value(value), target, &error);
	return result ? reader_refuse(reader, value, "%s", error.text) : 0;
}

static const struct reader_key path_entry_keys[] = {
	{ "path", read_path, offsetof(struct entry_reading, path) },
	{ "access", read_access, offsetof(struct entry_reading, access) },
	{ "optional", reader_read_bool, offsetof(struct entry_reading, optional) },
	{ 0 },
};

static const struct reader_key mesos_entry_keys[] = {
	{ "device", read_mesos_device, 0 },
	{ "access", read_access, offsetof(struct entry_reading, access) },
	{ 0 },
};

static int read_entry_object(struct reader *reader, const json_t *value, unsigned int flags,
			     struct device_lookups *lookups, struct device_entries *entries)
{
	bool mesos = json_object_get(value, "device");
	struct entry_reading reading = { 0 };
	struct cgfence_error error = { 0 };
	int result;

	result = reader_read_object(reader, value, mesos ? mesos_entry_keys : path_entry_keys,
				    &reading);
	if (result)
		return result;
	if (!reading.path)
		return reader_refuse(
			reader, value,
			"the path is missing; write {\"path\": \"/dev/fuse\", \"access\": \"rw\"}");
	if (!reading.access)
		return reader_refuse(
			reader, value,
			"the access is missing or empty; grant one or more of r, w and m");
	if (reading.optional && !(flags & DEVICE_MAY_BE_OPTIONAL))
		return reader_refuse(
			reader, value,
			"what is denied cannot be optional, since leaving it out would open it; leave out \"optional\"");
	result = device_resolve_path(reading.path, reading.access, reading.optional, flags, entries,
				     &error);
	if (result)
		return reader_refuse(reader, value, "%s", error.text);
	return device_lookups_add_path(lookups, reading.path, reading.access, reading.optional,
				       flags, entries)
		       ? reader_out_of_memory(reader)
		       : 0;
}

static int read_entry(struct reader *reader, const json_t *value, unsigned int flags,
		      struct device_lookups *lookups, struct device_entries *entries)
{
	struct cgfence_error error = { 0 };

	if (json_is_object(value))
		return read_entry_object(reader, value, flags, lookups, entries);
	if (!json_is_string(value))
		return reader_refuse(
			reader, value,
			"an entry is a string such as \"c 10:229 rw\" or \"/dev/fuse rw\", or an object with a path");
	if (device_resolve_among(json_string_value(value), flags, lookups->drivers, entries,
				 &error))
		return reader_refuse(reader, value, "%s", error.text);
	return device_lookups_add(lookups, json_string_value(value), flags, entries)
		       ? reader_out_of_memory(reader)
		       : 0;
}

static int add_entry(struct reader *reader, const json_t *value, struct cgfence_policy *policy,
		     bool deny)
{
	cleanup_device_entries struct device_entries entries = { 0 };
	unsigned int flags = (deny ? 0 : DEVICE_MAY_BE_OPTIONAL) |
			     (reader->flags & POLICY_READ_OFFLINE ? DEVICE_OFFLINE : 0) |
			     (reader->flags & POLICY_READ_AGAIN ? DEVICE_AGAIN : 0) |
			     (reader->flags & POLICY_READ_PAST ? DEVICE_OFFLINE | DEVICE_PAST : 0);
	int result;

	yield_now();
	result = read_entry(reader, value, flags, &policy->lookups, &entries);
	for (size_t i = 0; i < entries.count && result == 0; i++) {
		if (device_rules_add(&policy->devices, &entries.items[i], deny))
			result = reader_out_of_memory(reader);
	}
	return result;
}

static int add_allow_entry(struct reader *reader, const json_t *value, void *target)
{
	return add_entry(reader, value, target, false);
}

static int add_deny_entry(struct reader *reader, const json_t *value, void *target)
{
	return add_entry(reader, value, target, true);
}

static int read_allow(struct reader *reader, const json_t *value, void *target)
{
	if (!json_is_array(value))
		return reader_refuse(reader, value,
				     "this must be a list of device entries, in brackets");
	return reader_read_list(reader, value, add_allow_entry, target);
}

static int read_deny(struct reader *reader, const json_t *value, void *target)
{
	if (!json_is_array(value))
		return reader_refuse(reader, value,
				     "this must be a list of device entries, in brackets");
	return reader_read_list(reader, value, add_deny_entry, target);
}

static int read_base(struct reader *reader, const json_t *value, void *target)
{
	enum device_base *base = target;

	if (json_is_boolean(value)) {
		*base = json_is_true(value) ? DEVICE_BASE_MESOS : DEVICE_BASE_NONE;
		return 0;
	}
	for (int i = DEVICE_BASE_MESOS; json_is_string(value) && i < DEVICE_BASE_COUNT; i++) {
		*base = (enum device_base)i;
		if (strcmp(json_string_value(value), device_base_words[i]) == 0)
			return 0;
	}
	return reader_refuse(
		reader, value,
		"this must be true or false, or \"mesos\", \"systemd\", \"oci\" or \"container\"");
}

static const struct reader_key devices_keys[] = {
	{ "defaults", read_base, offsetof(struct cgfence_policy, devices_base) },
	{ "allow", read_allow, 0 },
	{ "deny", read_deny, 0 },
	{ 0 },
};

static int claim_devices(struct reader *reader, const json_t *value, struct cgfence_policy *policy)
{
	if (policy->devices_fenced)
		return reader_refuse(
			reader, value,
			"\"devices\" and \"allowed_devices\" cannot both be given; put the entries into \"devices\"");
	policy->devices_fenced = true;
	return 0;
}

int policy_read_devices(struct reader *reader, const json_t *value, void *target)
{
	int result = claim_devices(reader, value, target);

	return result ? result : reader_read_object(reader, value, devices_keys, target);
}

int policy_read_allowed_devices(struct reader *reader, const json_t *value, void *target)
{
	struct cgfence_policy *policy = target;
	int result = claim_devices(reader, value, policy);

	policy->devices_base = DEVICE_BASE_MESOS;
	return result ? result : read_allow(reader, value, target);
}
