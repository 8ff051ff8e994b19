/** The JSON form of interventions, as types. */
import type { Positions } from "@mlxterp/core";
import type { DtypeName } from "@mlxterp/mlx";

/** JSON has no infinities; attention scores need the negative one. */
export type JsonNumber = number | "Infinity" | "-Infinity";

/** Numbers nested to any depth, in a regular shape. */
export type JsonNumbers = JsonNumber | readonly JsonNumbers[];

/** Numbers, with their dtype when they came from an array. */
export type JsonArray = JsonNumbers | { readonly dtype: DtypeName; readonly values: JsonNumbers };

/** Over what a mean is taken. */
export type MeanAxis = "batch" | "position";

/** A restriction to a part of one axis. */
interface Restricted {
  readonly intervention: InterventionJson;
  readonly axis?: number;
}

/** One intervention as plain data. */
export type InterventionJson =
  | { readonly type: "zeroOut" }
  | { readonly type: "scale"; readonly factor: number }
  | { readonly type: "addVector"; readonly vector: JsonArray; readonly scale?: number }
  | { readonly type: "replaceWith"; readonly value: JsonArray }
  | { readonly type: "clamp"; readonly min?: number; readonly max?: number }
  | { readonly type: "noise"; readonly std: number; readonly seed?: number }
  | { readonly type: "project"; readonly directions: JsonArray }
  | { readonly type: "ablateDirection"; readonly directions: JsonArray }
  | { readonly type: "meanAblate"; readonly mean?: JsonArray; readonly over?: readonly MeanAxis[] }
  | { readonly type: "skip"; readonly output?: "input" | "zeros" }
  | { readonly type: "compose"; readonly interventions: readonly InterventionJson[] }
  | ({ readonly type: "atPositions"; readonly positions: Positions } & Restricted)
  | ({ readonly type: "atKeys"; readonly positions: Positions } & Restricted)
  | ({ readonly type: "atHeads"; readonly heads: number | readonly number[] } & Restricted)
  | ({ readonly type: "atBatch"; readonly rows: number | readonly number[] } & Restricted);

/** The names of the built-in interventions that have a JSON form. */
export type InterventionType = InterventionJson["type"];

/** Interventions by site or selector, as plain data. */
export type InterventionsJson = Readonly<
  Record<string, InterventionJson | readonly InterventionJson[]>
>;
