/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include "policy/policy.h"

#include <jansson.h>

/** policy_equal() - are two policies equal, apart from the cgroup that they name? */
bool policy_equal(const struct cgfence_policy *a, const struct cgfence_policy *b);

/** policy_write_base() - what "defaults" is, as a new JSON value. */
json_t *policy_write_base(enum device_base base);

/** policy_write_entries() - the allow or the deny entries of rules, as a new JSON array of their texts. */
json_t *policy_write_entries(const struct device_rules *rules, bool deny);

/** policy_write_port_set() - a set of ports as policies have it, as a new JSON value; NULL if out of memory. */
json_t *policy_write_port_set(const struct port_set *set);

/** policy_write_ports() - what "ports" is, as a new JSON value: one set for both protocols if they have the same. */
json_t *policy_write_ports(const struct port_set ports[CGFENCE_PROTOCOL_COUNT], bool sctp_any);
