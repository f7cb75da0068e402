/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counts and records a refusal. Runs on refusals only; the allowed path pays nothing. */
#pragma once

#include "lean.bpf.h"
#include "member.bpf.h"
#include <cgfence/denial.h>

static __always_inline void denial_read_task(struct cgfence_denial_record *record,
					     const struct cgfence_task_layout *layout, __u32 by)
{
	by = UNLESS_LEAN(by);
	if (by == CGFENCE_TASK_BY_OFFSET) {
		const char *task = (const char *)bpf_get_current_task();

		bpf_probe_read_kernel(&record->pid, sizeof(record->pid),
				      task + layout->tgid_offset);
		bpf_probe_read_kernel(record->comm, sizeof(record->comm),
				      task + layout->comm_offset);
	} else if (by == CGFENCE_TASK_BY_HELPER) {
		record->pid = bpf_get_current_pid_tgid() >> 32;
		bpf_get_current_comm(record->comm, sizeof(record->comm));
	} else {
		record->pid = 0;
		__builtin_memset(record->comm, 0, sizeof(record->comm));
	}
}

#ifdef STANDING
#define DENIAL_EVENT struct cgfence_event
#define SET_MEMBER(event, id) ((event)->member = (id))
#else
#define DENIAL_EVENT struct cgfence_plain_event
#define SET_MEMBER(event, id) ((void)(id))
#endif

/* While the buffer is half full, a fence sends at most one event of a listener in so long, and none without one. */
#define DENIAL_SPARSE_NS (1000 * 1000ULL)

/*
 * The second half of the buffer is for listeners, of which each fence gets its share, so that what one does hides
 * nothing of another. A lost event costs only a delay: the record is there, and the next pass finds the listener.
 */
static __always_inline void denial_tell(DENIAL_EVENT *event, struct cgfence_counters *counters,
					bool listens)
{
	__u64 now_ns = event->record.last_ns;

	if (bpf_ringbuf_query(&cgfence_events, BPF_RB_AVAIL_DATA) >= CGFENCE_EVENTS_SIZE / 2) {
		if (!listens || now_ns - counters->listened_ns < DENIAL_SPARSE_NS)
			return;
		counters->listened_ns = now_ns;
	}
	bpf_ringbuf_output(&cgfence_events, event, sizeof(*event), 0);
}

/*
 * Records a refusal of event->record.subject by the current task; fills in the rest of *event except socket_cookie and
 * made_outside.
 * @counters: of the fence
 * @hook: of the subject, a constant, which the program has in a register
 * @listens: the event has a socket_cookie
 * @by: enum cgfence_task_by
 */
static __always_inline void denial_record(DENIAL_EVENT *event, const struct cgfence_image *image,
					  const struct judged *judged,
					  struct cgfence_counters *counters, __u32 hook,
					  bool listens, __u32 by)
{
	struct cgfence_denial_record *record = &event->record;
	struct cgfence_denial_record *way;
	struct denial_place place;
	__u32 verdict;
	__u64 before;
	__u64 known;
	__u32 chosen;
	__s64 fence;
	__u64 seed;

	/* Read back from the stack, so that the verifier does not look at what follows once for each verdict. */
	verdict = *(const volatile __u8 *)&record->subject.verdict;
	if (!counters)
		return;
	seed = record_seed_of_fence(image, counters) ^ seed_of_member(judged->id);
	if (!denial_find(counters, cgfence_denial_set_index(record, hook, seed), &place))
		return;
	SET_MEMBER(event, judged->id);

	denial_read_task(record, &image->task, by);
	record->last_ns = bpf_ktime_get_boot_ns();

	bpf_spin_lock(place.lock);
	if (!denial_is_of(counters, &place)) {
		bpf_spin_unlock(place.lock);
		return;
	}
	chosen = cgfence_denial_choose_way(place.ways, place.members, record, judged->id, &known);
	way = &place.ways[chosen];
	/* Keeps the compiler from making branches with a copy of all that follows in each. */
	asm volatile("" : "+r"(known));
	before = way->count;
	record->count = (before & known) + 1;
	record->first_ns = (way->first_ns & known) | (record->last_ns & ~known);
	*way = *record;
	if (place.members)
		place.members[chosen] = judged->id;
	bpf_spin_unlock(place.lock);

	__sync_fetch_and_add(&counters->refusals[hook][verdict & (CGFENCE_VERDICT_SLOTS - 1)], 1);
	if (before & ~known)
		__sync_fetch_and_add(&counters->evicted, 1);

	count_for_member(judged, hook, verdict);
	/* Below 0 with CGFENCE_LEARNING_BIT. */
	fence = (__s64)id_of_fence(image, counters);
	event->cgroup_id = fence;
	/* In this order a fence that does not learn has no instruction for it. */
	if (fence < 0)
		bpf_ringbuf_output(&cgfence_events, event, sizeof(*event), 0);
	else if (record->count == 1 || listens)
		denial_tell(event, counters, listens);
}
