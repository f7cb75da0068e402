/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The devices in a config.json of the OCI runtime specification (config-linux.md). */
#pragma once

#include "import/device_list.h"
#include "import/importing.h"

/**
 * oci_spec_read() - read the file of an import.
 * @spec: receives the whole, to be given to json_decref()
 * @rules: receives linux.resources.devices, to be given to list_rules_free(); a rule without access letters has none
 */
int oci_spec_read(struct importing *import, json_t **spec, struct list_rules *rules);

/** oci_spec_has_node() - does linux.devices of a specification have a node of this path? */
bool oci_spec_has_node(const json_t *spec, const char *path);
