/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The UDP ports that are assigned to fences, to find those of another fence; pure functions. */
#pragma once

#include "net/listener.h"
#include "net/netns.h"
#include "reconcile/port_fences.h"

/* A fence with UDP ports of a family. */
struct port_claimer {
	size_t fence;
	enum cgfence_family family;
};

/*
 * A fence that is assigned the whole ephemeral range, as by "any", claims nothing: else every client of the others would
 * be on a port of its.
 */
struct port_claims {
	uint64_t ports[CGFENCE_FAMILY_COUNT]
		      [NETNS_PORT_WORDS]; /* bitmaps of what at least one claims */
	struct port_claimer *claimers;
	size_t count;
};

/**
 * port_claims_make() - collect what fences claim.
 * @claims: receives it, to be given to port_claims_free()
 *
 * Return: 0 or -ENOMEM.
 */
int port_claims_make(const struct port_fences *fences, struct port_claims *claims);

/** port_claims_free() - free the content. */
void port_claims_free(struct port_claims *claims);

/** port_claims_any() - does any fence claim this port, in host order? */
bool port_claims_any(const struct port_claims *claims, uint16_t port);

/**
 * port_claims_by_another() - is the port of a UDP socket claimed by a fence that has nothing to do with @fence?
 * @fences: those that the claims were collected from
 * @fence: index of the fence that sees the socket; those above it and below it share their ports with it
 * @netns: where the socket is
 */
bool port_claims_by_another(const struct port_claims *claims, const struct port_fences *fences,
			    size_t fence, const struct netns_identity *netns,
			    const struct listener *listener);
