// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs that have come back take the place of those that their owner had there before, and of no others. */
#include "base/cleanup.h"
#include "base/error.h"
#include "cgroup/hierarchy.h"
#include "kernel/adopted.h"
#include "kernel/foreign.h"

#include <string.h>

/* So many programs of a type a cgroup takes, one of which is that of the fence (BPF_CGROUP_MAX_PROGS, __cgroup_bpf_attach()). */
#define KEPT_MAX (64 - 1)

typedef bool matcher(const struct adopted_program *kept, const struct adopted_program *found);

static bool has_name(const struct adopted_program *kept, const struct adopted_program *found)
{
	char theirs[16];
	char ours[16];

	foreign_read_name(kept->id, ours);
	foreign_read_name(found->id, theirs);
	return strcmp(ours, theirs) == 0;
}

/* systemd and others name their programs; those without a name are of anybody. */
static bool has_true_name(const struct adopted_program *kept, const struct adopted_program *found)
{
	char name[16];

	foreign_read_name(kept->id, name);
	return *name && has_name(kept, found);
}

/* @pairs: where it is NULL, and one that nobody has taken matches on the same cgroup, it receives that one */
static void pair(const struct adopted *kept, const struct adopted *found, matcher *matches,
		 bool *taken, const struct adopted_program **pairs)
{
	for (size_t i = 0; i < found->count; i++) {
		for (size_t j = 0; j < kept->count && !pairs[i]; j++) {
			if (taken[j] ||
			    kept->programs[j].cgroup_id != found->programs[i].cgroup_id ||
			    !matches(&kept->programs[j], &found->programs[i]))
				continue;
			taken[j] = true;
			pairs[i] = &kept->programs[j];
		}
	}
}

/* Return: 0, the array to be given to free(). An owner whose rules have changed makes a program of the same name. */
static int pair_all(const struct adopted *kept, const struct adopted *found, matcher *by_name,
		    const struct adopted_program ***pairs)
{
	cleanup_free bool *taken = calloc(kept->count + 1, sizeof(*taken));
	cleanup_free const struct adopted_program **made =
		calloc(found->count + 1, sizeof(const struct adopted_program *));

	if (!taken || !made)
		return -ENOMEM;
	pair(kept, found, adopted_is_like, taken, made);
	pair(kept, found, by_name, taken, made);
	*pairs = cleanup_steal(made);
	return 0;
}

static bool is_paired(const struct adopted_program *kept,
		      const struct adopted_program *const *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (pairs[i] == kept)
			return true;
	}
	return false;
}

int adopted_part(const struct adopted *kept, const struct adopted *found,
		 const struct adopted_program ***predecessors, struct adopted *staying)
{
	cleanup_free const struct adopted_program **pairs = NULL;
	cleanup_free struct adopted_program *stay = calloc(kept->count + 1, sizeof(*stay));
	size_t count = 0;

	if (!stay || pair_all(kept, found, has_name, &pairs))
		return -ENOMEM;
	for (size_t i = 0; i < kept->count; i++) {
		if (!is_paired(&kept->programs[i], pairs, found->count))
			stay[count++] = kept->programs[i];
	}
	*predecessors = cleanup_steal(pairs);
	*staying = (struct adopted){ cleanup_steal(stay), count };
	return 0;
}

/* Behind those that are kept of its cgroup, and those that were added before it. */
static uint32_t next_order(const struct adopted *kept, const struct adopted *found, size_t index)
{
	uint64_t cgroup = found->programs[index].cgroup_id;
	uint32_t order = 0;

	for (size_t i = 0; i < kept->count; i++) {
		if (kept->programs[i].cgroup_id == cgroup && kept->programs[i].order >= order)
			order = kept->programs[i].order + 1;
	}
	for (size_t i = 0; i < index; i++)
		order += found->programs[i].cgroup_id == cgroup;
	return order;
}

/* How many a fence would keep of a cgroup. */
static size_t count_then(const struct adopted *kept, const struct adopted *found,
			 const struct adopted_program *const *pairs, uint64_t cgroup)
{
	size_t count = 0;

	for (size_t i = 0; i < kept->count; i++)
		count += kept->programs[i].cgroup_id == cgroup;
	for (size_t i = 0; i < found->count; i++)
		count += found->programs[i].cgroup_id == cgroup && !pairs[i];
	return count;
}

/* More than a cgroup takes could never be given back, and the fence could not be detached. */
static int check_room(const struct adopted *kept, const struct adopted *found,
		      const struct adopted_program *const *pairs, struct cgfence_error *error)
{
	for (size_t i = 0; i < found->count; i++) {
		size_t count = count_then(kept, found, pairs, found->programs[i].cgroup_id);

		if (!pairs[i] && count > KEPT_MAX)
			return error_set(
				error, EPERM,
				"with those that the fence keeps already, it would have %zu programs to give back to a cgroup, which takes no more than %d beside it; 'cgfence release' gives back those that it keeps",
				count, KEPT_MAX);
	}
	return 0;
}

/* Their flags are those of now, and their order is that of the ones that they replace. */
int adopted_swap(uint64_t id, const struct adopted *kept, const struct adopted *adopted,
		 struct cgfence_error *error)
{
	cleanup_free const struct adopted_program **pairs = NULL;
	int result = 0;

	if (pair_all(kept, adopted, has_name, &pairs))
		return error_out_of_memory(error);
	result = check_room(kept, adopted, pairs, error);
	for (size_t i = 0; i < adopted->count && result == 0; i++) {
		struct adopted_program program = adopted->programs[i];

		program.order = pairs[i] ? pairs[i]->order : next_order(kept, adopted, i);
		if (pairs[i])
			adopted_unpin_one(id, pairs[i]);
		result = adopted_pin_one(id, &program, error);
		if (result && pairs[i])
			adopted_pin_one(id, pairs[i], NULL);
	}
	return result;
}

/* ---- what needs not be given back ---- */

static bool is_kept(const struct adopted *kept, uint32_t id)
{
	for (size_t i = 0; i < kept->count; i++) {
		if (kept->programs[i].id == id)
			return true;
	}
	return false;
}

/* The programs of others that are on the cgroups of @kept, without those; its programs are by cgroup. */
static int find_successors(const struct adopted *kept, struct adopted *found)
{
	cleanup_hierarchy struct hierarchy hierarchy = HIERARCHY_CLOSED;
	size_t count = 0;
	int result = hierarchy_open(&hierarchy, NULL);

	for (size_t i = 0; i < kept->count && result == 0; i++) {
		uint64_t id = kept->programs[i].cgroup_id;
		cleanup_close int cgroup = -1;

		if (i > 0 && kept->programs[i - 1].cgroup_id == id)
			continue;
		cgroup = hierarchy_open_directory(&hierarchy, id);
		if (cgroup >= 0)
			result = adopted_find_any(cgroup, id, found);
	}
	for (size_t i = 0; i < found->count; i++) {
		if (!is_kept(kept, found->programs[i].id))
			found->programs[count++] = found->programs[i];
	}
	found->count = count;
	return result;
}

int adopted_drop_succeeded(struct adopted *kept)
{
	cleanup_free const struct adopted_program **pairs = NULL;
	cleanup_free bool *succeeded = calloc(kept->count + 1, sizeof(*succeeded));
	cleanup_adopted struct adopted found = { 0 };
	size_t count = 0;
	int result = !succeeded ? -ENOMEM : kept->count ? find_successors(kept, &found) : 0;

	if (result || !found.count)
		return result;
	result = pair_all(kept, &found, has_true_name, &pairs);
	if (result)
		return result;
	for (size_t i = 0; i < kept->count; i++) {
		struct adopted_program program = kept->programs[i];

		succeeded[i] = is_paired(&kept->programs[i], pairs, found.count);
		if (succeeded[i])
			cleanup_close_descriptor(&program.fd);
	}
	for (size_t i = 0; i < kept->count; i++) {
		if (!succeeded[i])
			kept->programs[count++] = kept->programs[i];
	}
	kept->count = count;
	return 0;
}
