/** Reads single rows of shards, without reading the files as a whole. */
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { CorruptFileError, readTensorHeader, withFile } from "@mlxterp/mlx";
import type { Manifest, Shard } from "./manifest.js";
import { originTensors } from "./shard.js";

/** Where a tensor lies in its file. */
interface Place {
  /** The first byte. */
  readonly start: number;
  readonly rowBytes: number;
}

interface OpenShard {
  readonly descriptor: number;
  readonly places: ReadonlyMap<string, Place>;
}

const headerNames = { float32: "F32", float16: "F16", bfloat16: "BF16", int32: "I32" } as const;
const itemBytes = { float32: 4, float16: 2, bfloat16: 2, int32: 4 } as const;

/** Files held open at once; more would meet the limits of some systems. */
const mostOpen = 64;

/** Closes the files of a store that its program let go of without closing it. */
const forgotten = new FinalizationRegistry(closeAll);

function closeAll(open: Map<number, OpenShard>): void {
  for (const { descriptor } of open.values()) closeSync(descriptor);
  open.clear();
}

/** The shards of one store; opened when they are needed. */
export class ShardReader {
  private readonly open = new Map<number, OpenShard>();
  /** The first row of each shard, and the number of all rows. */
  private readonly starts: readonly number[];

  constructor(
    private readonly folder: string,
    private readonly manifest: Manifest,
  ) {
    let rows = 0;
    this.starts = [0, ...manifest.shards.map((shard) => (rows += shard.rows))];
    forgotten.register(this, this.open);
  }

  /** Copies rows of one tensor, one after the other, into bytes of exactly their size. */
  read(tensor: string, rows: readonly number[]): Uint8Array {
    const rowBytes = this.rowBytes(tensor);
    const bytes = new Uint8Array(rows.length * rowBytes);
    for (let first = 0; first < rows.length; ) {
      const shard = this.shardOf(rows[first]);
      const end = this.starts[shard + 1];
      let next = first + 1; // rows that lie side by side are read at once
      while (next < rows.length && rows[next] === rows[next - 1] + 1 && rows[next] < end) next++;
      const target = bytes.subarray(first * rowBytes, next * rowBytes);
      this.fill(shard, tensor, rows[first] - this.starts[shard], target);
      first = next;
    }
    return bytes;
  }

  close(): void {
    closeAll(this.open);
  }

  private rowBytes(tensor: string): number {
    const stored = this.manifest.sites.find(({ site }) => site === tensor);
    if (!stored) return itemBytes.int32;
    return stored.shape.reduce((product, size) => product * size, itemBytes[stored.dtype]);
  }

  /** By bisection. */
  private shardOf(row: number): number {
    let [low, high] = [0, this.starts.length - 2];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.starts[middle] <= row) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private fill(index: number, tensor: string, row: number, target: Uint8Array): void {
    const { descriptor, places } = this.opened(index);
    const { start, rowBytes } = places.get(tensor)!; // `placesIn` made one for each
    for (let filled = 0; filled < target.length; ) {
      const at = start + row * rowBytes + filled;
      const read = readSync(descriptor, target, filled, target.length - filled, at);
      if (read === 0) {
        throw new CorruptFileError(this.fileOf(index), "it ends early (truncated?)");
      }
      filled += read;
    }
  }

  private opened(index: number): OpenShard {
    const found = this.open.get(index);
    if (found) return found;
    const [oldest] = this.open.keys();
    if (this.open.size >= mostOpen) {
      closeSync(this.open.get(oldest)!.descriptor);
      this.open.delete(oldest);
    }
    const file = this.fileOf(index);
    checkSize(this.folder, this.manifest.shards[index]);
    const places = placesIn(file, this.manifest, this.manifest.shards[index].rows);
    const shard = { descriptor: withFile(file, () => openSync(file, "r")), places };
    this.open.set(index, shard);
    return shard;
  }

  private fileOf(index: number): string {
    return join(this.folder, this.manifest.shards[index].file);
  }
}

/** @throws CorruptFileError (`CORRUPT_FILE`) for a shard that is missing or of another size than the manifest says */
export function checkSize(folder: string, { file, bytes }: Shard): void {
  const path = join(folder, file);
  if (!existsSync(path)) throw new CorruptFileError(path, "it is missing");
  const { size } = statSync(path);
  if (size === bytes) return;
  throw new CorruptFileError(path, `it has ${size} bytes, but the manifest says ${bytes}`);
}

/** @throws CorruptFileError (`CORRUPT_FILE`) when it does not hold what the manifest says */
function placesIn(file: string, manifest: Manifest, rows: number): Map<string, Place> {
  const declared = new Map(readTensorHeader(file).tensors.map((tensor) => [tensor.name, tensor]));
  const offsets = dataOffsets(file);
  const origins = Object.values(originTensors).map((site) => ({
    site,
    shape: [],
    dtype: "int32" as const,
  }));
  return new Map(
    [...manifest.sites, ...origins].map(({ site, shape, dtype }) => {
      const tensor = declared.get(site);
      const expected = [rows, ...shape];
      if (tensor?.dtype !== headerNames[dtype] || tensor.shape.join() !== expected.join()) {
        const wanted = `"${site}" as ${headerNames[dtype]} [${expected.join(", ")}]`;
        throw new CorruptFileError(file, `it does not hold ${wanted}, as the manifest says`);
      }
      const rowBytes = shape.reduce((product, size) => product * size, itemBytes[dtype]);
      return [site, { start: offsets(site), rowBytes }];
    }),
  );
}

/** The first byte of each tensor in its file; the header itself is checked by `readTensorHeader`. */
function dataOffsets(file: string): (tensor: string) => number {
  const descriptor = openSync(file, "r");
  try {
    const size = Buffer.alloc(8);
    readSync(descriptor, size, 0, 8, 0);
    const header = Buffer.alloc(Number(size.readBigUInt64LE()));
    readSync(descriptor, header, 0, header.length, 8);
    const entries = JSON.parse(header.toString()) as Record<string, { data_offsets: number[] }>;
    return (tensor) => 8 + header.length + entries[tensor].data_offsets[0];
  } finally {
    closeSync(descriptor);
  }
}
