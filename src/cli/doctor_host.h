/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What this host is to fences, apart from its kernel. */
#pragma once

#include "report/finding.h"

/** doctor_look_at_place() - capabilities and mounts. */
void doctor_look_at_place(struct findings *findings);

/** doctor_look_at_host() - fences, the watch, container runtimes and programs of others. */
void doctor_look_at_host(struct findings *findings);
