// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/layout.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/pins.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define CACHE_PATH PINS_KERNEL "/layout"

/* What is kept; a bpffs does not outlive the kernel that it describes. */
struct layout {
	uint32_t abi_version;
	uint32_t complete; /* 0: the kernel does not tell */
	uint32_t tgid;	   /* these in bits, as BTF has them */
	uint32_t comm;
	uint32_t net;
	uint32_t v6only;
	uint32_t ns;
	uint32_t inum;
	uint32_t port_range; /* 0: it has no such field */
	uint32_t unused;
};

struct field {
	const char *structure;
	const char *member;
	uint32_t *bit_offset;
};

static bool find_member(const struct btf *btf, const struct btf_type *type, const char *name,
			uint32_t *offset)
{
	const struct btf_member *members = btf_members(type);

	for (uint32_t i = 0; i < btf_vlen(type); i++) {
		if (strcmp(btf__name_by_offset(btf, members[i].name_off), name) == 0) {
			*offset = btf_member_bit_offset(type, i);
			return true;
		}
	}
	return false;
}

static bool find_field(const struct btf *btf, const struct field *field)
{
	int id = btf__find_by_name_kind(btf, field->structure, BTF_KIND_STRUCT);

	return id > 0 && find_member(btf, btf__type_by_id(btf, (uint32_t)id), field->member,
				     field->bit_offset);
}

static void read_btf(struct layout *layout)
{
	const struct field fields[] = {
		{ "task_struct", "tgid", &layout->tgid },
		{ "task_struct", "comm", &layout->comm },
		{ "sock_common", "skc_net",
		  &layout->net }, /* sock_common is what struct sock begins with */
		{ "sock_common", "skc_ipv6only", &layout->v6only },
		{ "net", "ns", &layout->ns },
		{ "ns_common", "inum", &layout->inum },
	};
	/* struct inet_sock begins with struct sock. */
	const struct field port_range = { "inet_sock", "local_port_range", &layout->port_range };
	struct btf *btf = btf__load_vmlinux_btf();

	layout->complete = btf != NULL;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]) && layout->complete; i++)
		layout->complete = find_field(btf, &fields[i]);
	if (layout->complete && !find_field(btf, &port_range))
		layout->port_range = 0;
	btf__free(btf);
}

static bool recall(struct layout *layout)
{
	cleanup_close int map = bpf_obj_get(CACHE_PATH);
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	uint32_t zero = 0;

	return map >= 0 && bpf_obj_get_info_by_fd(map, &info, &size) == 0 &&
	       info.value_size == sizeof(*layout) && bpf_map_lookup_elem(map, &zero, layout) == 0 &&
	       layout->abi_version == CGFENCE_ABI_VERSION;
}

/* If that fails, it is read again the next time. */
static void remember(const struct layout *layout)
{
	cleanup_close int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "cgfence_layout",
					       sizeof(uint32_t), sizeof(*layout), 1, NULL);
	uint32_t zero = 0;

	if (map < 0 || bpf_map_update_elem(map, &zero, layout, BPF_ANY) < 0)
		return;
	mkdir(PINS_KERNEL, 0700);
	unlink(CACHE_PATH);
	bpf_obj_pin(map, CACHE_PATH);
}

int kernel_layout_read(struct cgfence_task_layout *task, struct cgfence_socket_layout *socket,
		       struct cgfence_error *error)
{
	struct layout layout = { .abi_version = CGFENCE_ABI_VERSION };

	if (!recall(&layout)) {
		layout = (struct layout){ .abi_version = CGFENCE_ABI_VERSION };
		read_btf(&layout);
		remember(&layout);
	}
	if (!layout.complete)
		return error_set(
			error, ENOTSUP,
			"this kernel does not tell where its structures have what this policy needs; it needs CONFIG_DEBUG_INFO_BTF");
	task->tgid_offset = layout.tgid / 8;
	task->comm_offset = layout.comm / 8;
	socket->net_offset = layout.net / 8;
	socket->inum_offset = (layout.ns + layout.inum) / 8;
	socket->v6only_bit = layout.v6only;
	socket->has_v6only_bit = 1;
	socket->port_range_offset = layout.port_range / 8;
	return 0;
}
