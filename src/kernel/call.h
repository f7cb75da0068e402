/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bpf(2) itself. Before libbpf makes the first map or program, and before it gives the first name, it loads programs to
 * learn whether the kernel is an old one; before a map with types, eight sets of types.
 */
#pragma once

#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <stdint.h>

/**
 * call_load_program() - load a program.
 * @attributes: without name and license, which it fills in
 * @name: of which the kernel keeps the first 15 bytes
 *
 * Return: its descriptor, or -1 with errno; there is no second try, as libbpf has with more memory for old kernels.
 */
int call_load_program(union bpf_attr *attributes, const char *name);

/** call_create_map() - make a map; one that is refused is left to libbpf. Return: its descriptor, or -1 with errno. */
int call_create_map(enum bpf_map_type type, const char *name, uint32_t value_size,
		    uint32_t max_entries, uint32_t flags);

/**
 * call_create_socket_storage() - make a map of BPF_MAP_TYPE_SK_STORAGE with values of 8 bytes.
 *
 * Return: its descriptor, or -1 with errno; there is no second try here either.
 */
int call_create_socket_storage(const char *name);

/** call_load_types() - load a description of types (BTF). Return: its descriptor, or -1 with errno. */
int call_load_types(const struct btf *types);

/**
 * call_create_described() - make a map as an open object describes it.
 * @map: of the object, which is not loaded
 * @types: the descriptor of the types of the object
 *
 * Return: its descriptor, or -1 with errno; there is no second try here either.
 */
int call_create_described(const struct bpf_map *map, int types);
