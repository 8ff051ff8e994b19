/** From changes to interventions as data: directions and patches are read from the model, and sent back as numbers. */
import { InvalidArgumentError } from "@mlxterp/results";
import type { Tensor } from "../api/safetensors.js";
import type { Change, Patch, Place, PlacedChange, Steering } from "./change.js";
import { isPlaced } from "./change.js";
import { type InterventionJson, restricted, siteOf } from "./sites.js";

/** Interventions by site. */
export type InterventionsJson = Readonly<Record<string, readonly InterventionJson[]>>;

/** What changes are made of. */
export interface Source {
  /** What a site holds while a text is read, without changes: (1, position, …). */
  activation(text: string, site: string): Promise<Tensor>;
  /** How many tokens the prompt has. */
  readonly positions: number;
}

/**
 * The interventions that the changes which are on ask for, in their order.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) where a patch has no counterpart in its source
 */
export async function compileChanges(
  changes: readonly Change[],
  source: Source,
): Promise<InterventionsJson> {
  const record: Record<string, InterventionJson[]> = {};
  for (const change of changes.filter((one) => one.on).filter(isPlaced)) {
    const site = siteOf(change.place);
    record[site] = [...(record[site] ?? []), ...(await compileOne(change, source))];
  }
  return record;
}

/** The tokens of a prompt with those exchanged that are to be. */
export function swapped(ids: readonly number[], changes: readonly Change[]): number[] {
  const fed = [...ids];
  for (const change of changes) {
    if (change.kind !== "swap" || !change.on || change.position >= fed.length) continue;
    fed[change.position] = change.token.id;
  }
  return fed;
}

async function compileOne(change: PlacedChange, source: Source): Promise<InterventionJson[]> {
  switch (change.kind) {
    case "ablate":
      return [restricted(change.place, { type: "zeroOut" })];
    case "scale":
      return [restricted(change.place, { type: "scale", factor: change.factor })];
    case "steer":
      return [restricted(change.place, await steering(change, source))];
    case "patch":
      return patches(change, source);
  }
}

async function steering(change: Steering, source: Source): Promise<InterventionJson> {
  const { place, toward, from, factor } = change;
  const site = siteOf(place);
  const end = vectorAt(await source.activation(toward, site), -1, place);
  const begin = from === "" ? undefined : vectorAt(await source.activation(from, site), -1, place);
  const vector = end.map((value, at) => value - (begin?.[at] ?? 0));
  return { type: "addVector", vector, scale: factor };
}

async function patches(change: Patch, source: Source): Promise<InterventionJson[]> {
  const { place, source: text, amount } = change;
  const given = await source.activation(text, siteOf(place));
  const there = given.shape[1];
  const moved = counterparts(change, source.positions, there);
  return moved.map(([to, from]) => {
    const vector = vectorAt(given, from, place);
    return restricted({ ...place, position: to }, mixed(vector, amount));
  });
}

/** The value itself for all of it, so that nothing is rounded; else a mix. */
function mixed(vector: readonly number[], amount: number): InterventionJson {
  if (amount === 1) return { type: "replaceWith", value: vector };
  const interventions = [
    { type: "scale", factor: 1 - amount },
    { type: "addVector", vector, scale: amount },
  ];
  return { type: "compose", interventions };
}

/**
 * Which position of the source goes to which of the prompt: the same one, or as far from the end where lengths differ.
 *
 * @returns [to, from]
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) where there is none
 */
export function counterparts(
  { place, source }: Pick<Patch, "place" | "source">,
  here: number,
  there: number,
): [number, number][] {
  const { position } = place;
  if (position === undefined) {
    if (here === there) return Array.from({ length: here }, (_, at) => [at, at]);
    const rule = `has ${there} tokens and the prompt ${here}; to patch everywhere they must be as many. Choose one position.`;
    throw new InvalidArgumentError("patch from", source, rule);
  }
  const from = position + there - here;
  if (from >= 0) return [[position, from]];
  const rule = `has ${there} tokens, counted from its end none at position ${position} of ${here}.`;
  throw new InvalidArgumentError("patch from", source, rule);
}

/** The numbers at one position, of one head where the place has one. */
function vectorAt({ shape, values }: Tensor, position: number, place: Place): number[] {
  const at = position < 0 ? position + shape[1] : position;
  const isHead = place.part === "head" && shape.length === 4;
  const size = shape[shape.length - 1]; // (1, position, heads, headDim) or (1, position, hidden)
  const row = isHead ? at * shape[2] + (place.head ?? 0) : at;
  return [...values.subarray(row * size, (row + 1) * size)];
}
