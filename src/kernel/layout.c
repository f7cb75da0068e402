// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/layout.h"
#include "base/error.h"

#include <bpf/btf.h>
#include <errno.h>
#include <string.h>

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

static bool find_fields(const struct btf *btf, const struct field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int id = btf__find_by_name_kind(btf, fields[i].structure, BTF_KIND_STRUCT);

		if (id <= 0 || !find_member(btf, btf__type_by_id(btf, (uint32_t)id),
					    fields[i].member, fields[i].bit_offset))
			return false;
	}
	return true;
}

int kernel_layout_read(struct cgfence_task_layout *task, struct cgfence_socket_layout *socket,
		       struct cgfence_error *error)
{
	uint32_t tgid, comm, net, ns, inum, v6only;
	const struct field fields[] = {
		{ "task_struct", "tgid", &tgid },
		{ "task_struct", "comm", &comm },
		{ "sock_common", "skc_net", &net }, /* struct sock begins with sock_common */
		{ "sock_common", "skc_ipv6only", &v6only },
		{ "net", "ns", &ns },
		{ "ns_common", "inum", &inum },
	};
	struct btf *btf = btf__load_vmlinux_btf();
	bool complete = btf && find_fields(btf, fields, sizeof(fields) / sizeof(fields[0]));

	btf__free(btf);
	if (!complete)
		return error_set(
			error, ENOTSUP,
			"this kernel does not tell where its structures have what this policy needs; it needs CONFIG_DEBUG_INFO_BTF");
	task->tgid_offset = tgid / 8;
	task->comm_offset = comm / 8;
	socket->net_offset = net / 8;
	socket->inum_offset = (ns + inum) / 8;
	socket->v6only_bit = v6only;
	socket->has_v6only_bit = 1;
	return 0;
}
