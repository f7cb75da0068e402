/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A container of runc named "box", in a cgroup "box" below that of the test. */
#pragma once

#include "program.h"

/* A shell command that prints which of some devices it can open. runc allows only the first three. */
#define TRY_DEVICES                                                    \
	"for device in /dev/null /dev/full /dev/zero /nodes/odd; do "  \
	"if (: <$device) 2>/tmp/error; then echo $device opens; else " \
	"grep -q 'not permitted' /tmp/error && echo $device refused || cat /tmp/error; fi; done"

#define POLICY_WITHOUT_ZERO \
	"{'devices': {'allow': ['a *:* m', 'c 1:3 rw', 'c 1:7 rw', 'c 240:* rw']}}"
#define POLICY_WITHOUT_FULL \
	"{'devices': {'allow': ['a *:* m', 'c 1:3 rw', 'c 1:5 rw', 'c 240:* rw']}}"

/** box_begin() - harness_begin() with cgroup2 where runc looks for it; for .init of a suite. */
void box_begin(void);

/** box_runtime() - the path of the runtime that CGFENCE_TEST_RUNTIME names, else "runc". */
const char *box_runtime(void);

/** box_is_crun() - is it crun, which keeps to itself what a hook says, and has another place for states? */
bool box_is_crun(void);

/** box_runc() - run that runtime, with a directory of its own for its states. */
#define box_runc(...)                                                    \
	program_run(&(const struct program_options){ .by_words = true }, \
		    WORDS(box_runtime(), "--root", box_states(), __VA_ARGS__))

/** box_states() - that directory. */
const char *box_states(void);

/** box_file() - the path of a file of the test, such as "bundle/config.json"; it lives until the next call. */
const char *box_file(const char *name);

/** box_make_bundle() - make the bundle of a container that sleeps; the test is skipped without runc. */
void box_make_bundle(void);

/** box_edit() - have a function change the configuration in the bundle. */
void box_edit(void (*change)(json_t *config, const void *context), const void *context);

/** box_start() - make the bundle, start the container, and open its cgroup; the test is skipped where runc cannot. */
struct cgfence_cgroup *box_start(void);

/** box_skip_in_chroot() - skip the test where runc exec would lead out of a chroot. */
void box_skip_in_chroot(void);

/** box_name() - the path of the cgroup of the container. */
const char *box_name(void);

/** box_open() - open that cgroup, to be given to cgfence_cgroup_close(). */
struct cgfence_cgroup *box_open(void);

/** box_stop() - kill the container and delete it. */
void box_stop(void);

/** box_assert_inside() - the output of TRY_DEVICES in the running container is as expected. */
void box_assert_inside(const char *expected);

/** box_program() - the program that runc attached, which is the first; the test fails if there are not @count. */
uint32_t box_program(const struct cgfence_cgroup *box, uint32_t count);
