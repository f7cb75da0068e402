// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/observation.h"

#include <stdlib.h>

void observation_free(struct observation *observation)
{
	port_fences_free(&observation->fences);
	for (size_t i = 0; i < observation->netns_count; i++)
		sock_diag_close(observation->netns[i]);
	free(observation->netns);
	inum_set_free(&observation->netns_inums);
	listeners_free(&observation->listeners);
	holders_free(&observation->holders);
	free(observation->sightings);
	*observation = (struct observation){ 0 };
}
