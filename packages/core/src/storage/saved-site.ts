/** What is known about a saved value besides its numbers, and how it is found by name. */
import type { Axes } from "../axes.js";
import type { FoundSite } from "../pass/found-site.js";
import { axesOf, findPositionAxis } from "../sites/axes-of.js";
import type { OtherName } from "../sites/described.js";
import { compileSegments } from "../sites/match.js";
import { fromSnakeCase, sameOtherName, splitCall } from "../sites/names.js";
import { type Port, parseSelector } from "../sites/selector.js";
import type { Segment } from "../tree/module-node.js";

/** A saved site; plain data, so that it can be written to a file. */
export interface SavedSite {
  /** The canonical name, with `#call` where its module was called several times. */
  readonly name: string;
  /** The way to its module. */
  readonly segments: readonly Segment[];
  readonly port: Port;
  readonly call: number | undefined;
  /** The axes of the value as it is held, where they are known. */
  readonly axes: Axes | undefined;
  /** Which axis holds positions; undefined where there is none, or that is not known. */
  readonly positionAxis: number | undefined;
  /** What other libraries call it. */
  readonly otherNames?: readonly OtherName[];
}

/** @param width the number of positions of the batch; undefined when the input was not tokens */
export function savedSite({ name, site, call, value }: FoundSite, width?: number): SavedSite {
  const { segments } = site.node;
  const axes = axesOf(site, value);
  const positionAxis = findPositionAxis(axes, value.shape, width);
  const otherNames = site.otherNames?.() ?? [];
  return { name, segments, port: site.port, call, axes, positionAxis, otherNames };
}

/**
 * The name under which a site is held, from any accepted spelling.
 *
 * @returns undefined when it is not held, or when the name is a pattern
 */
export function findSaved(name: string, held: readonly SavedSite[]): string | undefined {
  return (
    findByPath(name, held) ?? findByOtherName(name, held) ?? findByPath(fromSnakeCase(name), held)
  );
}

function findByPath(name: string, held: readonly SavedSite[]): string | undefined {
  for (const reading of parseSelector(name)) {
    if (reading.pattern) continue;
    const test = compileSegments(reading.segments);
    const found = held.find(
      ({ segments, port, call }) =>
        call === reading.call && samePort(port, reading.port) && test(segments),
    );
    if (found) return found.name;
  }
  return undefined;
}

function findByOtherName(name: string, held: readonly SavedSite[]): string | undefined {
  const [body, wanted] = splitCall(name);
  if (/[*{]/.test(body)) return undefined;
  const same = sameOtherName(body);
  return held.find(({ call, otherNames = [] }) => call === wanted && otherNames.some(same))?.name;
}

function samePort(one: Port, other: Port): boolean {
  return one.kind === other.kind && one.element === other.element;
}
