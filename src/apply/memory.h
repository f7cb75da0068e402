/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which fence has which policy, so that a fence is read again only after a change. Every command that changes a fence
 * changes its directory of pins, whose times are the mark of it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct apply_memory;

/** apply_memory_new() - knows nothing. Return: NULL if out of memory. */
struct apply_memory *apply_memory_new(void);

/** apply_memory_free() - free it; NULL is fine. */
void apply_memory_free(struct apply_memory *memory);

/** apply_memory_clear() - forget all. */
void apply_memory_clear(struct apply_memory *memory);

/**
 * apply_memory_find() - the text that the policy of a fence has.
 * @id: of its cgroup
 * @mark: of fence_mark(), as it is now
 *
 * Return: what apply_memory_add() was given, NULL if it is not known.
 */
const char *apply_memory_find(const struct apply_memory *memory, uint64_t id, uint64_t mark);

/**
 * apply_memory_add() - keep what the next round is to know.
 * @mark: from before the fence was read
 * @text: must outlive the memory
 *
 * It may be left out, if there is no memory for it.
 */
void apply_memory_add(struct apply_memory *memory, uint64_t id, uint64_t mark, const char *text);

/** apply_memory_turn() - end a round: only what was added in it is known from now on. */
void apply_memory_turn(struct apply_memory *memory);
