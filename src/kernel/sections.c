// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Sections of programs that are attached to functions and tracepoints of the kernel. In sections of its own names, libbpf
 * would read the BTF of the kernel at each load to find what they are attached to. Until then the programs have another
 * type, for by that libbpf decides whether it reads it.
 */
#include "kernel/kernel_btf.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ANY_OTHER_TYPE BPF_PROG_TYPE_RAW_TRACEPOINT

static const struct kind {
	const char *section; /* "+" allows a name behind it */
	enum bpf_prog_type type;
	enum bpf_attach_type attach_type;
	const char *prefix; /* of the name in the BTF */
} kinds[] = {
	{ "cgfence.iter+", BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, "bpf_iter_" },
	{ "cgfence.tp_btf+", BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, "btf_trace_" },
	{ "cgfence.lsm_cgroup+", BPF_PROG_TYPE_LSM, BPF_LSM_CGROUP, "bpf_lsm_" },
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

static int handlers[KIND_COUNT];

static int prepare(struct bpf_program *program, struct bpf_prog_load_opts *options, long cookie)
{
	const struct kind *kind = &kinds[cookie];
	const char *name = strchr(bpf_program__section_name(program), '/');
	char target[64];

	snprintf(target, sizeof(target), "%s%s", kind->prefix, name ? name + 1 : "");
	options->attach_btf_id = kernel_btf_find_target(target);
	options->expected_attach_type = kind->attach_type;
	/* What libbpf says of a kernel without BTF. */
	return options->attach_btf_id ? bpf_program__set_type(program, kind->type) : -ESRCH;
}

/* libbpf wants no other thread to use it meanwhile. */
__attribute__((constructor)) static void register_sections(void)
{
	for (size_t i = 0; i < KIND_COUNT; i++) {
		LIBBPF_OPTS(libbpf_prog_handler_opts, options, .cookie = (long)i,
			    .prog_prepare_load_fn = prepare);

		handlers[i] = libbpf_register_prog_handler(kinds[i].section, ANY_OTHER_TYPE,
							   kinds[i].attach_type, &options);
	}
}

__attribute__((destructor)) static void unregister_sections(void)
{
	for (size_t i = 0; i < KIND_COUNT; i++)
		libbpf_unregister_prog_handler(handlers[i]);
}
