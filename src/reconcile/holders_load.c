// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/holders_load.h"
#include "base/cleanup.h"
#include "base/digest.h"
#include "kernel/kernel_btf.h"
#include "kernel/quiet.h"
#include "kernel/sections.h"
#include "holders.skel.h"

#include <cgfence/abi.h>
#include <cgfence/cgfence.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

uint64_t holders_load_version(void)
{
	const uint32_t abi = CGFENCE_ABI_VERSION;
	uint64_t digest = digest_add(DIGEST_BEGIN, CGFENCE_VERSION, strlen(CGFENCE_VERSION));
	size_t size;

	holders_bpf__elf_bytes(&size);
	return digest_add(digest_add(digest, &abi, sizeof(abi)), &size, sizeof(size));
}

static void cleanup_destroy_skeleton(struct holders_bpf **skeleton)
{
	holders_bpf__destroy(*skeleton);
}

static int duplicate(const struct bpf_program *program, int *copy)
{
	*copy = fcntl(bpf_program__fd(program), F_DUPFD_CLOEXEC, 0);
	return *copy < 0 ? errno : 0;
}

static int take(const struct holders_bpf *skeleton, bool with_tables,
		struct holders_programs *programs)
{
	int code = duplicate(skeleton->progs.cgfence_holders, &programs->files);

	if (code == 0)
		code = duplicate(skeleton->progs.cgfence_tasks, &programs->tasks);
	if (code == 0 && with_tables)
		code = duplicate(skeleton->progs.cgfence_tables, &programs->tables);
	if (code)
		return code;
	programs->roots = fcntl(bpf_map__fd(skeleton->maps.cgfence_roots), F_DUPFD_CLOEXEC, 0);
	return programs->roots < 0 ? errno : 0;
}

static int load(struct holders_programs *programs, uint32_t room, bool with_tables)
{
	char types[KERNEL_BTF_PATH_SIZE];
	cleanup_close int types_file = kernel_btf_open(types);
	LIBBPF_OPTS(bpf_object_open_opts, options,
		    .btf_custom_path = types_file < 0 ? NULL : types);
	__attribute__((cleanup(cleanup_destroy_skeleton))) struct holders_bpf *skeleton =
		holders_bpf__open_opts(&options);
	int code;

	if (!skeleton ||
	    bpf_map__set_max_entries(skeleton->maps.cgfence_roots, room + HOLDERS_KEY_COUNT))
		return errno;
	bpf_program__set_autoload(skeleton->progs.cgfence_tables, with_tables);
	code = -sections_prepare(skeleton->obj);
	if (code == 0)
		code = -holders_bpf__load(skeleton);
	if (code == 0)
		code = take(skeleton, with_tables, programs);
	if (code)
		holders_programs_close(programs);
	return code;
}

int holders_load(struct holders_programs *programs, uint32_t room)
{
	QUIET_LIBBPF;
	int code = load(programs, room, true);

	return code ? load(programs, room, false) : 0;
}
