/** What another run had, put where it belongs in this one: for pairs of different length, whose words spans align. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { range } from "./lists.js";
import type { PromptPair } from "./pairs.js";

/** For each position of a run that of the other run, null where it has none; undefined where all are the same. */
export type PositionMap = readonly (number | null)[] | undefined;

/** From the side of the run that is changed. */
export function positionMap(
  { aligned, corrupted }: PromptPair,
  changed: "clean" | "corrupted",
): PositionMap {
  if (!aligned || changed === "clean") return aligned;
  const found = new Array<number | null>(corrupted.ids.length).fill(null);
  for (const [own, other] of aligned.entries()) if (other !== null) found[other] = own;
  return found;
}

/**
 * The other run's values at the places of this one; where nothing stands for a position, this run's own, so that nothing changes there.
 *
 * @param axis of positions, the same in both
 */
export function putInPlace(other: MxArray, own: MxArray, map: PositionMap, axis: number): MxArray {
  if (!map) return other;
  const index = mx.array(map.map((at) => at ?? 0), mx.int32); // biome-ignore format: one call
  const moved = mx.take(other, index, axis);
  if (!map.includes(null)) return moved;
  const shape = range(own.ndim).map((one) => (one === axis ? map.length : 1));
  const known = mx.greater(mx.array(map.map((at) => (at === null ? 0 : 1))), 0).reshape(shape);
  return mx.where(known, moved, own);
}
