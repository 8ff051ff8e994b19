/** The manifest of a store: what it holds, how it was made, and how far the collection has come. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CorruptFileError, withFile } from "@mlxterp/mlx";
import { type Provenance, provenanceProblem } from "@mlxterp/results";
import { z } from "zod";
import { StoreNotFoundError } from "../errors.js";

export const manifestFile = "manifest.json";
export const storeFormat = "mlxterp activations";
export const storeVersion = 2;

const count = z.int().nonnegative();
const positions = z.union([
  z.literal("all"),
  z.array(z.int()),
  z.strictObject({ from: z.int().optional(), to: z.int().optional() }),
]);

const siteSchema = z.strictObject({
  site: z.string(),
  /** Of one row. */
  shape: z.array(count),
  dtype: z.enum(["float32", "float16", "bfloat16", "int32"]),
});

const shardSchema = z.strictObject({
  file: z.string().regex(/^shard-\d{6,}\.safetensors$/),
  rows: z.int().positive(),
  /** Sequences of the dataset from which the rows come. */
  sequences: z.int().positive(),
  bytes: z.int().positive(),
  sha256: z.hex().length(64),
});

const manifestSchema = z
  .strictObject({
    format: z.literal(storeFormat),
    version: z.literal(storeVersion),
    /** What every row depends on; a collection is continued only with the same. */
    collection: z.strictObject({
      model: z.string(),
      /** The selectors that interventions acted on. */
      interventions: z.array(z.string()),
      sites: z.array(z.string()),
      positions,
      dtype: z.enum(["float32", "float16", "bfloat16"]),
      /** What stands beside rows, where anything does. */
      columns: z.record(z.string(), z.enum(["int32", "float32"])).optional(),
    }),
    /** Empty until the first shard is written. */
    sites: z.array(siteSchema),
    shards: z.array(shardSchema),
    rows: count,
    /** Sequences of the dataset that are done, and a hash of them all, in order. */
    sequences: count,
    fingerprint: z.hex().length(64),
    /** Whether the dataset was gone through to its end. */
    complete: z.boolean(),
    /** Of the rows: what was collected first. */
    provenance: z.custom<Provenance>((value) => provenanceProblem(value) === undefined, {
      error: ({ input }) => provenanceProblem(input),
    }),
  })
  .refine(({ rows, shards }) => rows === shards.reduce((sum, shard) => sum + shard.rows, 0), {
    path: ["rows"],
    error: "must be the sum of the shards' rows",
  });

export type Manifest = z.infer<typeof manifestSchema>;
export type Collection = Manifest["collection"];
export type StoredSite = z.infer<typeof siteSchema>;
export type Shard = z.infer<typeof shardSchema>;

export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** Whether a folder holds a store. */
export function hasManifest(folder: string): boolean {
  return existsSync(join(folder, manifestFile));
}

/** @throws StoreNotFoundError (`STORE_NOT_FOUND`), CorruptFileError (`CORRUPT_FILE`), FileAccessError (`FILE_ACCESS`) */
export function readManifest(folder: string): Manifest {
  if (!hasManifest(folder)) throw new StoreNotFoundError(folder);
  const file = join(folder, manifestFile);
  const parsed = manifestSchema.safeParse(
    parse(
      withFile(file, () => readFileSync(file, "utf8")),
      file,
    ),
  );
  if (parsed.success) return parsed.data;
  throw new CorruptFileError(file, z.prettifyError(parsed.error), { cause: parsed.error });
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CorruptFileError(file, "it is not JSON", { cause });
  }
}
