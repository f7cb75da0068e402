/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the programs of a fence read beside what helpers tell them. A kernel may refuse each of it, which costs that and
 * not the fence.
 */
#pragma once

#include "fence/programs.h"

/**
 * readings_choose() - have the programs read what the policy needs and the kernel tells.
 * @set: its image is compiled; its description of how to read is replaced
 */
int readings_choose(struct fence_programs *set, struct cgfence_error *error);

/**
 * readings_reduce() - have them read less, after the kernel refused a program of the hook @set->refused.
 *
 * Return: false if nothing is left that it may have been refused for.
 */
bool readings_reduce(struct fence_programs *set);

/**
 * readings_reduce_task() - have programs learn in the next best way who is refused something.
 * @by: enum cgfence_task_by of these programs, in the image
 *
 * Return: false if they do not learn it at all already.
 */
bool readings_reduce_task(struct fence_programs *set, __u8 *by);
