/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the tests use of Criterion, for architectures without it, and for emulators of programs alone: Criterion starts
 * each test with execve(2), which there would need the emulator again. Here it is a fork.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct plain_settings {
	void (*init)(void);
	void (*fini)(void); /* also after a failure */
	double timeout;	    /* in seconds; 0 for that of the suite, or of the command line */
};

struct plain_test {
	const char *suite;
	const char *name; /* NULL if these are the settings of the suite */
	void (*run)(void);
	struct plain_settings settings;
};

/** plain_fail() - note a failure; see printf(3) for @format. */
void plain_fail(const char *file, int line, const char *condition, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/** plain_end() - end the test, after a failure that forbids the rest of it. */
void plain_end(void) __attribute__((noreturn));

/** plain_skip() - end the test, which cannot be run here. */
void plain_skip(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* The linker puts the pointers side by side. */
#define PLAIN_ADD(id, ...)                                           \
	static const struct plain_test plain_##id = { __VA_ARGS__ }; \
	static const struct plain_test *const plain_pointer_##id     \
		__attribute__((used, section("plain_tests"))) = &plain_##id

#define TestSuite(suite_, ...) \
	PLAIN_ADD(suite_##_settings, .suite = #suite_, .settings = { __VA_ARGS__ })

#define Test(suite_, name_, ...)                                               \
	static void suite_##_##name_##_run(void);                              \
	PLAIN_ADD(suite_##_##name_, .suite = #suite_, .name = #name_,          \
		  .run = suite_##_##name_##_run, .settings = { __VA_ARGS__ }); \
	static void suite_##_##name_##_run(void)

#define PLAIN_CHECK(otherwise, holds, text, ...)                               \
	do {                                                                   \
		if (!(holds)) {                                                \
			plain_fail(__FILE__, __LINE__, text, " " __VA_ARGS__); \
			otherwise;                                             \
		}                                                              \
	} while (0)
#define PLAIN_EXPECT(holds, text, ...) PLAIN_CHECK(, holds, text, __VA_ARGS__)
#define PLAIN_ASSERT(holds, text, ...) PLAIN_CHECK(plain_end(), holds, text, __VA_ARGS__)

#define cr_skip_test(...) plain_skip(" " __VA_ARGS__)
#define cr_log_info(...) fprintf(stderr, __VA_ARGS__)

#define cr_expect_fail(...) PLAIN_EXPECT(false, "it gets here", __VA_ARGS__)
#define cr_expect(a, ...) PLAIN_EXPECT(a, #a, __VA_ARGS__)
#define cr_expect_not(a, ...) PLAIN_EXPECT(!(a), "not " #a, __VA_ARGS__)
#define cr_expect_null(a, ...) PLAIN_EXPECT((a) == NULL, #a " is NULL", __VA_ARGS__)
#define cr_expect_not_null(a, ...) PLAIN_EXPECT((a) != NULL, #a " is not NULL", __VA_ARGS__)
#define cr_expect_eq(a, b, ...) PLAIN_EXPECT((a) == (b), #a " == " #b, __VA_ARGS__)
#define cr_expect_neq(a, b, ...) PLAIN_EXPECT((a) != (b), #a " != " #b, __VA_ARGS__)
#define cr_expect_lt(a, b, ...) PLAIN_EXPECT((a) < (b), #a " < " #b, __VA_ARGS__)
#define cr_expect_leq(a, b, ...) PLAIN_EXPECT((a) <= (b), #a " <= " #b, __VA_ARGS__)
#define cr_expect_gt(a, b, ...) PLAIN_EXPECT((a) > (b), #a " > " #b, __VA_ARGS__)
#define cr_expect_geq(a, b, ...) PLAIN_EXPECT((a) >= (b), #a " >= " #b, __VA_ARGS__)
#define cr_expect_str_eq(a, b, ...) PLAIN_EXPECT(!strcmp(a, b), #a " is " #b, __VA_ARGS__)
#define cr_expect_str_neq(a, b, ...) PLAIN_EXPECT(strcmp(a, b), #a " is not " #b, __VA_ARGS__)
#define cr_expect_str_empty(a, ...) PLAIN_EXPECT(!(a)[0], #a " is empty", __VA_ARGS__)
#define cr_expect_arr_eq(a, b, size, ...) \
	PLAIN_EXPECT(!memcmp(a, b, size), #a " has the bytes of " #b, __VA_ARGS__)

#define cr_assert_fail(...) PLAIN_ASSERT(false, "it gets here", __VA_ARGS__)
#define cr_assert(a, ...) PLAIN_ASSERT(a, #a, __VA_ARGS__)
#define cr_assert_not(a, ...) PLAIN_ASSERT(!(a), "not " #a, __VA_ARGS__)
#define cr_assert_null(a, ...) PLAIN_ASSERT((a) == NULL, #a " is NULL", __VA_ARGS__)
#define cr_assert_not_null(a, ...) PLAIN_ASSERT((a) != NULL, #a " is not NULL", __VA_ARGS__)
#define cr_assert_eq(a, b, ...) PLAIN_ASSERT((a) == (b), #a " == " #b, __VA_ARGS__)
#define cr_assert_neq(a, b, ...) PLAIN_ASSERT((a) != (b), #a " != " #b, __VA_ARGS__)
#define cr_assert_lt(a, b, ...) PLAIN_ASSERT((a) < (b), #a " < " #b, __VA_ARGS__)
#define cr_assert_leq(a, b, ...) PLAIN_ASSERT((a) <= (b), #a " <= " #b, __VA_ARGS__)
#define cr_assert_gt(a, b, ...) PLAIN_ASSERT((a) > (b), #a " > " #b, __VA_ARGS__)
#define cr_assert_geq(a, b, ...) PLAIN_ASSERT((a) >= (b), #a " >= " #b, __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...) PLAIN_ASSERT(!strcmp(a, b), #a " is " #b, __VA_ARGS__)
#define cr_assert_str_neq(a, b, ...) PLAIN_ASSERT(strcmp(a, b), #a " is not " #b, __VA_ARGS__)
