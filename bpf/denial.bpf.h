/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counts and records a refusal. Runs on refusals only, so that what is allowed pays nothing for it. */
#pragma once

#include "maps.bpf.h"

static __always_inline void denial_read_task(struct cgfence_denial_record *record,
					     const struct cgfence_task_layout *layout,
					     bool by_offset)
{
	if (by_offset) {
		const char *task = (const char *)bpf_get_current_task();

		bpf_probe_read_kernel(&record->pid, sizeof(record->pid),
				      task + layout->tgid_offset);
		bpf_probe_read_kernel(record->comm, sizeof(record->comm),
				      task + layout->comm_offset);
	} else {
		record->pid = bpf_get_current_pid_tgid() >> 32;
		bpf_get_current_comm(record->comm, sizeof(record->comm));
	}
}

static __always_inline __u32 denial_set_index(const struct cgfence_denial_subject *subject)
{
	__u64 hash =
		((__u64) * (const __u32 *)subject << 32 | subject->major) * 0x9e3779b97f4a7c15ULL;

	hash = (hash ^ subject->minor) * 0x9e3779b97f4a7c15ULL;
	return hash >> 32 & (CGFENCE_DENIAL_SETS - 1);
}

/* All bits if they are equal, else none. */
static __always_inline __u64 denial_same_subject(const struct cgfence_denial_subject *a,
						 const struct cgfence_denial_subject *b)
{
	__u32 difference = (*(const __u32 *)a ^ *(const __u32 *)b) | (a->major ^ b->major) |
			   (a->minor ^ b->minor);

	return -(((__u64)difference - 1) >> 63);
}

/*
 * The way that holds the subject, for that counts as the oldest of all, else an unused one, else the one that was
 * refused longest ago. An unused way is all 0, which is no subject, as the type of one is not 0. Without branches, for
 * each would double what the verifier has to look at.
 */
static __always_inline struct cgfence_denial_record *
denial_choose_way(struct cgfence_denial_set *set, const struct cgfence_denial_subject *subject,
		  bool *known)
{
	struct cgfence_denial_record *way = set->ways;
	__s64 oldest = way->last_ns | denial_same_subject(&way->subject, subject);
	__u32 chosen = 0;

	for (__u32 i = 1; i < CGFENCE_DENIAL_WAYS; i++) {
		__u64 older;
		__s64 age;

		/* Or the compiler would unroll the loop: a program has to fit into a page. */
		asm volatile("" : "+r"(i));
		way++;
		age = way->last_ns | denial_same_subject(&way->subject, subject);
		/* All bits if age is less, else none: these are times since the boot, or -1. */
		older = (age - oldest) >> 62;
		/* Or the compiler would make branches of it. */
		asm volatile("" : "+r"(older));
		oldest += (age - oldest) & older;
		chosen ^= (chosen ^ i) & older;
	}
	*known = oldest < 0;
	return &set->ways[chosen & (CGFENCE_DENIAL_WAYS - 1)];
}

/*
 * Records a refusal of event->record.subject by the current task; the rest of *event is filled in here, but for
 * socket_cookie.
 */
static __always_inline void denial_record(struct cgfence_event *event,
					  const struct cgfence_image *image, bool by_offset)
{
	struct cgfence_denial_record *record = &event->record;
	__u32 set_index = denial_set_index(&record->subject);
	struct cgfence_denial_record *way;
	struct cgfence_counters *counters;
	struct cgfence_denial_set *set;
	bool evicts = false;
	bool known;
	__u64 *refusals;
	__u32 zero = 0;

	counters = bpf_map_lookup_elem(&cgfence_count, &zero);
	set = bpf_map_lookup_elem(&cgfence_denials, &set_index);
	if (!counters || !set)
		return;

	denial_read_task(record, &image->task, by_offset);
	record->last_ns = bpf_ktime_get_boot_ns();

	bpf_spin_lock(&set->lock);
	way = denial_choose_way(set, &record->subject, &known);
	if (known) {
		record->count = way->count + 1;
		record->first_ns = way->first_ns;
	} else {
		evicts = way->count != 0;
		record->count = 1;
		record->first_ns = record->last_ns;
	}
	*way = *record;
	bpf_spin_unlock(&set->lock);

	refusals = counters->refusals[record->subject.hook & (CGFENCE_HOOK_SLOTS - 1)];
	__sync_fetch_and_add(&refusals[record->subject.verdict & (CGFENCE_VERDICT_SLOTS - 1)], 1);
	if (evicts)
		__sync_fetch_and_add(&counters->evicted, 1);

	event->cgroup_id = image->cgroup_id;
	if (record->count == 1 || event->socket_cookie)
		bpf_ringbuf_output(&cgfence_events, event, sizeof(*event), 0);
}
