/** The one shape of what methods return. */
import type { Grid } from "../grids/grid.js";
import type { Json, Provenance } from "../origin/provenance.js";
import type { Fed } from "./fed.js";

import type { Table, TableValue } from "./table.js";

/** What a reader must know, and a stable code for programs. */
export interface Note {
  readonly code: string;
  readonly text: string;
}

/** Grids by name. */
export type Grids = Readonly<Record<string, Grid | undefined>>;

/** Tables by name. */
export type Tables = Readonly<
  Record<string, Table<Readonly<Record<string, TableValue>>> | undefined>
>;

/**
 * What a method found, typed by its own grids and tables.
 *
 * `asked`, `fed` and `provenance` together are enough to run it again.
 */
export interface Result<
  Name extends string = string,
  G extends Grids = Grids,
  T extends Tables = Tables,
> {
  readonly method: Name;
  /** The resolved options, defaults included. */
  readonly asked: Readonly<Record<string, Json>>;
  /** Prompts and answers as the model got them. */
  readonly fed: readonly Fed[];
  readonly grids: G;
  readonly tables: T;
  readonly notes: readonly Note[];
  readonly provenance: Provenance;
}
