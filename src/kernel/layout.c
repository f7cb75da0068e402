// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/layout.h"
#include "base/cleanup.h"
#include "kernel/pins.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <cgfence/abi.h>
#include <string.h>
#include <sys/stat.h>

#define CACHE_PATH PINS_KERNEL "/layout"

struct field {
	const char *structure;
	const char *member;
	enum kernel_layout_part part;
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

/* A part is known if all its fields are. */
static void read_btf(struct kernel_layout *layout)
{
	uint32_t ns = 0;
	const struct field fields[] = {
		{ "task_struct", "tgid", KERNEL_LAYOUT_TASK, &layout->tgid },
		{ "task_struct", "comm", KERNEL_LAYOUT_TASK, &layout->comm },
		/* sock_common is what struct sock begins with, and struct sock what struct inet_sock does. */
		{ "sock_common", "skc_net", KERNEL_LAYOUT_NETNS, &layout->net },
		{ "net", "ns", KERNEL_LAYOUT_NETNS, &ns },
		{ "ns_common", "inum", KERNEL_LAYOUT_NETNS, &layout->inum },
		{ "sock_common", "skc_ipv6only", KERNEL_LAYOUT_V6ONLY, &layout->v6only },
		{ "inet_sock", "local_port_range", KERNEL_LAYOUT_PORT_RANGE, &layout->port_range },
	};
	struct btf *btf = btf__load_vmlinux_btf();
	uint32_t unknown = btf ? 0 : ~0U;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]) && btf; i++) {
		layout->known |= fields[i].part;
		if (!find_field(btf, &fields[i]))
			unknown |= fields[i].part;
	}
	btf__free(btf);
	layout->known &= ~unknown;
	layout->tgid /= 8;
	layout->comm /= 8;
	layout->net /= 8;
	layout->inum = (ns + layout->inum) / 8;
	layout->port_range /= 8;
}

static bool recall(struct kernel_layout *layout)
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
static void remember(const struct kernel_layout *layout)
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

void kernel_layout_read(struct kernel_layout *layout)
{
	if (recall(layout))
		return;
	*layout = (struct kernel_layout){ .abi_version = CGFENCE_ABI_VERSION };
	read_btf(layout);
	remember(layout);
}
