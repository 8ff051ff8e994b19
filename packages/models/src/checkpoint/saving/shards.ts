/** Writes weights as one safetensors file, or as several with an index. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type MxArray, writeTensors } from "@mlxterp/mlx";
import { indexFile, weightsFile } from "../files/weight-files.js";

/** What `transformers` looks for before it reads a file. */
const metadata = { format: "pt" };

/** @param shardBytes the most that a file shall hold, unless a single tensor is larger */
export async function writeShards(
  folder: string,
  arrays: Readonly<Record<string, MxArray>>,
  shardBytes: number,
): Promise<void> {
  const shards = divide(arrays, shardBytes);
  const map: Record<string, string> = {};
  for (const [index, names] of shards.entries()) {
    const file = shards.length === 1 ? weightsFile : shardName(index, shards.length);
    for (const name of names) map[name] = file;
    const shard = Object.fromEntries(names.map((name) => [name, arrays[name]]));
    await writeTensors(join(folder, file), shard, metadata);
  }
  if (shards.length === 1) return;
  const bytes = Object.values(arrays).reduce((sum, { nbytes }) => sum + nbytes, 0);
  const index = { metadata: { total_size: bytes }, weight_map: map };
  writeFileSync(join(folder, indexFile), `${JSON.stringify(index, null, 2)}\n`);
}

function shardName(index: number, count: number): string {
  const [number, total] = [index + 1, count].map((value) => String(value).padStart(5, "0"));
  return `model-${number}-of-${total}.safetensors`;
}

/** Names in order, in groups of bounded size. */
function divide(arrays: Readonly<Record<string, MxArray>>, limit: number): string[][] {
  const shards: string[][] = [[]];
  let bytes = 0;
  for (const [name, { nbytes }] of Object.entries(arrays)) {
    if (bytes > 0 && bytes + nbytes > limit) {
      shards.push([]);
      bytes = 0;
    }
    shards[shards.length - 1].push(name);
    bytes += nbytes;
  }
  return shards;
}
