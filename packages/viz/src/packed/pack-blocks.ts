/** Blocks as text for a page, and back: as JSON, with attention in few bytes. */
import { type AttentionBlock, type Block, fromJson, toJson } from "@mlxterp/results";

/** Weights as base64; sixteen bits a weight where all are between 0 and 1, which is finer than is ever read. */
interface PackedWeights {
  readonly bytes: string;
  readonly of: "share16" | "float32";
}

/**
 * JSON that stays text wherever a page may hold it: `<` is written by its number, which means the same within strings.
 */
export function packBlocks(blocks: readonly Block[]): string {
  return toJson(blocks.map(packed)).replaceAll("<", "\\u003c");
}

/** What `packBlocks` wrote. */
export function unpackBlocks(text: string): Block[] {
  return (fromJson(text) as Block[]).map(unpacked);
}

function packed(block: Block): unknown {
  if (block.kind === "section") return { ...block, blocks: block.blocks.map(packed) };
  if (block.kind !== "attention") return block;
  const patterns = block.patterns.map((one) => ({ ...one, weights: packWeights(one.weights) }));
  return { ...block, patterns };
}

function unpacked(block: Block): Block {
  if (block.kind === "section") return { ...block, blocks: block.blocks.map(unpacked) };
  if (block.kind !== "attention") return block;
  const patterns = block.patterns.map((one) => ({
    ...one,
    weights: unpackWeights(one.weights as unknown as PackedWeights),
  }));
  return { ...block, patterns };
}

const steps = 65535;

function packWeights(weights: AttentionBlock["patterns"][number]["weights"]): PackedWeights {
  const shares = weights.every((weight) => weight >= 0 && weight <= 1);
  const view = new DataView(new ArrayBuffer(weights.length * (shares ? 2 : 4)));
  weights.forEach((weight, index) => {
    // in one order of bytes, whatever the machine's
    if (shares) view.setUint16(2 * index, Math.round(weight * steps), true);
    else view.setFloat32(4 * index, weight, true);
  });
  return { bytes: toBase64(new Uint8Array(view.buffer)), of: shares ? "share16" : "float32" };
}

function unpackWeights({ bytes, of }: PackedWeights): Float32Array {
  const view = new DataView(fromBase64(bytes).buffer);
  return of === "share16"
    ? Float32Array.from(
        { length: view.byteLength / 2 },
        (_, at) => view.getUint16(2 * at, true) / steps,
      )
    : Float32Array.from({ length: view.byteLength / 4 }, (_, at) => view.getFloat32(4 * at, true));
}

/** As browsers and Node write it alike; in parts, since a call takes no more than so many arguments. */
function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += 4096) {
    text += String.fromCharCode(...bytes.subarray(start, start + 4096));
  }
  return btoa(text);
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
