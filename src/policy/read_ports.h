/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The sections of a policy about ports; see struct reader_key. Their target is the policy. */
#pragma once

#include "base/json_reader.h"

/** policy_read_ports() - the "ports" section. */
int policy_read_ports(struct reader *reader, const json_t *value, void *target);

/** policy_read_isolated_range() - "isolated_range". */
int policy_read_isolated_range(struct reader *reader, const json_t *value, void *target);
