/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The verdicts, as pure functions for the kernel programs, `cgfence explain` and the tests. All of it must pass the BPF
 * verifier. It knows the fields of the image header as constants, since they are in the instructions or in a frozen map,
 * and can bound every offset that is computed from them.
 */
#pragma once

#include <cgfence/verdict_device.h>
#include <cgfence/verdict_port.h>
