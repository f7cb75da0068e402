/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is read of single fences only: their last refusals, and their listeners in excess. */
#pragma once

#include "top/rows.h"

#include <cgfence/reconcile.h>

/* So many refusals are kept of all those that the rows on the screen have. */
#define LOOKS_SUBJECTS_MAX 64

struct top_subject {
	struct cgfence_denial_record record;
	char *cgroup; /* printable */
};

struct top_listener {
	uint64_t fence; /* the id of the fence that it is in excess of */
	char *cgroup;	/* of the fence, or of the member, printable */
	char *socket;	/* such as "tcp [::]:8080" */
	char *comm;	/* printable */
	char *reason;	/* printable */
	uint32_t pid;	/* 0 if nobody in the fence has it */
	size_t rest;	/* not 0: it stands for so many that are not spelled out */
};

struct top_looks {
	struct top_subject *subjects; /* by the time of the last refusal, the newest first */
	size_t subject_count;
	struct top_listener *listeners;
	size_t listener_count;
	size_t listener_room;
};

/** looks_release() - free them all. */
void looks_release(struct top_looks *looks);

/** looks_forget_subjects() - before they are read again. */
void looks_forget_subjects(struct top_looks *looks);

/**
 * looks_add_subject() - keep a refusal if it is one of the last.
 * @cgroup: is copied, and made printable
 *
 * Return: 0, or -ENOMEM.
 */
int looks_add_subject(struct top_looks *looks, const struct cgfence_denial_record *record,
		      const char *cgroup);

/** looks_forget_listeners() - those of a fence, before a new look. */
void looks_forget_listeners(struct top_looks *looks, uint64_t fence);

/** looks_add_listener() - keep one, copied and made printable. Return: 0, or -ENOMEM. */
int looks_add_listener(struct top_looks *looks, uint64_t fence,
		       const struct cgfence_violation *violation);

/** looks_keep_listeners() - forget those of fences that are gone. @rows: the fences */
void looks_keep_listeners(struct top_looks *looks, const struct top_rows *rows);

/** looks_count_excess() - how many are in excess of a fence. @cgroup: only in this cgroup; NULL for all */
size_t looks_count_excess(const struct top_looks *looks, uint64_t fence, const char *cgroup);
