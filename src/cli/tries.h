/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What fences do on this host, tried on one that is there for a moment. */
#pragma once

#include "cli/trying.h"

/** tries_make() - try all of it, which takes less than a second. Nothing stays. */
void tries_make(struct tries *tries);
