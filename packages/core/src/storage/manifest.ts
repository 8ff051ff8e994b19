/** What a folder of saved activations says about itself; it is written last, so a folder with one is complete. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type DtypeName, mx, writeFileAtomically } from "@mlxterp/mlx";
import { type Provenance, provenanceProblem } from "@mlxterp/results";
import type { Positions } from "../tokens/positions.js";
import { readable } from "./entry.js";
import { CorruptCacheError } from "./errors.js";
import type { SavedSite } from "./saved-site.js";

const format = "mlxterp.activations";
const version = 2;
export const manifestFile = "manifest.json";

export interface ManifestEntry {
  readonly site: SavedSite;
  readonly shape: readonly number[];
  readonly dtype: DtypeName;
  readonly order: number;
  /** Which shard holds it; null for an array without elements. */
  readonly shard: number | null;
}

export interface Manifest {
  /** Also in every shard: those of another save are told apart. */
  readonly id: string;
  readonly provenance: Provenance;
  readonly tokens: SavedTokens | undefined;
  readonly positions: Positions | undefined;
  readonly shards: readonly ManifestShard[];
  readonly entries: readonly ManifestEntry[];
}

export interface ManifestShard {
  readonly file: string;
  readonly bytes: number;
  /** Of the file, in hexadecimal. */
  readonly sha256: string;
}

/** A batch of prompts as rows of equal length, padding included. */
export interface SavedTokens {
  readonly rows: readonly (readonly number[])[];
  readonly lengths: readonly number[];
  readonly padding: "right" | "left";
}

export function writeManifest(folder: string, manifest: Manifest): void {
  const text = JSON.stringify({ format, version, ...manifest });
  writeFileAtomically(join(folder, manifestFile), `${text}\n`);
}

/** @throws CorruptCacheError (`CORRUPT_CACHE`) */
export function readManifest(folder: string): Manifest {
  const file = join(folder, manifestFile);
  const text = readable(file, () => readFileSync(file, "utf8"));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CorruptCacheError(file, "it is not JSON", { cause });
  }
  const found = (value ?? {}) as Record<string, unknown>;
  if (found.format !== format) throw new CorruptCacheError(file, `its format is not "${format}"`);
  if (found.version !== version) {
    const reason = `it has version ${String(found.version)}, and this library reads ${version}`;
    throw new CorruptCacheError(file, reason);
  }
  if (isManifest(found)) return found;
  throw new CorruptCacheError(file, "parts of it are missing or of the wrong kind");
}

function isManifest(value: Record<string, unknown>): value is Record<string, unknown> & Manifest {
  const { id, provenance, tokens, shards, entries } = value;
  return (
    typeof id === "string" &&
    provenanceProblem(provenance) === undefined &&
    (tokens === undefined || isTokens(tokens)) &&
    Array.isArray(shards) &&
    shards.every(isShard) &&
    Array.isArray(entries) &&
    entries.every((entry) => isEntry(entry, shards.length))
  );
}

function isShard(value: unknown): boolean {
  return isRecord(value) && isPlainName(value.file) && typeof value.sha256 === "string";
}

function isEntry(value: unknown, shards: number): boolean {
  if (!isRecord(value) || !isRecord(value.site)) return false;
  const { site, shape, dtype, order, shard } = value;
  return (
    typeof site.name === "string" &&
    Array.isArray(site.segments) &&
    isRecord(site.port) &&
    areCounts(shape) &&
    typeof dtype === "string" &&
    dtype in mx &&
    typeof order === "number" &&
    (shard === null || (areCounts([shard]) && (shard as number) < shards))
  );
}

function isTokens(value: unknown): boolean {
  if (!isRecord(value) || !Array.isArray(value.rows) || !areCounts(value.lengths)) return false;
  const { rows, lengths } = value as unknown as SavedTokens;
  return rows.length === lengths.length && rows.every((row) => areCounts(row));
}

function areCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A manifest must not lead out of its folder. */
function isPlainName(value: unknown): boolean {
  return typeof value === "string" && /^[\w.-]+\.safetensors$/.test(value);
}
