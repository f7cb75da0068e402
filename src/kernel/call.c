// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/call.h"
#include "base/cleanup.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <linux/btf.h>
#include <string.h>
#include <sys/syscall.h>

/* The types of such a map: the kernel wants keys of int, and does not look into the values (map_check_btf). */
enum { KEY_TYPE = 1, VALUE_TYPE };

/* As in bpf/. */
#define LICENSE "Dual BSD/GPL"

#define NAMES "\0int\0value"

static const struct {
	struct btf_header header;
	struct {
		struct btf_type type;
		uint32_t encoding;
	} types[2];
	char names[sizeof(NAMES)];
} storage_types = {
	.header = {
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = sizeof(struct btf_header),
		.type_len = sizeof(storage_types.types),
		.str_off = sizeof(storage_types.types),
		.str_len = sizeof(NAMES),
	},
	.types = {
		{ { .name_off = 1, .info = BTF_KIND_INT << 24, .size = 4 }, BTF_INT_SIGNED << 24 | 32 },
		{ { .name_off = 5, .info = BTF_KIND_INT << 24, .size = 8 }, 64 },
	},
	.names = NAMES,
};

static int call(enum bpf_cmd command, union bpf_attr *attributes)
{
	return (int)syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

static void put_name(char place[BPF_OBJ_NAME_LEN], const char *name)
{
	memcpy(place, name, strnlen(name, BPF_OBJ_NAME_LEN - 1));
}

int call_load_program(union bpf_attr *attributes, const char *name)
{
	attributes->license = (uintptr_t)LICENSE;
	put_name(attributes->prog_name, name);
	return call(BPF_PROG_LOAD, attributes);
}

int call_create_map(enum bpf_map_type type, const char *name, uint32_t value_size,
		    uint32_t max_entries, uint32_t flags)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = flags);
	union bpf_attr attributes = {
		.map_type = type,
		.key_size = sizeof(uint32_t),
		.value_size = value_size,
		.max_entries = max_entries,
		.map_flags = flags,
	};
	int map;

	put_name(attributes.map_name, name);
	map = call(BPF_MAP_CREATE, &attributes);
	return map >= 0 ? map
			: bpf_map_create(type, name, sizeof(uint32_t), value_size, max_entries,
					 &options);
}

int call_create_socket_storage(const char *name)
{
	union bpf_attr types = {
		.btf = (uintptr_t)&storage_types,
		.btf_size = offsetof(typeof(storage_types), names) + sizeof(NAMES),
	};
	cleanup_close int fd = call(BPF_BTF_LOAD, &types);
	union bpf_attr attributes = {
		.map_type = BPF_MAP_TYPE_SK_STORAGE,
		.key_size = sizeof(int),
		.value_size = 8,
		.map_flags = BPF_F_NO_PREALLOC,
		.btf_fd = (uint32_t)fd,
		.btf_key_type_id = KEY_TYPE,
		.btf_value_type_id = VALUE_TYPE,
	};

	put_name(attributes.map_name, name);
	return fd < 0 ? -1 : call(BPF_MAP_CREATE, &attributes);
}

int call_load_types(const struct btf *types)
{
	uint32_t size;
	const void *bytes = btf__raw_data(types, &size);
	union bpf_attr attributes = { .btf = (uintptr_t)bytes, .btf_size = size };

	return bytes ? call(BPF_BTF_LOAD, &attributes) : -1;
}

int call_create_described(const struct bpf_map *map, int types)
{
	union bpf_attr attributes = {
		.map_type = bpf_map__type(map),
		.key_size = bpf_map__key_size(map),
		.value_size = bpf_map__value_size(map),
		.max_entries = bpf_map__max_entries(map),
		.map_flags = bpf_map__map_flags(map),
		.btf_fd = (uint32_t)types,
		.btf_key_type_id = bpf_map__btf_key_type_id(map),
		.btf_value_type_id = bpf_map__btf_value_type_id(map),
	};

	put_name(attributes.map_name, bpf_map__name(map));
	return call(BPF_MAP_CREATE, &attributes);
}
