/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What programs need of the kernel's BTF, in a BTF of its own: libbpf adapts programs to it as it would to the whole,
 * which has 5 MiB.
 */
#pragma once

#include "kernel/btf_view.h"

#include <stdbool.h>

/* A function or a type whose id programs are attached by. */
struct btf_target {
	const char *name;
	uint32_t kind; /* BTF_KIND_FUNC or BTF_KIND_TYPEDEF */
};

struct btf_wanted {
	/* Structures and unions. */
	const char *const *types;
	size_t type_count;
	/* Members of these and of what they contain are kept by their names alone. */
	const char *const *members;
	size_t member_count;
	const struct btf_target *targets;
	size_t target_count;
};

/**
 * btf_extract() - make that BTF.
 * @from: the kernel's
 * @wanted: names in alphabetical order (strcmp)
 * @ids: receives for each target its id in @from; 0 for what is not there
 * @made: receives the BTF, to be given to btf__free(). Pointers in it point to void
 *
 * Return: 0 or -errno.
 */
int btf_extract(const struct btf_view *from, const struct btf_wanted *wanted, uint32_t *ids,
		struct btf **made);
