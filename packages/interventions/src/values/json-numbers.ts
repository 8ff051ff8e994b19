/** Numbers as JSON holds them, as types. */
import type { DtypeName } from "@mlxterp/mlx";

/** JSON has no infinities; attention scores need the negative one. */
export type JsonNumber = number | "Infinity" | "-Infinity";

/** Numbers nested to any depth, in a regular shape. */
export type JsonNumbers = JsonNumber | readonly JsonNumbers[];

/** Numbers, with their dtype when they came from an array. */
export type JsonArray = JsonNumbers | { readonly dtype: DtypeName; readonly values: JsonNumbers };
