// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * In sections of its own names, libbpf would read the BTF of the kernel at each load to find what the programs in them are
 * attached to. Ours have other names, for which libbpf asks handlers of ours, if nobody else in the process uses libbpf.
 * Until they are asked the programs have another type, for by that libbpf decides whether it reads the BTF.
 */
#include "kernel/sections.h"
#include "kernel/kernel_btf.h"

#include <bpf/bpf.h>
#include <cgfence/cgfence.h>
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

static bool claimed;

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

void cgfence_claim_libbpf(void)
{
	for (size_t i = 0; i < KIND_COUNT && !claimed; i++) {
		LIBBPF_OPTS(libbpf_prog_handler_opts, options, .cookie = (long)i,
			    .prog_prepare_load_fn = prepare);

		libbpf_register_prog_handler(kinds[i].section, ANY_OTHER_TYPE, kinds[i].attach_type,
					     &options);
	}
	claimed = true;
}

static const struct kind *kind_of(const struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program);

	for (size_t i = 0; i < KIND_COUNT; i++) {
		size_t length = strcspn(kinds[i].section, "+");

		if (strncmp(section, kinds[i].section, length) == 0 && section[length] == '/')
			return &kinds[i];
	}
	return NULL;
}

static int set_target(struct bpf_program *program, const struct kind *kind)
{
	const char *name = strchr(bpf_program__section_name(program), '/') + 1;
	int result = bpf_program__set_type(program, kind->type);

	if (result == 0)
		result = bpf_program__set_expected_attach_type(program, kind->attach_type);
	return result ? result : bpf_program__set_attach_target(program, 0, name);
}

int sections_prepare(struct bpf_object *object)
{
	struct bpf_program *program;
	int result = 0;

	if (claimed)
		return 0;
	bpf_object__for_each_program(program, object)
	{
		const struct kind *kind = kind_of(program);

		if (kind && bpf_program__autoload(program) && result == 0)
			result = set_target(program, kind);
	}
	return result;
}
