// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "task_layout.h"
#include "error.h"

#include <bpf/btf.h>
#include <errno.h>
#include <string.h>

static bool find_member(const struct btf *btf, const struct btf_type *type, const char *name,
			uint32_t *offset)
{
	const struct btf_member *members = btf_members(type);

	for (uint32_t i = 0; i < btf_vlen(type); i++) {
		if (strcmp(btf__name_by_offset(btf, members[i].name_off), name) == 0) {
			*offset = btf_member_bit_offset(type, i) / 8;
			return true;
		}
	}
	return false;
}

int task_layout_read(struct cgfence_task_layout *layout, struct cgfence_error *error)
{
	struct btf *btf = btf__load_vmlinux_btf();
	struct cgfence_task_layout found = { .by_offset = 1 };
	int id = btf ? btf__find_by_name_kind(btf, "task_struct", BTF_KIND_STRUCT) : -1;
	bool complete =
		id > 0 &&
		find_member(btf, btf__type_by_id(btf, (uint32_t)id), "tgid", &found.tgid_offset) &&
		find_member(btf, btf__type_by_id(btf, (uint32_t)id), "comm", &found.comm_offset);

	btf__free(btf);
	if (!complete)
		return error_set(
			error, ENOTSUP,
			"this kernel tells its programs nothing of the current task: it needs Linux 6.1, or CONFIG_DEBUG_INFO_BTF");
	*layout = found;
	return 0;
}
