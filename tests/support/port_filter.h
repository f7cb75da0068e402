/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A program of somebody else on a hook of bind, as a manager of services attaches it. */
#pragma once

#include <bpf/bpf.h>
#include <cgfence/cgfence.h>

/** port_filter_put() - attach one that refuses port 8080, with BPF_F_ALLOW_MULTI; the test fails if that fails. */
void port_filter_put(const struct cgfence_cgroup *cgroup, enum bpf_attach_type type);
