/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The device entries that all filters are given, in the words of each. */
#pragma once

#include "support/whitelist_program.h"

/* The first entries are the defaults. */
#define ENTRIES_DEFAULT 14

/**
 * entries_get() - the @index-th: first the defaults, then devices with numbers of their own.
 *
 * These may be read and written alone: for all access runc generates a shorter program.
 */
struct whitelist_entry entries_get(size_t index);

/** entries_policy() - a policy of the first @count, with ' for ", to be given to free(). */
char *entries_policy(size_t count);

/** entries_crun() - load the program that crun generates for the first @count. Return: a descriptor, or -errno. */
int entries_crun(size_t count);

/**
 * entries_runc() - have the packaged runc make a container with the first @count, and keep the program that it generates.
 *
 * The container is gone afterwards, and never ran anything.
 *
 * Return: a descriptor of the program; -1 if runc is not there or failed.
 */
int entries_runc(size_t count);
