// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/btf_extract.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(btf_extract);

static const char *const types[] = { "outer", "plain" };
static const char *const members[] = { "bits", "deep", "list", "number", "pointer" };
static const struct btf_target targets[] = {
	{ "bpf_lsm_here", BTF_KIND_FUNC },
	{ "bpf_lsm_not_here", BTF_KIND_FUNC },
	{ "btf_trace_here", BTF_KIND_TYPEDEF },
};

static const struct btf_wanted wanted = { types, 2, members, 5, targets, 3 };

struct scene {
	struct btf *whole;
	struct btf *part;
	uint32_t ids[3];
	uint32_t function;
	uint32_t trace;
};

/* struct outer { const alias pointer; struct { unwanted; number: 3 at 35 }; union inner deep; list[4]; }; struct plain {} */
static void add_types(struct scene *scene)
{
	struct btf *btf = scene->whole;
	int number = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	int nowhere = btf__add_fwd(btf, "nowhere", BTF_FWD_STRUCT);
	int pointer = btf__add_ptr(btf, nowhere);
	int hidden = btf__add_const(btf, btf__add_typedef(btf, "alias", pointer));
	int list = btf__add_array(btf, number, number, 4);
	int inner;
	int nameless;
	int parameters;

	inner = btf__add_union(btf, "inner", 8);
	btf__add_field(btf, "deep", number, 0, 0);
	btf__add_field(btf, "other", hidden, 0, 0);
	nameless = btf__add_struct(btf, "", 8);
	btf__add_field(btf, "unwanted", number, 0, 0);
	btf__add_field(btf, "bits", number, 35, 3);
	btf__add_struct(btf, "stranger", 4);
	btf__add_field(btf, "number", number, 0, 0);
	btf__add_struct(btf, "outer", 64);
	btf__add_field(btf, "pointer", hidden, 0, 0);
	btf__add_field(btf, "", nameless, 64, 0);
	btf__add_field(btf, "deep", inner, 128, 0);
	btf__add_field(btf, "list", list, 192, 0);
	btf__add_field(btf, "other", list, 320, 0);
	btf__add_struct(btf, "plain", 16);
	parameters = btf__add_func_proto(btf, 0);
	scene->function = (uint32_t)btf__add_func(btf, "bpf_lsm_here", BTF_FUNC_GLOBAL, parameters);
	scene->trace = (uint32_t)btf__add_typedef(btf, "btf_trace_here", pointer);
}

static void begin(struct scene *scene)
{
	struct btf_view view;
	const void *bytes;
	uint32_t size;

	scene->whole = btf__new_empty();
	add_types(scene);
	bytes = btf__raw_data(scene->whole, &size);
	cr_assert_eq(btf_view_open(bytes, size, &view), 0);
	cr_assert_eq(btf_extract(&view, &wanted, scene->ids, &scene->part), 0);
	btf_view_close(&view);
}

static void end(struct scene *scene)
{
	btf__free(scene->part);
	btf__free(scene->whole);
}

static const struct btf_type *find(const struct btf *btf, const char *name, uint32_t kind)
{
	int id = btf__find_by_name_kind(btf, name, kind);

	return id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
}

static const struct btf_type *member_type(const struct btf *btf, const struct btf_type *type,
					  uint32_t index, const char *name)
{
	const struct btf_member *member = &btf_members(type)[index];

	cr_assert_lt(index, btf_vlen(type));
	cr_expect_str_eq(btf__name_by_offset(btf, member->name_off), name);
	return btf__type_by_id(btf, member->type);
}

Test(btf_extract, members_that_are_wanted_stay_where_they_are)
{
	struct scene scene;
	const struct btf_type *outer;
	const struct btf_type *inner;

	begin(&scene);
	outer = find(scene.part, "outer", BTF_KIND_STRUCT);
	cr_assert_not_null(outer);
	cr_expect_eq(outer->size, 64);
	cr_assert_eq(btf_vlen(outer), 4, "without 'other'");
	cr_expect(btf_is_ptr(member_type(scene.part, outer, 0, "pointer")));
	cr_expect_eq(btf_member_bit_offset(outer, 1), 64);
	inner = member_type(scene.part, outer, 1, "");
	cr_assert_eq(btf_vlen(inner), 1);
	member_type(scene.part, inner, 0, "bits");
	cr_expect_eq(btf_member_bit_offset(inner, 0), 35);
	cr_expect_eq(btf_member_bitfield_size(inner, 0), 3);
	inner = member_type(scene.part, outer, 2, "deep");
	cr_assert(btf_is_union(inner) && btf_vlen(inner) == 1);
	member_type(scene.part, inner, 0, "deep");
	inner = member_type(scene.part, outer, 3, "list");
	cr_assert(btf_is_array(inner));
	cr_expect_eq(btf_array(inner)->nelems, 4);
	cr_expect_eq(btf_member_bit_offset(outer, 3), 192);
	end(&scene);
}

Test(btf_extract, types_that_are_not_wanted_are_left_out)
{
	struct scene scene;
	const struct btf_type *plain;

	begin(&scene);
	plain = find(scene.part, "plain", BTF_KIND_STRUCT);
	cr_assert_not_null(plain, "whose size alone is asked for");
	cr_expect_eq(plain->size, 16);
	cr_expect_null(find(scene.part, "stranger", BTF_KIND_STRUCT));
	cr_expect_null(find(scene.part, "nowhere", BTF_KIND_FWD));
	end(&scene);
}

Test(btf_extract, targets_have_their_ids_in_the_whole)
{
	struct scene scene;

	begin(&scene);
	cr_expect_eq(scene.ids[0], scene.function);
	cr_expect_eq(scene.ids[1], 0);
	cr_expect_eq(scene.ids[2], scene.trace);
	end(&scene);
}

/* As libbpf reads it from a file. */
Test(btf_extract, what_is_made_is_a_valid_btf)
{
	struct scene scene;
	struct btf *again;
	uint32_t size;
	const void *bytes;

	begin(&scene);
	bytes = btf__raw_data(scene.part, &size);
	again = btf__new(bytes, size);
	cr_assert_not_null(again);
	cr_expect_eq(btf__type_cnt(again), btf__type_cnt(scene.part));
	btf__free(again);
	end(&scene);
}
