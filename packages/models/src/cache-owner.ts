/** Under what the keys of a cache were computed: whoever continues them must continue the same computation. */
import type { Interventions, NamedEdit } from "@mlxterp/core";
import type { Module } from "@mlxterp/mlx";
import { CacheMismatchError } from "./errors.js";

/** What computes a pass. */
export interface CacheOwner {
  readonly module: Module;
  readonly edits: readonly NamedEdit[];
  readonly interventions: Interventions | undefined;
}

/**
 * @param holds what the cache was filled under
 * @param continues what is about to continue it
 * @throws CacheMismatchError (`CACHE_MISMATCH`) saying in what they differ
 */
export function requireSameOwner(holds: CacheOwner, continues: CacheOwner): void {
  const difference = differenceOf(holds, continues);
  if (difference) throw new CacheMismatchError(difference);
}

/** In what two computations differ; undefined where they are the same. */
export function differenceOf(
  one: CacheOwner,
  other: CacheOwner,
): "model" | "edits" | "interventions" | undefined {
  if (one.module !== other.module) return "model";
  if (!sameList(one.edits, other.edits)) return "edits";
  const [before, now] = [one, other].map(({ interventions }) => flat(interventions));
  return sameList(before, now) ? undefined : "interventions";
}

function flat(interventions: Interventions = {}): unknown[] {
  return Object.entries(interventions).flatMap(([site, given]) => [site, given].flat());
}

function sameList(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}
