/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <stdint.h>

/* What was proved of programs of others before a lock was taken (fence/foreproof.h). All zero is nothing. */
struct foreproof {
	uint64_t programs;   /* of returned_hash() */
	uint64_t generation; /* of the fence; 0 if there was none */
};
