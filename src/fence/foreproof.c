// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/foreproof.h"
#include "base/yield.h"
#include "fence/fence.h"
#include "fence/levels.h"
#include "fence/proof.h"
#include "fence/returned.h"

static int find(const struct cgfence_cgroup *cgroup, struct adopted *found,
		struct cgfence_error *error)
{
	return levels_find(cgfence_cgroup_fd(cgroup), cgfence_cgroup_id(cgroup),
			   cgfence_cgroup_path(cgroup), found, error);
}

int foreproof_first(const struct cgfence_cgroup *cgroup, const struct cgfence_policy *policy,
		    struct foreproof *proof, struct cgfence_error *error)
{
	cleanup_adopted struct adopted found = { 0 };
	int result = find(cgroup, &found, error);

	if (result || !found.count)
		return result;
	result = fence_prove_policy(policy, &found, error);
	if (result == 0)
		*proof = (struct foreproof){ .programs = returned_hash(&found) };
	return result;
}

/* Mostly their owner made the same program again, and the kernel need not be asked. */
static int prove(uint64_t id, const struct cgfence_policy *policy, const struct adopted *kept,
		 const struct adopted *found, struct cgfence_error *error)
{
	if (adopted_are_known(kept, found))
		return 0;
	return id & CGFENCE_STANDING_ID ? fence_prove_stricter(policy, found, error)
					: fence_prove_again(policy, kept, found, error);
}

int foreproof_again(uint64_t id, const struct cgfence_cgroup *cgroup, struct foreproof *proof,
		    struct cgfence_error *error)
{
	cleanup_fence struct cgfence_fence *fence = NULL;
	cleanup_adopted struct adopted found = { 0 };
	cleanup_adopted struct adopted kept = { 0 };
	int result = 0;

	/* Whoever has the lock says what is wrong. */
	if (fence_read(id, &fence, NULL) || !cgfence_fence_policy(fence)->adopt)
		return 0;
	result = find(cgroup, &found, error);
	if (result || !found.count)
		return result;
	result = adopted_read(id, &kept, error);
	if (result == 0)
		result = prove(id, cgfence_fence_policy(fence), &kept, &found, error);
	if (result == 0)
		*proof = (struct foreproof){ .programs = returned_hash(&found),
					     .generation = cgfence_fence_generation(fence) };
	return result;
}

static bool holds(const struct foreproof *proof, const struct adopted *programs,
		  uint64_t generation)
{
	return proof->programs && proof->programs == returned_hash(programs) &&
	       proof->generation == generation;
}

int foreproof_confirm_first(const struct foreproof *proof, const struct cgfence_policy *policy,
			    const struct adopted *found, struct cgfence_error *error)
{
	int result;

	if (holds(proof, found, 0))
		return 0;
	/* What would be called may want the lock, too. */
	yield_hold();
	result = fence_prove_policy(policy, found, error);
	yield_release();
	return result;
}

int foreproof_confirm_again(const struct foreproof *proof, uint64_t id,
			    const struct cgfence_policy *policy, uint64_t generation,
			    const struct adopted *kept, const struct adopted *found,
			    struct cgfence_error *error)
{
	int result;

	if (holds(proof, found, generation))
		return 0;
	yield_hold();
	result = prove(id, policy, kept, found, error);
	yield_release();
	return result;
}
