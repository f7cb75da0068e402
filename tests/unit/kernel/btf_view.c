// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/btf_view.h"
#include "base/cleanup.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

TestSuite(btf_view);

/* A type of each kind that libbpf can make; the last one has parts. */
static struct btf *make(void)
{
	struct btf *btf = btf__new_empty();
	int number = btf__add_int(btf, "number", 4, BTF_INT_SIGNED);
	int function;
	int variable;

	btf__add_ptr(btf, number);
	btf__add_array(btf, number, number, 7);
	btf__add_struct(btf, "structure", 8);
	btf__add_field(btf, "first", number, 0, 0);
	btf__add_field(btf, "second", number, 32, 0);
	btf__add_union(btf, "choice", 4);
	btf__add_field(btf, "one", number, 0, 0);
	btf__add_enum(btf, "list", 4);
	btf__add_enum_value(btf, "none", 0);
	btf__add_enum_value(btf, "all", 1);
	btf__add_fwd(btf, "later", BTF_FWD_STRUCT);
	btf__add_typedef(btf, "alias", number);
	btf__add_volatile(btf, number);
	btf__add_const(btf, number);
	btf__add_restrict(btf, number);
	function = btf__add_func_proto(btf, number);
	btf__add_func_param(btf, "input", number);
	btf__add_func(btf, "call", BTF_FUNC_STATIC, function);
	variable = btf__add_var(btf, "place", BTF_VAR_STATIC, number);
	btf__add_datasec(btf, ".data", 4);
	btf__add_datasec_var_info(btf, variable, 0, 4);
	btf__add_float(btf, "real", 8);
	btf__add_enum64(btf, "long_list", 8, false);
	btf__add_enum64_value(btf, "much", 1ULL << 40);
	btf__add_decl_tag(btf, "tag", number, -1);
	btf__add_type_tag(btf, "tag", number);
	btf__add_struct(btf, "last", 4);
	btf__add_field(btf, "only", number, 0, 0);
	return btf;
}

Test(btf_view, each_type_is_where_libbpf_finds_it)
{
	struct btf *btf = make();
	struct btf_view view;
	uint32_t size;
	const void *bytes = btf__raw_data(btf, &size);

	cr_assert_eq(btf_view_open(bytes, size, &view), 0);
	cr_assert_eq(view.count, btf__type_cnt(btf));
	for (uint32_t id = 1; id < view.count; id++) {
		const struct btf_type *type = btf_view_type(&view, id);
		const struct btf_type *other = btf__type_by_id(btf, id);

		cr_assert(memcmp(type, other, sizeof(*type)) == 0, "type %u", id);
		cr_expect_str_eq(btf_view_name(&view, type->name_off),
				 btf__name_by_offset(btf, other->name_off));
	}
	cr_expect_null(btf_view_type(&view, 0));
	cr_expect_null(btf_view_type(&view, view.count));
	cr_expect_str_eq(btf_view_name(&view, UINT32_MAX), "");
	btf_view_close(&view);
	btf__free(btf);
}

/* Wherever the end is, nothing behind it is read: the copy is as long as what is left. */
Test(btf_view, what_is_cut_off_is_refused)
{
	struct btf *btf = make();
	struct btf_view view;
	uint32_t size;
	const void *bytes = btf__raw_data(btf, &size);

	for (uint32_t length = 0; length < size; length++) {
		cleanup_free void *part = malloc(length + !length);

		memcpy(part, bytes, length);
		cr_assert_eq(btf_view_open(part, length, &view), -EINVAL, "%u bytes", length);
	}
	btf__free(btf);
}

Test(btf_view, damage_is_refused)
{
	struct btf *btf = make();
	struct btf_view view;
	uint32_t size;
	const void *bytes = btf__raw_data(btf, &size);
	cleanup_free struct btf_header *copy = malloc(size);
	struct btf_type *last;

	memcpy(copy, bytes, size);
	last = (struct btf_type *)(void *)((char *)copy + copy->hdr_len + copy->type_len -
					   sizeof(struct btf_member) - sizeof(*last));
	last->info++;
	cr_expect_eq(btf_view_open(copy, size, &view), -EINVAL, "one part more than there is");
	memcpy(copy, bytes, size);
	last->info = 31U << 24;
	cr_expect_eq(btf_view_open(copy, size, &view), -EINVAL, "a kind that there is not");
	memcpy(copy, bytes, size);
	copy->type_len -= sizeof(uint32_t);
	cr_expect_eq(btf_view_open(copy, size, &view), -EINVAL, "half a type");
	memcpy(copy, bytes, size);
	copy->str_len--;
	cr_expect_eq(btf_view_open(copy, size, &view), -EINVAL, "names without an end");
	memcpy(copy, bytes, size);
	copy->str_off += size;
	cr_expect_eq(btf_view_open(copy, size, &view), -EINVAL, "names behind the end");
	btf__free(btf);
}
