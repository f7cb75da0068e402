/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Containers of Proxmox VE, whose lines for LXC stand behind what it makes of its own (update_lxc_config, src/PVE/LXC.pm). */
#pragma once

#include "import/lxc_rules.h"

/* Between keys and values, also of the lines for LXC. */
#define LXC_PROXMOX_SEPARATORS "=:"

/** lxc_proxmox_find() - is the file of Proxmox, which writes "KEY: VALUE"? Return: 0 or -ENOMEM. */
int lxc_proxmox_find(const struct importing *import, bool *proxmox);

/** lxc_proxmox_begin() - add the rules that come before those of the lines for LXC, wherever the lines are. */
int lxc_proxmox_begin(const struct importing *import, struct lxc_rules *read);
