// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/yield.h"
#include "base/boot_time.h"

#include <stddef.h>

static _Thread_local struct {
	void (*function)(void *context);
	void *context;
	uint64_t every_ns;
	uint64_t last_ns;
	bool running;
	unsigned int held;
} yielding;

void yield_set(void (*function)(void *context), uint64_t every_ns, void *context)
{
	yielding.function = function;
	yielding.context = context;
	yielding.every_ns = every_ns;
	yielding.last_ns = boot_time_ns();
}

bool yield_is_possible(void)
{
	return yielding.function && !yielding.running && !yielding.held;
}

void yield_now(void)
{
	if (!yield_is_possible() || boot_time_ns() - yielding.last_ns < yielding.every_ns)
		return;
	yielding.running = true;
	yielding.function(yielding.context);
	yielding.running = false;
	yielding.last_ns = boot_time_ns();
}

bool yield_is_running(void)
{
	return yielding.running;
}

void yield_hold(void)
{
	yielding.held++;
}

void yield_release(void)
{
	yielding.held--;
}
