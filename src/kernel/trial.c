// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/trial.h"
#include "kernel/pins.h"

#include <cgfence/cgfence.h>

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

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

void trial_remember(const char *name, enum trial answer)
{
	char path[PINS_PATH_SIZE];

	mkdir(PINS_KERNEL, 0700);
	answer_path(path, name, answer == TRIAL_TAKEN ? TRIAL_REFUSED : TRIAL_TAKEN);
	rmdir(path);
	answer_path(path, name, answer);
	mkdir(path, 0700);
}
