/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the walk of /proc looks for. */
#pragma once

#include "reconcile/holders_walk.h"

#define WANTED_MAX 256

/** wanted_list() - all listeners of this network namespace, sorted for holders_walk(). Return: how many. */
size_t wanted_list(struct wanted_socket wanted[WANTED_MAX]);
