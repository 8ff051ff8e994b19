/** What a checkpoint says of the weights in it, for provenance. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { ModelOrigin } from "@mlxterp/core";
import { fileSampling, hashFile, hashSampled, isArray, type Module, nn } from "@mlxterp/mlx";
import type { OpenedCheckpoint } from "../opened-checkpoint.js";

interface LoadedFrom {
  /** The folder or file. */
  readonly location: string;
  readonly revision?: string;
  /** The adapters, and the file that holds each. */
  readonly added: readonly { readonly name: string; readonly file: string }[];
}

/** @param module filled, so that it tells how it is packed */
export function checkpointOrigin(
  module: Module,
  { folder, files }: OpenedCheckpoint,
  { location, revision, added }: LoadedFrom,
): ModelOrigin {
  const tokenizer = ["tokenizer.json", "tokenizer.model", "spiece.model"]
    .map((name) => join(folder, name))
    .find((file) => existsSync(file));
  const quantization = quantizationOf(module);
  const commit = commitOf(location) ?? revision;
  return {
    weights: { hash: hashOf(files.tensors.map(({ file }) => file)), how: fileSampling },
    ...(commit !== undefined && { revision: commit }),
    ...(quantization && { quantization }),
    ...(added.length > 0 && {
      adapters: added.map(({ name, file }) => ({ name, hash: hashSampled(file) })),
    }),
    ...(tokenizer !== undefined && { tokenizer: hashFile(tokenizer) }),
  };
}

/** By the names of the files, not by the folder they lie in. */
function hashOf(files: readonly string[]): string {
  const names = [...new Set(files)].sort();
  const hashes = names.map((file) => hashSampled(file));
  return hashes.length === 1 ? hashes[0] : createHash("sha256").update(hashes.join()).digest("hex");
}

/** The hub's cache keeps each commit in a folder of its own. */
function commitOf(location: string): string | undefined {
  const name = basename(location);
  return basename(dirname(location)) === "snapshots" ? name : undefined;
}

function quantizationOf(module: Module): string | undefined {
  const kinds = new Set<string>();
  const seen = new Set<object>();
  const visit = (value: unknown) => {
    if (typeof value !== "object" || value === null || isArray(value) || seen.has(value)) return;
    if (!Array.isArray(value) && !nn.Module.isModule(value)) return;
    seen.add(value);
    const { bits, groupSize } = value as { bits?: unknown; groupSize?: unknown };
    if (typeof bits === "number" && typeof groupSize === "number") {
      kinds.add(`${bits} bits in groups of ${groupSize}`);
    }
    Object.values(value).forEach(visit);
  };
  visit(module);
  return kinds.size > 0 ? [...kinds].sort().join(", ") : undefined;
}
