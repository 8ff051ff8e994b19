/** Which runs a trace means: one for every kind, layer and token. */
import type { Change } from "../patching/runs.js";
import type { AskedTracing, tracedKinds } from "./options.js";

type Kind = (typeof tracedKinds)[number];

/** Numbers of the sources. */
export const [intact, noisy] = [0, 1];

/** One cell of one kind. */
export interface Restored {
  readonly kind: Kind;
  readonly layer: number;
  readonly token: number;
}

/** What is restored in a cell, and what is held without the subject; without the draw. */
export function changesOf(
  { kind, layer, token }: Restored,
  layersOf: (kind: Kind) => readonly number[],
  { window, severed }: Pick<AskedTracing, "window" | "severed">,
): Omit<Change, "row">[] {
  const at = { positions: [token], units: null };
  const restored = windowOf(kind === "residual" ? 1 : window, layer, layersOf(kind)).map((one) => {
    return { ...at, part: kind, layer: one, source: intact };
  });
  if (severed === "none") return restored;
  const held = layersOf(severed).filter((one) => one >= layer);
  return [...restored, ...held.map((one) => ({ ...at, part: severed, layer: one, source: noisy }))];
}

/** Of so many layers around one, fewer at both ends, those that have it: half of them before it, and it with the rest behind. */
function windowOf(window: number, layer: number, layers: readonly number[]): number[] {
  const first = layer - Math.floor(window / 2);
  const end = layer + Math.ceil(window / 2);
  return layers.filter((one) => one >= first && one < end);
}
