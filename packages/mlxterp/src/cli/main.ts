#!/usr/bin/env -S env MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=268435456 node
/**
 * The `mlxterp` command: sets up the process, then loads all else.
 *
 * Its first line keeps the pages of large results in the process (on Linux; elsewhere nothing reads it), for which the
 * allocator has to know before the process begins. It stays below 127 characters, the most that older kernels read, and
 * names `env` twice for the shell scripts that pnpm makes of such lines.
 */
import module, { createRequire } from "node:module";

// What is loaded from here on is compiled once for all invocations; Node 20 has no such cache.
(module as { enableCompileCache?: () => unknown }).enableCompileCache?.();

const { version } = createRequire(import.meta.url)("../../package.json") as { version: string };
const { runProcess } = await import("./process.js");
await runProcess(version);
