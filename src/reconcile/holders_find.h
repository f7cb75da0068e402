/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finds holders with the means that the kernel has. */
#pragma once

#include "net/listener.h"
#include "reconcile/holders_iterator.h"
#include "reconcile/port_fences.h"

/**
 * holders_find() - look for holders in all fences.
 * @listeners: whose holders are wanted; @list may gain holders of others
 * @iterator: NULL to walk /proc, and to load an iterator only if /proc does not show everything
 * @list: gains the holders
 *
 * Return: 0, or the first failure; what did not fail is in @list.
 */
int holders_find(const struct port_fences *fences, const struct hierarchy *hierarchy,
		 const struct listeners *listeners, struct holders_iterator *iterator,
		 struct holders *list, struct cgfence_error *error);

/*
 * A second look at the holders of all fences, which the listeners of a pass share: it takes as long as a pass. All but
 * the iterator begins with zeros.
 */
struct second_look {
	struct holders_iterator *iterator; /* NULL: load one */
	struct holders holders;		   /* by cookie */
	uint64_t taken_ns;		   /* CLOCK_BOOTTIME; 0 if it is not taken yet */
	int result;
	struct cgfence_error error;
};

/** second_look_free() - free the holders. */
void second_look_free(struct second_look *look);

/**
 * second_look_find() - does a task of this fence hold this listener, without a descriptor or with one?
 * @fence: index of one of @fences
 * @held: receives the answer
 *
 * Return: 0, or -errno if the answer is unknown.
 */
int second_look_find(struct second_look *look, const struct port_fences *fences, size_t fence,
		     const struct listener *listener, bool *held, struct cgfence_error *error);
