// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "reconcile/claims.h"

#include <cgfence/verdict.h>
#include <errno.h>
#include <stdlib.h>

static const struct cgfence_port_bitmap *assigned(const struct cgfence_image *image,
						  enum cgfence_family family)
{
	return &image->ports.assigned[CGFENCE_UDP][family];
}

static uint64_t word_at(const struct cgfence_image *image, const struct cgfence_port_bitmap *bitmap,
			uint32_t word)
{
	if (word < bitmap->first_word || word - bitmap->first_word >= bitmap->word_count)
		return bitmap->outside ? ~0ULL : 0;
	return ((const uint64_t *)image)[bitmap->offset + word - bitmap->first_word];
}

static bool has_whole_range(const struct cgfence_image *image, enum cgfence_family family)
{
	uint32_t low = image->ports.ephemeral_low;
	uint32_t high = image->ports.ephemeral_high;

	if (low > high || high > UINT16_MAX)
		return false;
	for (uint32_t word = low / 64; word <= high / 64; word++) {
		uint64_t wanted = ~0ULL;

		if (word == low / 64)
			wanted &= ~0ULL << low % 64;
		if (word == high / 64)
			wanted &= ~0ULL >> (63 - high % 64);
		if (wanted & ~word_at(image, assigned(image, family), word))
			return false;
	}
	return true;
}

/* Return: does it claim anything? */
static bool add_ports(const struct cgfence_image *image, enum cgfence_family family,
		      uint64_t *ports)
{
	const struct cgfence_port_bitmap *bitmap = assigned(image, family);
	uint32_t first = bitmap->outside ? 0 : bitmap->first_word;
	uint32_t end = bitmap->outside ? NETNS_PORT_WORDS : first + bitmap->word_count;
	uint64_t all = 0;

	if (has_whole_range(image, family))
		return false;
	for (uint32_t word = first; word < end && word < NETNS_PORT_WORDS; word++) {
		uint64_t bits = word_at(image, bitmap, word);

		ports[word] |= bits;
		all |= bits;
	}
	return all;
}

int port_claims_make(const struct port_fences *fences, struct port_claims *claims)
{
	struct port_claims made = {
		.claimers =
			calloc(fences->count + 1, CGFENCE_FAMILY_COUNT * sizeof(*made.claimers)),
	};

	if (!made.claimers)
		return -ENOMEM;
	for (size_t i = 0; i < fences->count; i++) {
		for (int family = 0; family < CGFENCE_FAMILY_COUNT; family++) {
			if (add_ports(fences->items[i].image, family, made.ports[family]))
				made.claimers[made.count++] = (struct port_claimer){ i, family };
		}
	}
	*claims = made;
	return 0;
}

void port_claims_free(struct port_claims *claims)
{
	free(claims->claimers);
	*claims = (struct port_claims){ 0 };
}

static bool has_port(const uint64_t *words, uint16_t port)
{
	return words[port / 64] >> port % 64 & 1;
}

bool port_claims_any(const struct port_claims *claims, uint16_t port)
{
	return has_port(claims->ports[CGFENCE_IPV4], port) ||
	       has_port(claims->ports[CGFENCE_IPV6], port);
}

static bool is_at_or_below(const struct port_fences *fences, size_t fence, size_t above)
{
	while (fence != above && fence != PORT_FENCE_NONE)
		fence = fences->items[fence].above;
	return fence == above;
}

bool port_claims_by_another(const struct port_claims *claims, const struct port_fences *fences,
			    size_t fence, const struct netns_identity *netns,
			    const struct listener *listener)
{
	const struct cgfence_served served = listener_serves(listener);
	const bool wanted[CGFENCE_FAMILY_COUNT] = {
		[CGFENCE_IPV4] = served.ipv4 &&
				 has_port(claims->ports[CGFENCE_IPV4], listener->port),
		[CGFENCE_IPV6] = served.ipv6 &&
				 has_port(claims->ports[CGFENCE_IPV6], listener->port),
	};

	if (!wanted[CGFENCE_IPV4] && !wanted[CGFENCE_IPV6])
		return false;
	for (size_t i = 0; i < claims->count; i++) {
		const struct port_claimer *claimer = &claims->claimers[i];
		const struct cgfence_image *image = fences->items[claimer->fence].image;

		if (wanted[claimer->family] &&
		    cgfence_port_bitmap_has(image, assigned(image, claimer->family),
					    listener->port) &&
		    netns_concerns(image, netns) &&
		    !is_at_or_below(fences, fence, claimer->fence) &&
		    !is_at_or_below(fences, claimer->fence, fence))
			return true;
	}
	return false;
}
