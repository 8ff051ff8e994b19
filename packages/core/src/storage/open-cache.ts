/** Opens a folder of saved activations: everything is checked, no array is read. */
import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  type DtypeName,
  type HashedFile,
  readTensorHeader,
  type TensorDeclaration,
} from "@mlxterp/mlx";
import type { CacheFacts } from "./cache.js";
import { type CacheEntry, readable } from "./entry.js";
import { CorruptCacheError } from "./errors.js";
import { type Manifest, type ManifestEntry, type ManifestShard, readManifest } from "./manifest.js";
import { restoredTokens } from "./saved-tokens.js";

export interface OpenedCache {
  readonly entries: Map<string, CacheEntry>;
  readonly facts: CacheFacts;
}

/** @throws CorruptCacheError (`CORRUPT_CACHE`) */
export function openCache(folder: string): OpenedCache {
  const root = resolve(folder);
  const manifest = readManifest(root);
  for (const shard of manifest.shards.keys()) checkShard(root, manifest, shard);
  const entries = manifest.entries.map(({ site, shape, dtype, order, shard }): CacheEntry => {
    const file = shard === null ? undefined : hashed(root, manifest.shards[shard]);
    return { site, order, value: { file, shape, dtype } };
  });
  const { provenance, positions } = manifest;
  const tokens = manifest.tokens && restoredTokens(manifest.tokens);
  return {
    entries: new Map(entries.map((entry) => [entry.site.name, entry])),
    facts: { provenance, positions, tokens },
  };
}

function hashed(root: string, { file, sha256 }: ManifestShard): HashedFile {
  return { path: join(root, file), sha256 };
}

/** A shard must be whole, of the same save as the manifest, and hold what the manifest says. */
function checkShard(root: string, { id, shards, entries }: Manifest, shard: number): void {
  const file = join(root, shards[shard].file);
  const { tensors, metadata } = readable(file, () => readTensorHeader(file));
  if (metadata.id !== id) {
    throw new CorruptCacheError(file, "it belongs to another save than the manifest");
  }
  const held = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  for (const entry of entries.filter((entry) => entry.shard === shard)) {
    const found = held.get(entry.site.name);
    if (found && isSame(found, entry)) continue;
    const reason = `it does not hold "${entry.site.name}" as the manifest says`;
    throw new CorruptCacheError(file, reason);
  }
  const { size } = statSync(file);
  if (size === shards[shard].bytes) return;
  const reason = `it has ${size} bytes, and the manifest says ${shards[shard].bytes}`;
  throw new CorruptCacheError(file, reason);
}

const dtypes: Readonly<Record<string, DtypeName>> = {
  BOOL: "bool",
  U8: "uint8",
  U16: "uint16",
  U32: "uint32",
  U64: "uint64",
  I8: "int8",
  I16: "int16",
  I32: "int32",
  I64: "int64",
  F16: "float16",
  BF16: "bfloat16",
  F32: "float32",
  C64: "complex64",
};

function isSame(declared: TensorDeclaration, { shape, dtype }: ManifestEntry): boolean {
  return dtypes[declared.dtype] === dtype && declared.shape.join() === shape.join();
}
