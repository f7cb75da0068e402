// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "soak_clock.h"
#include "base/boot_time.h"

#include <sched.h>
#include <sys/sysinfo.h>
#include <unistd.h>

/* How often the clock is advanced, and by how much at most. */
#define TICK_US 5000
#define TICK_MAX_NS 50000000ULL

/* A processor that stands still keeps who moves to it. */
static void move_to_next_processor(int *processor)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET((size_t)*processor, &one);
	*processor = (*processor + 1) % get_nprocs_conf();
	/* Not every processor may be used here. */
	sched_setaffinity(0, sizeof(one), &one);
}

void soak_keep_time(struct soak *soak)
{
	uint64_t before_ns = boot_time_ns();
	int processor = 0;

	while (!__atomic_load_n(&soak->stop, __ATOMIC_SEQ_CST)) {
		uint64_t passed_ns;

		move_to_next_processor(&processor);
		usleep(TICK_US);
		passed_ns = boot_time_ns() - before_ns;
		before_ns += passed_ns;
		__atomic_add_fetch(&soak->now, passed_ns < TICK_MAX_NS ? passed_ns : TICK_MAX_NS,
				   __ATOMIC_SEQ_CST);
	}
}

uint64_t soak_now(const struct soak *soak)
{
	return __atomic_load_n(&soak->now, __ATOMIC_SEQ_CST);
}

void soak_note_life(struct soak *soak, uint64_t life)
{
	uint64_t longest = __atomic_load_n(&soak->longest, __ATOMIC_SEQ_CST);

	while (life > longest && !__atomic_compare_exchange_n(&soak->longest, &longest, life, false,
							      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
}
