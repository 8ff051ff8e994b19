/** What a forward may be given beside its ids: refused here where MLX would compute something else, or end the process. */
import type { PassChanges } from "@mlxterp/core";
import {
  brief,
  checkBoolean,
  checkList,
  checkOptions,
  evaluateNow,
  InvalidArgumentError,
  isArray,
  isFloating,
  type Module,
  type MxArray,
  mx,
  type OptionRule,
} from "@mlxterp/mlx";
import type { CacheOwner } from "../../cache-owner.js";
import { KeyValueCache } from "../cache/cache.js";
import { SequenceCache } from "../cache/sequence-cache.js";
import type { DecoderPassOptions } from "./decoder-body.js";

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless it holds integers in rows, (batch, position) */
export function checkIds(ids: unknown): void {
  const isIds =
    isArray(ids) && ids.ndim === 2 && ids.size > 0 && mx.issubdtype(ids.dtype, mx.integer);
  if (isIds) return;
  const found = isArray(ids)
    ? `${String(ids.dtype)} of shape [${ids.shape.join(", ")}]`
    : brief(ids);
  const rule = `must be token ids as integers, of shape (batch, position), not ${found}.`;
  throw new InvalidArgumentError("ids", ids, rule);
}

/** The rule of an option that is a memory of the given kind. */
export function instanceOf(kind: { readonly name: string }, what: string): OptionRule {
  return (argument, value) => {
    const built = !(value instanceof SequenceCache) || SequenceCache.isBuilt(value);
    if (value instanceof (kind as new () => object) && built) return;
    throw new InvalidArgumentError(argument, value, `must be ${what}, not ${brief(value)}.`);
  };
}

const rules = {
  cache: instanceOf(KeyValueCache, "what model.createCache() returns"),
  mask: true,
  padding: checkList,
  positions: checkList,
  lastOnly: checkBoolean,
} as const;

/**
 * @param shape of the ids, [batch, position]
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`)
 */
export function checkPassOptions(shape: readonly number[], options: DecoderPassOptions): void {
  checkOptions<DecoderPassOptions>("forward", options, rules);
  const [batch, length] = shape;
  const { cache, mask, positions } = options;
  if (mask !== undefined) checkMask(mask, batch, length, length + (cache?.length ?? 0));
  checkPositions(shape, positions);
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless there is one for each id, [batch, position] */
export function checkPositions(
  [batch, length]: readonly number[],
  positions: readonly (readonly number[])[] | undefined,
): void {
  if (!positions) return;
  const fits = positions.length === batch && positions.every((row) => row?.length === length);
  if (fits) return;
  const rule = `must be a list of ${length} positions for each of ${batch} rows.`;
  throw new InvalidArgumentError("positions", positions, rule);
}

const known = new WeakSet<MxArray>();

function checkMask(mask: MxArray, batch: number, queries: number, keys: number): void {
  const [rows, heads, across, along] = isArray(mask) ? mask.shape : [];
  const fits =
    isArray(mask) &&
    mask.ndim === 4 &&
    (rows === 1 || rows === batch) &&
    heads === 1 &&
    (across === 1 || across === queries) &&
    along === keys;
  if (!fits) {
    const found = isArray(mask) ? `[${mask.shape.join(", ")}]` : brief(mask);
    const rule = `must have the shape (batch, 1, 1 or query, key), here [${batch}, 1, 1 or ${queries}, ${keys}], not ${found}.`;
    throw new InvalidArgumentError("mask", mask, rule);
  }
  if (isFloating(mask.dtype) && (known.has(mask) || hidesOnly(mask))) return;
  const rule =
    "it is added to the scores: 0.0 where a query may look, a large negative number such as -1e9 elsewhere. From a mask of 1 and 0: mx.multiply(mx.subtract(1, mask), -1e9).";
  throw new InvalidArgumentError("mask", mask, rule);
}

/** Whether nothing in it would raise a score. Computes the mask, once. */
function hidesOnly(mask: MxArray): boolean {
  const fine = mx.all(mx.lessEqual(mask, 0)); // NaN is not
  evaluateNow([fine]);
  if (fine.item()) known.add(mask);
  return Boolean(fine.item());
}

/** A memory that knows what fills it. */
interface Claimed {
  claim(owner: CacheOwner): void;
}

/**
 * The one object that a forward is given after its ids; the memory in it is claimed for what changes the pass.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for more than one, CacheMismatchError (`CACHE_MISMATCH`)
 */
export function claimed(
  module: Module,
  given: readonly unknown[],
  { edits, interventions }: PassChanges,
): readonly unknown[] {
  if (given.length > 1) {
    const rule = `this forward takes one object of options after the ids, and ${given.length} arguments were given.`;
    throw new InvalidArgumentError("args", given, rule);
  }
  const { cache } = (given[0] ?? {}) as { readonly cache?: Partial<Claimed> };
  cache?.claim?.({ module, edits, interventions });
  return given;
}
