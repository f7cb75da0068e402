// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/btf_extract.h"
#include "base/array.h"
#include "base/cleanup.h"

#include <string.h>

/* BTF_KIND_TYPE_TAG (Linux 5.17) is younger than the headers of some build hosts. */
#define KIND_TYPE_TAG 18
#define KIND_ENUM64 19

/* All pointers are the first type. */
#define POINTER_ID 1

struct extraction {
	const struct btf_view *from;
	const struct btf_wanted *wanted;
	uint32_t *new_ids; /* by id in from; 0 for what is not taken */
	uint32_t *taken;   /* in the order of their new ids */
	size_t count;
	size_t capacity;
	bool out_of_memory;
};

static void extraction_release(struct extraction *extraction)
{
	free(extraction->new_ids);
	free(extraction->taken);
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(left, *(const char *const *)right);
}

static bool is_listed(const char *name, const char *const *names, size_t count)
{
	return bsearch(name, names, count, sizeof(*names), compare_names);
}

static const char *name_of(const struct extraction *extraction, uint32_t offset)
{
	return btf_view_name(extraction->from, offset);
}

/* libbpf looks through these too when it compares types. */
static uint32_t resolve(const struct btf_view *view, uint32_t id)
{
	for (;;) {
		const struct btf_type *type = btf_view_type(view, id);

		switch (type ? btf_kind(type) : BTF_KIND_UNKN) {
		case BTF_KIND_CONST:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_RESTRICT:
		case BTF_KIND_TYPEDEF:
		case KIND_TYPE_TAG:
			id = type->type;
			break;
		default:
			return id;
		}
	}
}

static bool can_be_taken(const struct btf_type *type)
{
	switch (type ? btf_kind(type) : BTF_KIND_UNKN) {
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_INT:
	case BTF_KIND_ENUM:
	case KIND_ENUM64:
	case BTF_KIND_ARRAY:
		return true;
	default:
		return false;
	}
}

/* Return: the new id; 0 for a type that no program can read a part of. */
static uint32_t take(struct extraction *extraction, uint32_t id)
{
	const struct btf_type *type;
	uint32_t *larger;

	id = resolve(extraction->from, id);
	type = btf_view_type(extraction->from, id);
	if (type && btf_is_ptr(type))
		return POINTER_ID;
	if (!can_be_taken(type) || extraction->new_ids[id])
		return type ? extraction->new_ids[id] : 0;
	larger = array_with_room(extraction->taken, extraction->count, &extraction->capacity,
				 sizeof(*larger));
	if (!larger) {
		extraction->out_of_memory = true;
		return 0;
	}
	extraction->taken = larger;
	larger[extraction->count++] = id;
	extraction->new_ids[id] = POINTER_ID + (uint32_t)extraction->count;
	return extraction->new_ids[id];
}

/* Members without a name have members that are wanted, or none. */
static bool wants_member(const struct extraction *extraction, const struct btf_member *member)
{
	const char *name = name_of(extraction, member->name_off);

	return !*name ||
	       is_listed(name, extraction->wanted->members, extraction->wanted->member_count);
}

static void take_parts(struct extraction *extraction, uint32_t id)
{
	const struct btf_type *type = btf_view_type(extraction->from, id);

	if (btf_is_array(type)) {
		take(extraction, btf_array(type)->type);
		take(extraction, btf_array(type)->index_type);
	}
	for (uint32_t i = 0; btf_is_composite(type) && i < btf_vlen(type); i++) {
		if (wants_member(extraction, &btf_members(type)[i]))
			take(extraction, btf_members(type)[i].type);
	}
}

static void find_target(const struct extraction *extraction, const char *name, uint32_t kind,
			uint32_t id, uint32_t *ids)
{
	const struct btf_wanted *wanted = extraction->wanted;

	for (size_t i = 0; i < wanted->target_count; i++) {
		if (wanted->targets[i].kind == kind && strcmp(wanted->targets[i].name, name) == 0)
			ids[i] = id;
	}
}

/* Once over all types, for each search in them takes a third of a millisecond. */
static void look_at_all(struct extraction *extraction, uint32_t *ids)
{
	const struct btf_wanted *wanted = extraction->wanted;
	uint32_t count = extraction->from->count;

	for (uint32_t id = 1; id < count; id++) {
		const struct btf_type *type = btf_view_type(extraction->from, id);
		const char *name = name_of(extraction, type->name_off);

		if (btf_is_composite(type) && is_listed(name, wanted->types, wanted->type_count))
			take(extraction, id);
		/* All targets begin so. */
		else if (name[0] == 'b' && name[1] && name[2] == 'f')
			find_target(extraction, name, btf_kind(type), id, ids);
	}
	for (size_t i = 0; i < extraction->count; i++)
		take_parts(extraction, extraction->taken[i]);
}

static int write_members(const struct extraction *extraction, const struct btf_type *type,
			 struct btf *to)
{
	const struct btf_member *members = btf_members(type);
	int result = 0;

	for (uint32_t i = 0; i < btf_vlen(type) && result >= 0; i++) {
		uint32_t id = resolve(extraction->from, members[i].type);
		const struct btf_type *inner = btf_view_type(extraction->from, id);

		if (!inner || !wants_member(extraction, &members[i]))
			continue;
		id = btf_is_ptr(inner) ? POINTER_ID : extraction->new_ids[id];
		if (id)
			result = btf__add_field(to, name_of(extraction, members[i].name_off),
						(int)id, btf_member_bit_offset(type, i),
						btf_member_bitfield_size(type, i));
	}
	return result;
}

static int write_array(const struct extraction *extraction, const struct btf_array *array,
		       struct btf *to)
{
	uint32_t element = resolve(extraction->from, array->type);
	uint32_t index = resolve(extraction->from, array->index_type);
	const struct btf_type *type = btf_view_type(extraction->from, element);

	element = type && btf_is_ptr(type) ? POINTER_ID : extraction->new_ids[element];
	return btf__add_array(to, (int)extraction->new_ids[index], (int)element, array->nelems);
}

/* Return: the new id, -errno. */
static int write_type(const struct extraction *extraction, const struct btf_type *type,
		      struct btf *to)
{
	const char *name = name_of(extraction, type->name_off);
	int id;

	switch (btf_kind(type)) {
	case BTF_KIND_INT:
		return btf__add_int(to, name, type->size, btf_int_encoding(type));
	case BTF_KIND_ARRAY:
		return write_array(extraction, btf_array(type), to);
	case BTF_KIND_STRUCT:
		id = btf__add_struct(to, name, type->size);
		break;
	case BTF_KIND_UNION:
		id = btf__add_union(to, name, type->size);
		break;
	default:
		/* Their values are not asked for. */
		return btf__add_enum(to, name, type->size);
	}
	if (id > 0) {
		int result = write_members(extraction, type, to);

		return result < 0 ? result : id;
	}
	return id;
}

static int write_all(const struct extraction *extraction, struct btf *to)
{
	int id = btf__add_ptr(to, 0);

	for (size_t i = 0; i < extraction->count && id >= 0; i++)
		id = write_type(extraction, btf_view_type(extraction->from, extraction->taken[i]),
				to);
	return id < 0 ? id : 0;
}

int btf_extract(const struct btf_view *from, const struct btf_wanted *wanted, uint32_t *ids,
		struct btf **made)
{
	__attribute__((cleanup(extraction_release))) struct extraction extraction = {
		.from = from,
		.wanted = wanted,
		.new_ids = calloc(from->count, sizeof(*extraction.new_ids)),
	};
	struct btf *to;
	int result;

	memset(ids, 0, wanted->target_count * sizeof(*ids));
	if (!extraction.new_ids)
		return -ENOMEM;
	look_at_all(&extraction, ids);
	to = extraction.out_of_memory ? NULL : btf__new_empty();
	if (!to)
		return -ENOMEM;
	result = write_all(&extraction, to);
	if (result)
		btf__free(to);
	else
		*made = to;
	return result;
}
