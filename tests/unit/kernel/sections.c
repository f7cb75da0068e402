// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <bpf/libbpf.h>
#include <cgfence/cgfence.h>
#include <criterion/criterion.h>

#define SECTION "cgfence.iter/task"

/* A host program has libbpf for itself, unless it says otherwise. */
Test(sections, libbpf_is_left_alone_until_it_is_claimed)
{
	enum bpf_attach_type attach_type;
	enum bpf_prog_type type;

	cr_expect_neq(libbpf_prog_type_by_name(SECTION, &type, &attach_type), 0);
	cgfence_claim_libbpf();
	cgfence_claim_libbpf();
	cr_expect_eq(libbpf_prog_type_by_name(SECTION, &type, &attach_type), 0);
}
