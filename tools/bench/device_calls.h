/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a device filter adds to whole system calls. */
#pragma once

struct bench;
struct device_filters;

/** bench_device_calls() - open(2) and access(2) with each of the filters, which are made anew meanwhile. */
void bench_device_calls(struct bench *bench, struct device_filters *filters);
