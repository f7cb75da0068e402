/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The data of one fence whose programs may be shared: two maps of the host, in which the programs find it.
 *
 * The kernel makes the element of a cgroup in CGFENCE_OWN_MAP with the first program that is attached there, and frees it
 * with the cgroup; no program may be attached by a link in place of another that does not use the same map, for the kernel
 * would hand it the element of the other (__cgroup_bpf_replace, kernel/bpf/cgroup.c).
 */
#pragma once

#include "kernel/hook.h"
#include "kernel/maps.h"

/**
 * own_enter() - open those maps, made if need be, and make room for the records of a fence.
 * @maps: receives the two maps
 *
 * Return: 0, or -errno with nothing changed.
 */
int own_enter(uint64_t id, struct fence_maps *maps, struct cgfence_error *error);

/** own_enter_again() - make those of its records that are not there any more. */
int own_enter_again(uint64_t id, const struct fence_maps *maps, struct cgfence_error *error);

/** own_refuse() - have own_enter() fail until the next boot, since the kernel takes no programs that use the maps. */
void own_refuse(void);

/**
 * own_begin() - write what is of a fence before its first program runs.
 * @hook: on which programs can be attached to the cgroup
 * @own: its id is that of the cgroup
 * @maps: all open
 */
int own_begin(const struct cgfence_cgroup *cgroup, const struct hook *hook,
	      const struct fence_maps *maps, const struct cgfence_own *own,
	      struct cgfence_error *error);

/** own_read() - read what is of a fence. */
int own_read(const struct fence_maps *maps, uint64_t id, struct cgfence_own *own,
	     struct cgfence_error *error);

/** own_read_set() - read a set of denials of a fence. Return: 0 or -errno. */
int own_read_set(const struct fence_maps *maps, uint64_t id, uint32_t index,
		 struct cgfence_denial_record ways[CGFENCE_DENIAL_WAYS]);

/** own_leave() - free the records of a fence, if there are any. */
void own_leave(uint64_t id);

/** own_leave_host() - unpin the maps if there is no fence any more. */
void own_leave_host(void);
