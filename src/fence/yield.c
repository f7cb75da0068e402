// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/yield.h"

#include <cgfence/yield.h>

void cgfence_yield_set(cgfence_yield *yield, uint64_t every_ns, void *context)
{
	yield_set(yield, every_ns, context);
}
