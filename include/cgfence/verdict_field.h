/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How the verdicts read the header of an image. */
#pragma once

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

/*
 * A field of the header of an image. The kernel programs have another definition, by which the value is in their
 * instructions: a check must not touch the page of the header.
 */
#ifndef CGFENCE_FIELD
#define CGFENCE_FIELD(image, field) ((image)->field)
#endif
