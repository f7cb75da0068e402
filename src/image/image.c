// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "image/image.h"
#include "base/cleanup.h"
#include "image/device_hot.h"
#include "image/device_table.h"
#include "base/error.h"
#include "image/port_table.h"

#include <cgfence/verdict.h>
#include <string.h>

/* A whole number of words, so that the array map adds no padding. */
static size_t round_up(size_t bytes)
{
	return (bytes + 7) / 8 * 8;
}

static void describe_ports(const struct cgfence_policy *policy, struct cgfence_port_table *table)
{
	table->fenced = policy->ports_fenced;
	table->has_isolated_range = policy->has_isolated_range;
	table->sctp_any = policy->sctp_any;
	table->netns_any = policy->netns == POLICY_NETNS_ANY;
	table->privileged = policy->privileged_ports;
	table->on_violation = policy->on_violation;
}

/* Puts a string behind what is there. */
static void append(struct cgfence_image *image, uint32_t *end, const char *text, uint32_t *offset,
		   uint32_t *length)
{
	*offset = *end;
	*length = text ? (uint32_t)strlen(text) : 0;
	if (text)
		memcpy((char *)image + *offset, text, *length);
	*end += *length;
}

static size_t length_of(const char *text)
{
	return text ? strlen(text) : 0;
}

static struct cgfence_image *assemble(const struct cgfence_policy *policy,
				      const struct device_table *table,
				      const struct cgfence_port_table *ports,
				      const struct port_words *words, const char *pattern)
{
	size_t table_offset = device_table_place(table, sizeof(struct cgfence_image));
	size_t words_offset = table_offset + device_table_size(table);
	size_t standing_offset = words_offset + words->count * sizeof(*words->words);
	size_t name_offset = standing_offset + (pattern ? sizeof(struct cgfence_standing) : 0);
	const char *except = pattern ? policy->except : NULL;
	size_t size = round_up(name_offset + length_of(policy->name) + length_of(pattern) +
			       length_of(except));
	struct cgfence_image *image = calloc(1, size);
	uint32_t end = (uint32_t)name_offset;

	if (!image)
		return NULL;
	image->abi_version = CGFENCE_ABI_VERSION;
	image->size = (uint32_t)size;
	image->enforce = policy->enforce;
	image->adopt = policy->adopt;
	image->ports = *ports;
	port_table_move(&image->ports, words_offset / sizeof(*words->words));
	describe_ports(policy, &image->ports);
	device_table_write(table, image, table_offset);
	image->devices.fenced = policy->devices_fenced;
	image->devices.base = policy->devices_base;
	image->devices.hot = device_hot_derive(image);
	memcpy((char *)image + words_offset, words->words, words->count * sizeof(*words->words));
	image->ports.by_family = port_table_derive_by_family(image);
	append(image, &end, policy->name, &image->name_offset, &image->name_length);
	if (pattern) {
		struct cgfence_standing *standing =
			(struct cgfence_standing *)((char *)image + standing_offset);

		image->standing_offset = (uint32_t)standing_offset;
		append(image, &end, pattern, &standing->pattern_offset, &standing->pattern_length);
		append(image, &end, except, &standing->except_offset, &standing->except_length);
	}
	return image;
}

static int compile(const struct cgfence_policy *policy, const char *pattern,
		   struct cgfence_image **image, struct cgfence_error *error)
{
	struct cgfence_port_table ports = { 0 };
	struct cgfence_image *made = NULL;
	struct device_table table = { 0 };
	struct port_words words = { 0 };
	int result = policy_refuse_unresolved(policy, error);

	if (result)
		return result;
	if (!policy->devices_fenced && !policy->ports_fenced)
		return error_set_invalid(error,
					 "the policy fences nothing; add devices or ports to it");
	if (device_table_compile(&policy->devices, &table) == 0 &&
	    port_table_compile(policy, &ports, &words) == 0)
		made = assemble(policy, &table, &ports, &words, pattern);
	device_table_free(&table);
	free(words.words);
	if (!made)
		return error_set(error, ENOMEM, "out of memory while compiling the policy");
	*image = made;
	return 0;
}

int image_compile(const struct cgfence_policy *policy, uint64_t generation, bool ephemeral,
		  struct cgfence_image **image, struct cgfence_error *error)
{
	int result = compile(policy, NULL, image, error);

	if (result)
		return result;
	(*image)->generation = generation;
	(*image)->ephemeral = ephemeral;
	return 0;
}

int image_compile_standing(const struct cgfence_policy *policy, uint64_t generation,
			   const char *pattern, struct cgfence_image **image,
			   struct cgfence_error *error)
{
	int result = compile(policy, pattern, image, error);

	if (result == 0)
		(*image)->generation = generation;
	return result;
}

static char *copy_text(const struct cgfence_image *image, uint32_t offset, uint32_t length)
{
	return length ? strndup((const char *)image + offset, length) : NULL;
}

const struct cgfence_standing *image_standing(const struct cgfence_image *image)
{
	static const struct cgfence_standing none;

	return image->standing_offset ? (const void *)((const char *)image + image->standing_offset)
				      : &none;
}

char *image_pattern(const struct cgfence_image *image)
{
	return copy_text(image, image_standing(image)->pattern_offset,
			 image_standing(image)->pattern_length);
}

static bool text_is_within(uint32_t offset, uint32_t length, size_t size)
{
	return offset <= size && length <= size - offset;
}

static bool check_standing(const struct cgfence_image *image, size_t size)
{
	const struct cgfence_standing *standing = image_standing(image);
	uint32_t components;

	if (!image->standing_offset)
		return true;
	if (image->standing_offset % sizeof(uint64_t) ||
	    !text_is_within(image->standing_offset, sizeof(*standing), size))
		return false;
	components = standing->member_level - standing->anchor_level;
	return text_is_within(standing->pattern_offset, standing->pattern_length, size) &&
	       text_is_within(standing->except_offset, standing->except_length, size) &&
	       standing->pattern_length && standing->membership < CGFENCE_PLACES && components &&
	       components <= CGFENCE_PATTERN_DEPTH;
}

/* What is looked up must lie within the image, since the verdict functions do not check it. */
static bool check_table(const struct cgfence_device_table *table, size_t size)
{
	uint64_t multipliers_end =
		(uint64_t)table->multipliers_offset + table->bucket_mask + sizeof(uint16_t);
	uint64_t slots_end = table->slots_offset + table->slot_count * sizeof(uint64_t);

	return table->multipliers_offset >= sizeof(struct cgfence_image) &&
	       multipliers_end <= table->slots_offset && table->slot_count && slots_end <= size &&
	       (table->multipliers_offset | table->bucket_mask) % sizeof(uint16_t) == 0 &&
	       table->slots_offset % sizeof(uint64_t) == 0;
}

/* All are 0 or 1. */
static bool check_flags(const struct cgfence_image *image)
{
	const struct cgfence_device_table *devices = &image->devices;
	const struct cgfence_port_table *ports = &image->ports;

	return (image->enforce | image->ephemeral | image->adopt | devices->fenced |
		devices->has_by_major | devices->has_by_minor | ports->fenced |
		ports->has_isolated_range | ports->sctp_any | ports->netns_any |
		ports->privileged) <= 1;
}

static int refuse_damaged(struct cgfence_error *error)
{
	return error_set(error, EINVAL,
			 "its policy map is damaged; detach it and attach its policy again");
}

int image_check(const struct cgfence_image *image, size_t size, struct cgfence_error *error)
{
	if (size < sizeof(*image) || image->abi_version != CGFENCE_ABI_VERSION)
		return error_set(
			error, EINVAL,
			"it was made by another version of cgfence; attach its policy again with this one");
	if (image->size != size || !check_flags(image) || !check_table(&image->devices, size) ||
	    !device_table_check(image) || image->devices.hot != device_hot_derive(image) ||
	    !port_table_check(&image->ports, size / sizeof(uint64_t)) ||
	    image->ports.by_family != port_table_derive_by_family(image) ||
	    image->devices.base >= DEVICE_BASE_COUNT ||
	    image->ports.on_violation > POLICY_ON_VIOLATION_KILL ||
	    image->ports.guard > CGFENCE_GUARD_DENY || !check_standing(image, size) ||
	    !text_is_within(image->name_offset, image->name_length, size))
		return refuse_damaged(error);
	return 0;
}

static int decompile_name(const struct cgfence_image *image, struct cgfence_policy *policy,
			  struct cgfence_error *error)
{
	cleanup_free char *name =
		strndup((const char *)image + image->name_offset, image->name_length);
	int result;

	if (!name)
		return error_out_of_memory(error);
	if (strlen(name) != image->name_length)
		return refuse_damaged(error);
	result = cgfence_policy_set_name(policy, name, NULL);
	if (result == -EINVAL)
		return refuse_damaged(error);
	return result ? error_out_of_memory(error) : 0;
}

int image_decompile(const struct cgfence_image *image, struct cgfence_policy **policy,
		    struct cgfence_error *error)
{
	cleanup_policy struct cgfence_policy *made = policy_new();

	if (!made)
		return error_set(error, ENOMEM, "out of memory while reading the policy back");
	made->enforce = image->enforce;
	made->adopt = image->adopt;
	port_table_decompile(image, made);
	made->devices_fenced = image->devices.fenced;
	made->devices_base = (enum device_base)image->devices.base;
	if (device_table_decompile(image, &made->devices))
		return error_set(error, ENOMEM, "out of memory while reading the policy back");
	if (image->name_length) {
		int result = decompile_name(image, made, error);

		if (result)
			return result;
	}
	made->except = copy_text(image, image_standing(image)->except_offset,
				 image_standing(image)->except_length);
	if (image_standing(image)->except_length && !made->except)
		return error_set(error, ENOMEM, "out of memory while reading the policy back");
	*policy = cleanup_steal(made);
	return 0;
}
