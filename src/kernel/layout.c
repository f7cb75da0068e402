// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/layout.h"

#include <bpf/btf.h>
#include <string.h>

struct field {
	const char *structure;
	const char *member;
	enum kernel_layout_part part;
	uint32_t *bit_offset;
};

/* As deep as anonymous members go. */
#define ANONYMOUS_MAX 3

static bool find_direct(const struct btf *btf, const struct btf_type *type, const char *name,
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

/* The next member at or after *@index that is a structure or a union without a name; NULL if there is none. */
static const struct btf_type *next_anonymous(const struct btf *btf, const struct btf_type *type,
					     uint32_t *index, uint32_t *offset)
{
	const struct btf_member *members = btf_members(type);

	for (; *index < btf_vlen(type); (*index)++) {
		const struct btf_type *inner = btf__type_by_id(btf, members[*index].type);

		if (!*btf__name_by_offset(btf, members[*index].name_off) &&
		    btf_is_composite(inner)) {
			*offset = btf_member_bit_offset(type, *index);
			(*index)++;
			return inner;
		}
	}
	return NULL;
}

/* Newer kernels have some in an anonymous union. */
static bool find_member(const struct btf *btf, const struct btf_type *type, const char *name,
			uint32_t *offset)
{
	struct level {
		const struct btf_type *type;
		uint32_t index;
		uint32_t offset;
	} levels[ANONYMOUS_MAX + 1] = { { .type = type } };
	int depth = 0;

	if (find_direct(btf, type, name, offset))
		return true;
	while (depth >= 0) {
		struct level *level = &levels[depth];
		uint32_t place = 0;
		const struct btf_type *inner =
			next_anonymous(btf, level->type, &level->index, &place);

		if (!inner || depth == ANONYMOUS_MAX) {
			depth--;
			continue;
		}
		place += level->offset;
		if (find_direct(btf, inner, name, offset)) {
			*offset += place;
			return true;
		}
		levels[++depth] = (struct level){ .type = inner, .offset = place };
	}
	return false;
}

static bool find_field(const struct btf *btf, const struct field *field)
{
	int id = btf__find_by_name_kind(btf, field->structure, BTF_KIND_STRUCT);

	return id > 0 && find_member(btf, btf__type_by_id(btf, (uint32_t)id), field->member,
				     field->bit_offset);
}

/* Before 6.1 a cgroup has the ids of its ancestors, and then pointers to them. */
static void read_ancestors(const struct btf *btf, struct kernel_layout *layout)
{
	const struct field ids = { "cgroup", "ancestor_ids", KERNEL_LAYOUT_CGROUPS,
				   &layout->ancestors };
	const struct field pointers = { "cgroup", "ancestors", KERNEL_LAYOUT_CGROUPS,
					&layout->ancestors };

	layout->ancestors_are_ids = find_field(btf, &ids);
	if (!layout->ancestors_are_ids && !find_field(btf, &pointers))
		layout->known &= ~(uint32_t)KERNEL_LAYOUT_CGROUPS;
	layout->task_set /= 8;
	layout->set_cgroup /= 8;
	layout->socket_cgroup /= 8;
	layout->level /= 8;
	layout->ancestors /= 8;
	layout->node /= 8;
	layout->node_id /= 8;
}

/* A part is known if all its fields are. */
void kernel_layout_find(const struct btf *btf, struct kernel_layout *layout)
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
		{ "task_struct", "cgroups", KERNEL_LAYOUT_CGROUPS, &layout->task_set },
		{ "css_set", "dfl_cgrp", KERNEL_LAYOUT_CGROUPS, &layout->set_cgroup },
		/* The cgroup is the first in struct sock_cgroup_data, alone or with other bits. */
		{ "sock", "sk_cgrp_data", KERNEL_LAYOUT_CGROUPS, &layout->socket_cgroup },
		{ "cgroup", "level", KERNEL_LAYOUT_CGROUPS, &layout->level },
		{ "cgroup", "kn", KERNEL_LAYOUT_CGROUPS, &layout->node },
		{ "kernfs_node", "id", KERNEL_LAYOUT_CGROUPS, &layout->node_id },
	};
	uint32_t unknown = btf ? 0 : ~0U;

	*layout = (struct kernel_layout){ 0 };
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]) && btf; i++) {
		layout->known |= fields[i].part;
		if (!find_field(btf, &fields[i]))
			unknown |= fields[i].part;
	}
	layout->known &= ~unknown;
	if (btf)
		read_ancestors(btf, layout);
	layout->tgid /= 8;
	layout->comm /= 8;
	layout->net /= 8;
	layout->inum = (ns + layout->inum) / 8;
	layout->port_range /= 8;
	/* BTF counts the bits of a byte in the order of declaration, which begins with the high one in big endian. */
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		layout->v6only ^= 7;
}
