// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/member_host.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/member_records.h"
#include "kernel/pins.h"

#include <bpf/bpf.h>
#include <string.h>

void member_host_leave(struct member_host *host)
{
	member_places_unmap(&host->places);
	member_programs_close(&host->programs);
	cleanup_close_descriptor(&host->lock);
	host->lock = -1;
}

int member_host_enter(struct member_host *host, bool make, struct cgfence_error *error)
{
	int result;

	host->lock = pins_lock_shared();
	if (host->lock < 0) {
		result = errno == ENOENT ? -ENOENT : -EIO;
		error_set(error, errno, "cannot open " PINS_ROOT ": %s", strerror(errno));
		return result;
	}
	result = make ? member_programs_make(&host->programs, error)
		      : member_programs_open(&host->programs, error);
	return result ? result : member_places_map(&host->programs, &host->places, error);
}

static int free_place(const struct member_host *host, uint64_t fence_id, uint32_t number)
{
	struct cgfence_place *place = &host->places.places[number];
	int result;

	if (place->fence_id != fence_id)
		return 0;
	result = member_places_unlink(&host->places, number);
	if (result)
		return result;
	if (bpf_map_delete_elem(host->programs.members, &number) < 0 && errno != ENOENT)
		return -errno;
	member_globs_drop(host->programs.globs, number, place->components + place->exceptions);
	if (place->lost)
		member_lost_drop(host->programs.lost, number);
	__atomic_store_n(&place->fence_id, 0, __ATOMIC_SEQ_CST);
	return 0;
}

bool member_host_free(uint64_t fence_id, uint32_t place, bool last)
{
	cleanup_member_host struct member_host host = MEMBER_HOST_CLOSED;
	int result = place < CGFENCE_PLACES ? member_host_enter(&host, false, NULL) : -ENOENT;

	/* Of programs that are gone nothing is left. */
	if (result == -ENOENT)
		return true;
	if (result == 0)
		result = free_place(&host, fence_id, place);
	if (result == 0 && last)
		member_gone_drop(host.programs.gone, fence_id);
	return result == 0;
}

void member_host_sweep(void)
{
	cleanup_member_host struct member_host host = MEMBER_HOST_CLOSED;

	if (member_host_enter(&host, false, NULL))
		return;
	for (uint32_t i = 0; i < CGFENCE_PLACES; i++) {
		uint64_t id = host.places.places[i].fence_id;

		if (id && !pins_are_there(id) && !pins_are_detaching(id) &&
		    free_place(&host, id, i) == 0)
			member_gone_drop(host.programs.gone, id);
	}
}
