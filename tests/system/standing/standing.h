/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shared by the tests of standing fences, whose patterns are below the cgroup of the test. */
#pragma once

#include "support/harness.h"

#include <cgfence/standing.h>

/** standing_pattern() - @below as a pattern below the cgroup of the test; it lives as long as the test. */
const char *standing_pattern(const char *below);

/** standing_skip_if_refused() - skip the test where the kernel takes no standing fences, as where it is locked down. */
void standing_skip_if_refused(void);

/** standing_attach() - attach a policy, with ' for ", to such a pattern; fails the test if that fails. */
enum cgfence_attach_result standing_attach(const char *below, const char *json);

/** standing_open() - a snapshot of the fence of such a pattern. */
struct cgfence_fence *standing_open(const char *below);

/** standing_member_count() - how many members it has. */
size_t standing_member_count(const char *below);

/** standing_count_places() - how many places standing fences have with the programs of the host. */
size_t standing_count_places(void);

/** standing_detach() - detach it. */
void standing_detach(const char *below);

/** standing_end() - detach all standing fences, and end the test; for .fini. */
void standing_end(void);
