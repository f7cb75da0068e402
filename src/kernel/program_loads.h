/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Notice of BPF programs that anybody loads, as the kernel gives it to profilers (PERF_RECORD_BPF_EVENT,
 * perf_event_open(2)). It comes before the program can be attached anywhere.
 */
#pragma once

#include <cgfence/cgfence.h>

struct program_loads;

/**
 * program_loads_open() - begin to be told.
 * @loads: receives it, to be given to program_loads_close()
 *
 * Return: 0, or -errno where the kernel does not tell.
 */
int program_loads_open(struct program_loads **loads, struct cgfence_error *error);

/** program_loads_close() - end it; NULL is fine. */
void program_loads_close(struct program_loads *loads);

/** program_loads_fd() - readable when there is notice; owned by @loads. */
int program_loads_fd(const struct program_loads *loads);

/** program_loads_read() - consume all notices so far. Return: was any program loaded? */
bool program_loads_read(struct program_loads *loads);
