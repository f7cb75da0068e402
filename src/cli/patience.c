// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/patience.h"
#include "base/boot_time.h"
#include "report/output.h"

#include <errno.h>
#include <unistd.h>

#define STEP_US (20 * 1000)
#define TELL_NS (2 * 1000 * 1000 * 1000ULL)
#define LONGEST_NS (5 * 1000 * 1000 * 1000ULL)

bool patience_wait(struct patience *patience, int result, const struct cgfence_error *error)
{
	uint64_t now_ns = boot_time_ns();

	if (result != -EAGAIN)
		return false;
	if (!patience->since_ns)
		patience->since_ns = now_ns;
	if (now_ns - patience->since_ns >= LONGEST_NS)
		return false;
	if (now_ns - patience->since_ns >= TELL_NS && !patience->told) {
		patience->told = true;
		output_complain("waiting for a container runtime: %s", error->text);
	}
	usleep(STEP_US);
	return true;
}
