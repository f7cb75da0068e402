/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The sections of a policy about devices; see struct reader_key. Their target is the policy. */
#pragma once

#include "base/json_reader.h"

/** policy_read_devices() - the "devices" section. */
int policy_read_devices(struct reader *reader, const json_t *value, void *target);

/** policy_read_allowed_devices() - "allowed_devices", the form of Mesos. */
int policy_read_allowed_devices(struct reader *reader, const json_t *value, void *target);
