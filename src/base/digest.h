/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tells whether bytes are those that they were: FNV-1a of 64 bits, which no attacker is expected to meet. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define DIGEST_BEGIN 0xcbf29ce484222325ULL

/** digest_add() - the digest of what @digest is of, followed by more bytes. */
static inline uint64_t digest_add(uint64_t digest, const void *bytes, size_t size)
{
	const uint8_t *at = (const uint8_t *)bytes;

	for (size_t i = 0; i < size; i++)
		digest = (digest ^ at[i]) * 0x100000001b3ULL;
	return digest;
}
