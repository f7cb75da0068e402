// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/trial.h"
#include "kernel/pins.h"

#include <cgfence/cgfence.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* More than any trial opens. */
#define DESCRIPTORS_NEEDED 64

static const char *const endings[] = { [TRIAL_TAKEN] = "taken", [TRIAL_REFUSED] = "refused" };

static void answer_path(char path[PINS_PATH_SIZE], const char *name, enum trial answer)
{
	static const char directory[] = PINS_KERNEL "/";

	snprintf(path, PINS_PATH_SIZE, "%s%s_%s_%s", directory, name, endings[answer],
		 CGFENCE_VERSION);
	/* bpffs takes no periods in names (bpf_lookup(), kernel/bpf/inode.c). */
	for (char *c = path + sizeof(directory) - 1; *c; c++)
		*c = *c == '.' ? '-' : *c;
}

enum trial trial_recall(const char *name)
{
	char path[PINS_PATH_SIZE];

	for (enum trial answer = TRIAL_TAKEN; answer <= TRIAL_REFUSED; answer++) {
		answer_path(path, name, answer);
		if (access(path, F_OK) == 0)
			return answer;
	}
	return TRIAL_UNKNOWN;
}

/*
 * Who runs short of descriptors is refused what the kernel takes, and mostly not told why: libbpf tries features, and goes
 * by what fails.
 */
static bool has_descriptors(void)
{
	int taken[DESCRIPTORS_NEEDED];
	int count = 0;

	taken[0] = open("/", O_PATH | O_CLOEXEC);
	while (taken[count] >= 0 && ++count < DESCRIPTORS_NEEDED)
		taken[count] = fcntl(taken[0], F_DUPFD_CLOEXEC, 0);
	for (int i = 0; i < count; i++)
		close(taken[i]);
	return count == DESCRIPTORS_NEEDED;
}

void trial_remember(const char *name, enum trial answer)
{
	char path[PINS_PATH_SIZE];

	if (answer == TRIAL_REFUSED && !has_descriptors())
		return;
	mkdir(PINS_KERNEL, 0700);
	answer_path(path, name, answer == TRIAL_TAKEN ? TRIAL_REFUSED : TRIAL_TAKEN);
	rmdir(path);
	answer_path(path, name, answer);
	mkdir(path, 0700);
}
