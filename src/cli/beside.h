/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <stdint.h>

/**
 * beside_complain() - complain of programs of others on members of a standing fence that it could not take the place of.
 * @id: of a fence; one on one cgroup, or whose policy has no "adopt", has none
 */
void beside_complain(uint64_t id);
