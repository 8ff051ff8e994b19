/** Shapes and dtypes of everything that a pass came by, from a graph of which nothing is computed. */
import { type DtypeName, dtypeName } from "@mlxterp/mlx";
import type { Axes } from "../axes.js";
import type { SiteReader } from "../pass/reader.js";
import { axesOf, findPositionAxis } from "../sites/axes-of.js";
import type { Port } from "../sites/selector.js";
import { type Site, siteName } from "../sites/site.js";
import type { ModuleNode } from "../tree/module-node.js";
import { Tap } from "../tree/tap.js";

/** One value of a site, without its numbers. */
export interface ScannedValue {
  readonly call: number;
  readonly shape: readonly number[];
  readonly dtype: DtypeName;
  /** Bytes of one element. */
  readonly itemBytes: number;
  readonly axes: Axes | undefined;
  readonly positionAxis: number | undefined;
}

/** By port of a module, one value for each call. */
export type ScannedValues = ReadonlyMap<string, readonly ScannedValue[]>;

/** What a port is listed under. The first array of several is also the port itself. */
export function portKey({ node, port }: Pick<Site, "node" | "port">): string {
  return `${node.index} ${port.kind} ${port.element ?? 0}`;
}

/** @param width the number of positions of the batch; undefined when the input was not tokens */
export function readScan(
  reader: SiteReader,
  nodes: readonly ModuleNode[],
  width: number | undefined,
): ScannedValues {
  const scanned = new Map<string, readonly ScannedValue[]>();
  for (const node of nodes) {
    for (const kind of ["output", "input"] as const) {
      for (const { port, values } of elements(reader, node, kind, width)) {
        scanned.set(portKey({ node, port }), values);
      }
    }
  }
  return scanned;
}

/** The arrays inside what a module took or returned: one, or each of a tuple. */
function elements(
  reader: SiteReader,
  node: ModuleNode,
  kind: Port["kind"],
  width: number | undefined,
): { port: Port; values: ScannedValue[] }[] {
  const found: { port: Port; values: ScannedValue[] }[] = [];
  const most = node.module instanceof Tap ? 1 : Number.POSITIVE_INFINITY;
  while (found.length < most) {
    const port: Port = { kind, element: found.length === 0 ? undefined : found.length };
    const values = valuesAt(reader, { node, port }, width);
    if (values.length === 0) break;
    found.push({ port, values });
  }
  return found;
}

function valuesAt(
  reader: SiteReader,
  { node, port }: Pick<Site, "node" | "port">,
  width: number | undefined,
): ScannedValue[] {
  const site: Site = { node, port, call: undefined, name: siteName(node, port), exact: false };
  return reader.glance(site).map(({ call, value }): ScannedValue => {
    const { shape, dtype } = value;
    const axes = axesOf(site, value)?.slice(); // the reader's own
    const positionAxis = findPositionAxis(axes, shape, width);
    return { call, shape, dtype: dtypeName(dtype), itemBytes: dtype.size, axes, positionAxis };
  });
}
