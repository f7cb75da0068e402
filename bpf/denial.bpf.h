/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counts and records a refusal. Runs on refusals only; the allowed path pays nothing. */
#pragma once

#include "member.bpf.h"
#include <cgfence/denial.h>

static __always_inline void denial_read_task(struct cgfence_denial_record *record,
					     const struct cgfence_task_layout *layout, __u32 by)
{
	if (by == CGFENCE_TASK_BY_OFFSET) {
		const char *task = (const char *)bpf_get_current_task();

		bpf_probe_read_kernel(&record->pid, sizeof(record->pid),
				      task + layout->tgid_offset);
		bpf_probe_read_kernel(record->comm, sizeof(record->comm),
				      task + layout->comm_offset);
	} else if (by == CGFENCE_TASK_BY_HELPER) {
		record->pid = bpf_get_current_pid_tgid() >> 32;
		bpf_get_current_comm(record->comm, sizeof(record->comm));
	}
}

#ifdef STANDING
#define DENIAL_EVENT struct cgfence_event
#define DENIAL_SET struct cgfence_standing_denial_set
#define SET_MEMBER(event, id) ((event)->member = (id))
#define MEMBER_OF(event) ((event)->member)
#define MEMBERS_OF(set) ((set)->members)
#else
#define DENIAL_EVENT struct cgfence_plain_event
#define DENIAL_SET struct cgfence_denial_set
#define SET_MEMBER(event, id) ((void)(id))
#define MEMBER_OF(event) 0ULL
#define MEMBERS_OF(set) ((__u64 *)0)
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
 * Records a refusal of event->record.subject by the current task, in the member of *event; fills in the rest of it except
 * socket_cookie.
 * @by: enum cgfence_task_by
 */
static __always_inline void denial_record(DENIAL_EVENT *event, const struct cgfence_image *image,
					  __u32 by)
{
	struct cgfence_denial_record *record = &event->record;
	__u64 seed = image->record_seed ^ seed_of_member(MEMBER_OF(event));
	__u32 set_index = cgfence_denial_set_index(&record->subject, seed);
	struct cgfence_denial_record *way;
	/* Where it is a constant, the compiler forgets that once helpers have seen the event. */
	const bool listens = event->socket_cookie;
	struct cgfence_counters *counters;
	DENIAL_SET *set;
	__u64 *members;
	__u32 chosen;
	bool evicts = false;
	bool known;
	__u64 *refusals;
	__s64 fence;
	__u32 zero = 0;

	counters = bpf_map_lookup_elem(&cgfence_count, &zero);
	set = bpf_map_lookup_elem(&cgfence_denials, &set_index);
	if (!counters || !set)
		return;

	denial_read_task(record, &image->task, by);
	record->last_ns = bpf_ktime_get_boot_ns();

	bpf_spin_lock(&set->lock);
	members = MEMBERS_OF(set);
	way = cgfence_denial_choose_way(set->ways, members, &record->subject, MEMBER_OF(event),
					&known, &chosen);
	if (known) {
		record->count = way->count + 1;
		record->first_ns = way->first_ns;
	} else {
		evicts = way->count != 0;
		record->count = 1;
		record->first_ns = record->last_ns;
	}
	*way = *record;
	if (members)
		members[chosen] = MEMBER_OF(event);
	bpf_spin_unlock(&set->lock);

	refusals = counters->refusals[record->subject.hook & (CGFENCE_HOOK_SLOTS - 1)];
	__sync_fetch_and_add(&refusals[record->subject.verdict & (CGFENCE_VERDICT_SLOTS - 1)], 1);
	if (evicts)
		__sync_fetch_and_add(&counters->evicted, 1);

	count_for_member(MEMBER_OF(event), &record->subject);
	/* Below 0 with CGFENCE_LEARNING_BIT. */
	fence = (__s64)image->cgroup_id;
	event->cgroup_id = fence;
	/* In this order a fence that does not learn has no instruction for it. */
	if (fence < 0)
		bpf_ringbuf_output(&cgfence_events, event, sizeof(*event), 0);
	else if (record->count == 1 || listens)
		denial_tell(event, counters, listens);
}
