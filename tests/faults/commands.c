// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Commands that are killed, and commands whose calls fail: they leave the old policy or the new one, the next command
 * works, and nothing stays behind. CGFENCE_FAULTS=all tries every system call and takes minutes.
 */
#include "support/harness.h"
#include "probe.h"
#include "scenario.h"

TestSuite(faults, .init = scenario_begin, .fini = harness_end, .timeout = 3600);

#define NO_FENCE                     \
	{                            \
		NULL, PROBE_UNFENCED \
	}
#define DEVICES                                                                 \
	{                                                                       \
		"{'devices': {'allow': ['c 1:3 rw', 'c 1:5 r']}}", "++-+++++++" \
	}
#define OTHER_DEVICES                                                           \
	{                                                                       \
		"{'devices': {'allow': ['c 1:3 rw', 'c 1:7 w']}}", "+-++++++++" \
	}
#define FEWER_DEVICES                                                \
	{                                                            \
		"{'devices': {'allow': ['c 1:3 rw']}}", "+--+++++++" \
	}
#define WORDS                                                                           \
	{                                                                               \
		"{'devices': {'allow': ['/dev/null rw', '/dev/zero r']}}", "++-+++++++" \
	}
#define OTHER_WORDS                                                                       \
	{                                                                                 \
		"{'devices': {'allow': ['/dev/nul[l] rw', '/dev/full w']}}", "+-++++++++" \
	}
/* The kernel decides whether listening on the port of bind(0) is refused. */
#define PORTS                                                                             \
	{                                                                                 \
		"{'devices': {'allow': ['c 1:3 rw', 'c 1:5 r']}, 'ports': [8080, 8081]}", \
			"++-++-+++?"                                                      \
	}
#define MORE_PORTS                                                                                                       \
	{                                                                                                                \
		"{'devices': {'allow': ['c 1:3 rw', 'c 1:5 r']}, 'ports': {'tcp': ['8080-8082'], 'udp': [8080, 8081]}}", \
			"++-+++"                                                                                         \
			"+++?"                                                                                           \
	}
#define OTHER_PORTS                                                                                                 \
	{                                                                                                           \
		"{'devices': {'allow': ['c 1:3 rw', 'c 1:7 w']}, 'ports': [8080, 8082], 'privileged_ports': true}", \
			"+-++-+++-?"                                                                                \
	}
#define KILLED_PORTS                                                                                              \
	{                                                                                                         \
		"{'devices': {'allow': ['c 1:3 rw', 'c 1:5 r']}, 'ports': [8080, 8081], 'on_violation': 'kill'}", \
			"++-++-++"                                                                                \
			"+-"                                                                                      \
	}
#define OTHER_KILLED_PORTS                                                                                        \
	{                                                                                                         \
		"{'devices': {'allow': ['c 1:3 rw', 'c 1:5 r']}, 'ports': [8081, 8082], 'on_violation': 'kill'}", \
			"++--+++-"                                                                                \
			"+-"                                                                                      \
	}

static const struct scenario attach_devices = {
	"attach",
	.places = { { "a", NO_FENCE, DEVICES } },
};

static const struct scenario attach_ports = {
	"attach",
	.places = { { "a", NO_FENCE, PORTS } },
};

static const struct scenario attach_killed_ports = {
	"attach",
	.places = { { "a", NO_FENCE, KILLED_PORTS } },
};

static const struct scenario attach_to_new_host = {
	"attach",
	.new_host = true,
	.places = { { "a", NO_FENCE, PORTS } },
};

/* Of two fences with the same policy, the other one keeps it, whatever becomes of the command. */
static const struct scenario share = {
	"attach",
	.places = { { "a", NO_FENCE, PORTS }, { "b", PORTS, PORTS } },
};

static const struct scenario replace_shared = {
	"attach",
	.places = { { "a", PORTS, OTHER_PORTS }, { "b", PORTS, PORTS } },
};

static const struct scenario detach_shared = {
	"detach",
	.places = { { "a", PORTS, NO_FENCE }, { "b", PORTS, PORTS } },
};

static const struct scenario replace_devices = {
	"attach",
	.places = { { "a", DEVICES, OTHER_DEVICES } },
};

/* The same devices in other words are another policy to remember. */
static const struct scenario replace_words = {
	"attach",
	.places = { { "a", WORDS, OTHER_WORDS } },
};

static const struct scenario add_ports = {
	"attach",
	.places = { { "a", DEVICES, OTHER_PORTS } },
};

static const struct scenario drop_ports = {
	"attach",
	.places = { { "a", PORTS, OTHER_DEVICES } },
};

static const struct scenario replace_ports = {
	"attach",
	.places = { { "a", PORTS, OTHER_PORTS } },
};

static const struct scenario begin_to_kill = {
	"attach",
	.places = { { "a", PORTS, KILLED_PORTS } },
};

static const struct scenario cease_to_kill = {
	"attach",
	.places = { { "a", KILLED_PORTS, OTHER_PORTS } },
};

static const struct scenario allow_port = {
	"allow",
	.what = { "port", "tcp", "8082" },
	.places = { { "a", PORTS, MORE_PORTS } },
};

static const struct scenario revoke_device = {
	"revoke",
	.what = { "device", "c 1:5 r" },
	.places = { { "a", DEVICES, FEWER_DEVICES } },
};

static const struct scenario detach = {
	"detach",
	.places = { { "a", KILLED_PORTS, NO_FENCE } },
};

static const struct scenario apply = {
	"apply",
	.places = {
		{ "a", NO_FENCE, PORTS },
		{ "b", DEVICES, OTHER_DEVICES },
		{ "c", DEVICES, NO_FENCE },
	},
};

/* What the program of others allows, and the policy that says the same. */
#define THEIRS                     \
	{                          \
		NULL, "++-+++++++" \
	}
#define ADOPTED                                                                                            \
	{                                                                                                  \
		"{'adopt': true, 'devices': {'allow': ['a *:* m', 'c 1:3 rw', 'c 1:5 r', 'c 136:* rw']}}", \
			"++-+++++++"                                                                       \
	}
#define ADOPTED_WITH_PORTS                                                                                                        \
	{                                                                                                                         \
		"{'adopt': true, 'ports': [8080, 8081], 'devices': {'allow': ['a *:* m', 'c 1:3 rw', 'c 1:5 r', 'c 136:* rw']}}", \
			"++-++-+++?"                                                                                              \
	}
#define PORTS_ALONE                                     \
	{                                               \
		"{'ports': [8080, 8081]}", "++-++-+++?" \
	}

static const struct scenario adopt = {
	"adopt",
	.foreign = true,
	.places = { { "a", THEIRS, ADOPTED } },
};

static const struct scenario adopt_with_ports = {
	"adopt",
	.foreign = true,
	.places = { { "a", THEIRS, ADOPTED_WITH_PORTS } },
};

static const struct scenario release = {
	"release",
	.foreign = true,
	.places = { { "a", ADOPTED_WITH_PORTS, THEIRS } },
};

static const struct scenario detach_adopted = {
	"detach",
	.foreign = true,
	.places = { { "a", ADOPTED, THEIRS } },
};

static const struct scenario cease_to_adopt = {
	"attach",
	.foreign = true,
	.places = { { "a", ADOPTED, PORTS_ALONE } },
};

static const struct scenario attach_traced_ports = {
	"attach",
	.old_kernel = true,
	.places = { { "a", NO_FENCE, KILLED_PORTS } },
};

static const struct scenario replace_traced_ports = {
	"attach",
	.old_kernel = true,
	.places = { { "a", KILLED_PORTS, OTHER_KILLED_PORTS } },
};

static const struct scenario begin_to_trace = {
	"attach",
	.old_kernel = true,
	.places = { { "a", PORTS, OTHER_KILLED_PORTS } },
};

static const struct scenario cease_to_trace = {
	"attach",
	.old_kernel = true,
	.places = { { "a", KILLED_PORTS, OTHER_PORTS } },
};

static const struct scenario detach_traced_ports = {
	"detach",
	.old_kernel = true,
	.places = { { "a", KILLED_PORTS, NO_FENCE } },
};

#define FAULTS(name)                     \
	Test(faults, name##_killed)      \
	{                                \
		scenario_kill(&(name));  \
	}                                \
	Test(faults, name##_with_errors) \
	{                                \
		scenario_fail(&(name));  \
	}

FAULTS(attach_devices)
FAULTS(attach_ports)
FAULTS(attach_killed_ports)
FAULTS(attach_to_new_host)
FAULTS(share)
FAULTS(replace_shared)
FAULTS(detach_shared)
FAULTS(replace_devices)
FAULTS(replace_words)
FAULTS(add_ports)
FAULTS(drop_ports)
FAULTS(replace_ports)
FAULTS(begin_to_kill)
FAULTS(cease_to_kill)
FAULTS(allow_port)
FAULTS(revoke_device)
FAULTS(detach)
FAULTS(apply)
FAULTS(adopt)
FAULTS(adopt_with_ports)
FAULTS(release)
FAULTS(detach_adopted)
FAULTS(cease_to_adopt)
FAULTS(attach_traced_ports)
FAULTS(replace_traced_ports)
FAULTS(begin_to_trace)
FAULTS(cease_to_trace)
FAULTS(detach_traced_ports)
