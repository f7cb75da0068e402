// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The perfect hash is hash-and-displace (Belazzougui, Botelho, Dietzfelbinger: "Hash, displace, and
 * compress", 2009): rules fall into buckets of about four, and for each bucket, the fullest first,
 * multipliers of its hashes are tried until all of its rules land in slots of their own.
 */
#include "image/device_table.h"
#include "base/cleanup.h"
#include "base/splitmix64.h"

#include <cgfence/verdict.h>
#include <errno.h>
#include <string.h>

#define RULES_PER_BUCKET 4

/* Where none of so many serves, two rules of the bucket are too much alike under this seed. */
#define MULTIPLIER_MAX 4096

/* At least as small as those of all kernels. */
#define PAGE 4096

/* Of an array map before its value (struct bpf_array, include/linux/bpf.h): 304 bytes on Linux 6.18. */
#define MAP_HEADER_MAX 512

#define ANY_SELECTOR (CGFENCE_SELECTOR_ANY_MAJOR | CGFENCE_SELECTOR_ANY_MINOR)

static uint64_t pack_rule(const struct device_rule *rule)
{
	return rule->selector | (uint64_t)rule->deny << CGFENCE_RULE_DENY_SHIFT |
	       (uint64_t)rule->allow << CGFENCE_RULE_ALLOW_SHIFT;
}

static uint64_t find_packed(const struct device_rules *rules, uint64_t selector)
{
	const struct device_rule *rule = device_rules_find(rules, selector);

	return rule ? pack_rule(rule) : 0;
}

/* With the verdict of this rule and all wider ones for each set of access bits. */
static uint64_t pack_judged(const struct device_rules *rules, const struct device_rule *rule)
{
	uint64_t by_major_selector = cgfence_device_any_minor(rule->selector);
	uint64_t packed = pack_rule(rule);
	uint64_t by_major = find_packed(rules, by_major_selector);
	uint64_t by_minor = find_packed(rules, cgfence_device_any_major(rule->selector));
	uint64_t any = find_packed(rules, cgfence_device_any_major(by_major_selector));
	uint64_t verdicts = 0;

	for (uint32_t access = 0; access <= CGFENCE_ACCESS_MASK; access++)
		verdicts |= (uint64_t)cgfence_device_judge(packed, by_major, by_minor, any, access)
			    << (CGFENCE_RULE_VERDICT_TOP - access);
	return packed | verdicts;
}

/* Packs the rules into @packed, those for every device into the header. Return: how many in @packed. */
static size_t pack_rules(const struct device_rules *rules, struct cgfence_device_table *header,
			 uint64_t *packed)
{
	size_t count = 0;

	for (size_t i = 0; i < rules->count; i++) {
		const struct device_rule *rule = &rules->items[i];
		uint64_t wildcards = rule->selector & ANY_SELECTOR;
		uint64_t judged = pack_judged(rules, rule);

		header->has_by_major |= wildcards == CGFENCE_SELECTOR_ANY_MINOR;
		header->has_by_minor |= wildcards == CGFENCE_SELECTOR_ANY_MAJOR;
		if (wildcards == ANY_SELECTOR)
			header->any[cgfence_selector_type(rule->selector) == BPF_DEVCG_DEV_CHAR] =
				judged;
		else
			packed[count++] = judged;
	}
	return count;
}

static size_t slots_size(const struct cgfence_device_table *header)
{
	return header->slot_count * sizeof(uint64_t);
}

static uint64_t rule_hash(const struct device_table *table, uint64_t rule)
{
	return cgfence_device_hash(cgfence_selector_key(rule), table->header.seed);
}

static uint32_t rule_bucket(const struct device_table *table, uint64_t rule)
{
	return (uint32_t)(cgfence_device_bucket_offset(rule_hash(table, rule),
						       table->header.bucket_mask) /
			  sizeof(*table->multipliers));
}

static uint64_t *rule_slot(const struct device_table *table, uint64_t rule, uint16_t multiplier)
{
	return &table->slots[cgfence_device_slot_offset(rule_hash(table, rule), multiplier,
							table->header.slot_count) /
			     sizeof(*table->slots)];
}

/* Puts the rules of one bucket into slots, all of them or none. */
static bool try_multiplier(const struct device_table *table, const uint64_t *rules, size_t count,
			   uint16_t multiplier)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t *slot = rule_slot(table, rules[i], multiplier);

		if (*slot) {
			while (i--)
				*rule_slot(table, rules[i], multiplier) = 0;
			return false;
		}
		*slot = rules[i];
	}
	return true;
}

static bool place_bucket(struct device_table *table, const uint64_t *rules, size_t count,
			 uint32_t bucket)
{
	for (uint16_t multiplier = 1; multiplier <= MULTIPLIER_MAX; multiplier++) {
		if (try_multiplier(table, rules, count, multiplier)) {
			table->multipliers[bucket] = multiplier;
			return true;
		}
	}
	return false;
}

struct bucketed_rule {
	uint32_t bucket;
	uint32_t bucket_size;
	uint64_t rule;
};

/* The fullest buckets first; a bucket's rules together. */
static int compare_bucketed(const void *left, const void *right)
{
	const struct bucketed_rule *a = left;
	const struct bucketed_rule *b = right;

	if (a->bucket_size != b->bucket_size)
		return a->bucket_size > b->bucket_size ? -1 : 1;
	if (a->bucket != b->bucket)
		return a->bucket < b->bucket ? -1 : 1;
	return a->rule < b->rule ? -1 : a->rule > b->rule;
}

/* Orders @rules by bucket under the present seed. @sizes and @scratch are room to work in. */
static void order_by_bucket(const struct device_table *table, uint64_t *rules, size_t count,
			    uint32_t *sizes, struct bucketed_rule *scratch)
{
	memset(sizes, 0, table->bucket_count * sizeof(*sizes));
	for (size_t i = 0; i < count; i++)
		sizes[rule_bucket(table, rules[i])]++;
	for (size_t i = 0; i < count; i++) {
		uint32_t bucket = rule_bucket(table, rules[i]);

		scratch[i] = (struct bucketed_rule){ bucket, sizes[bucket], rules[i] };
	}
	qsort(scratch, count, sizeof(*scratch), compare_bucketed);
	for (size_t i = 0; i < count; i++)
		rules[i] = scratch[i].rule;
}

static bool place_rules(struct device_table *table, const uint64_t *rules, size_t count)
{
	size_t end;

	memset(table->slots, 0, slots_size(&table->header));
	for (size_t start = 0; start < count; start = end) {
		uint32_t bucket = rule_bucket(table, rules[start]);

		for (end = start + 1; end < count && rule_bucket(table, rules[end]) == bucket;)
			end++;
		if (!place_bucket(table, rules + start, end - start, bucket))
			return false;
	}
	return true;
}

static uint32_t power_of_two_from(size_t count)
{
	uint32_t power = 1;

	while (power < count)
		power *= 2;
	return power;
}

/*
 * The more slots are free, the sooner it finds a multiplier. The number of buckets is a multiple of 4, which keeps the
 * slots aligned. With 400 rules both fit into a page.
 */
static int allocate(struct device_table *table, size_t count)
{
	table->bucket_count = power_of_two_from(count / RULES_PER_BUCKET + 3);
	table->header.bucket_mask = (table->bucket_count - 1) * sizeof(*table->multipliers);
	table->header.slot_count = (uint32_t)(count + count / 6 + 1);
	table->slots = calloc(1, slots_size(&table->header));
	table->multipliers = calloc(table->bucket_count, sizeof(*table->multipliers));
	return table->slots && table->multipliers ? 0 : -ENOMEM;
}

static int fill(struct device_table *table, uint64_t *rules, size_t count)
{
	cleanup_free struct bucketed_rule *scratch = calloc(count + 1, sizeof(*scratch));
	cleanup_free uint32_t *sizes = calloc(table->bucket_count, sizeof(*sizes));
	uint64_t state = 0;

	if (!scratch || !sizes)
		return -ENOMEM;
	/* Usually a few tries. Seeds differ so much that nobody can choose rules for which many fail. */
	for (;;) {
		table->header.seed = splitmix64_next(&state) | 1;
		order_by_bucket(table, rules, count, sizes, scratch);
		if (place_rules(table, rules, count))
			return 0;
	}
}

int device_table_compile(const struct device_rules *rules, struct device_table *table)
{
	cleanup_free uint64_t *packed = calloc(rules->count + 1, sizeof(*packed));
	struct device_table made = { 0 };
	size_t count;
	int result;

	if (!packed)
		return -ENOMEM;
	count = pack_rules(rules, &made.header, packed);
	result = allocate(&made, count);
	if (result == 0)
		result = fill(&made, packed, count);
	if (result) {
		device_table_free(&made);
		return result;
	}
	*table = made;
	return 0;
}

static size_t multipliers_size(const struct device_table *table)
{
	return table->bucket_count * sizeof(*table->multipliers);
}

size_t device_table_size(const struct device_table *table)
{
	return multipliers_size(table) + slots_size(&table->header);
}

size_t device_table_place(const struct device_table *table, size_t offset)
{
	size_t in_page = offset % PAGE;

	if (device_table_size(table) <= PAGE && in_page + device_table_size(table) > PAGE)
		return offset + PAGE - in_page;
	return offset;
}

void device_table_write(const struct device_table *table, struct cgfence_image *image, size_t start)
{
	image->devices = table->header;
	image->devices.multipliers_offset = (uint32_t)start;
	image->devices.slots_offset = (uint32_t)(start + multipliers_size(table));
	memcpy((char *)image + start, table->multipliers, multipliers_size(table));
	memcpy((char *)image + image->devices.slots_offset, table->slots,
	       slots_size(&table->header));
}

void device_table_free(struct device_table *table)
{
	free(table->slots);
	free(table->multipliers);
	*table = (struct device_table){ 0 };
}

const uint64_t *device_table_slots(const struct cgfence_image *image)
{
	return (const uint64_t *)((const char *)image + image->devices.slots_offset);
}

bool device_table_wants_page(const struct cgfence_image *image)
{
	return image->devices.slots_offset + slots_size(&image->devices) > PAGE - MAP_HEADER_MAX;
}

/* One type, no number beside a wildcard, some access, and no bit that has no meaning. */
static bool is_rule(uint64_t rule)
{
	const uint64_t unused = 0xfffULL << 36 | 3ULL << 54;
	uint32_t type = cgfence_selector_type(rule);

	return (type == BPF_DEVCG_DEV_BLOCK || type == BPF_DEVCG_DEV_CHAR) &&
	       (cgfence_rule_allow(rule) || cgfence_rule_deny(rule)) &&
	       !((rule & CGFENCE_SELECTOR_ANY_MAJOR) && cgfence_selector_major(rule)) &&
	       !((rule & CGFENCE_SELECTOR_ANY_MINOR) && cgfence_selector_minor(rule)) &&
	       !(rule & unused);
}

static bool check_any(const struct cgfence_device_table *header, int index)
{
	uint64_t rule = header->any[index];
	uint32_t type = index ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK;

	return !rule || (is_rule(rule) && (rule & ANY_SELECTOR) == ANY_SELECTOR &&
			 cgfence_selector_type(rule) == type);
}

/* A slot whose kind of wildcard the header does not tell is not looked up by the programs. */
static bool check_slot(const struct cgfence_device_table *header, uint64_t rule)
{
	uint64_t wildcards = rule & ANY_SELECTOR;

	return !rule || (is_rule(rule) && wildcards != ANY_SELECTOR &&
			 (wildcards != CGFENCE_SELECTOR_ANY_MINOR || header->has_by_major) &&
			 (wildcards != CGFENCE_SELECTOR_ANY_MAJOR || header->has_by_minor));
}

bool device_table_check(const struct cgfence_image *image)
{
	const struct cgfence_device_table *header = &image->devices;
	const uint64_t *slots = device_table_slots(image);

	for (size_t i = 0; i < header->slot_count; i++) {
		if (!check_slot(header, slots[i]))
			return false;
	}
	return check_any(header, 0) && check_any(header, 1);
}

static int add_rule(struct device_rules *rules, uint64_t packed)
{
	uint64_t selector = cgfence_rule_selector(packed);
	struct device_entry allow =
		device_rule_entry(selector, (uint8_t)cgfence_rule_allow(packed));
	struct device_entry deny = device_rule_entry(selector, (uint8_t)cgfence_rule_deny(packed));
	int result = 0;

	if (allow.access)
		result = device_rules_add(rules, &allow, false);
	if (result == 0 && deny.access)
		result = device_rules_add(rules, &deny, true);
	return result;
}

int device_table_decompile(const struct cgfence_image *image, struct device_rules *rules)
{
	const struct cgfence_device_table *header = &image->devices;
	const uint64_t *slots = device_table_slots(image);
	struct device_rules found = { 0 };
	int result = 0;

	for (int i = 0; i < 2 && result == 0; i++)
		result = add_rule(&found, header->any[i]);
	for (size_t i = 0; i < header->slot_count && result == 0; i++)
		result = add_rule(&found, slots[i]);
	if (result) {
		device_rules_free(&found);
		return result;
	}
	device_rules_normalise(&found);
	*rules = found;
	return 0;
}
