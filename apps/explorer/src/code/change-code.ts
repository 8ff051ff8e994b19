/** Changes as TypeScript that makes them, in the library's own words. */
import type { Change, Patch, Place, PlacedChange, Steering } from "../changes/change.js";
import { isPlaced } from "../changes/change.js";
import { counterparts } from "../changes/compile.js";
import { siteOf } from "../changes/sites.js";

/** Lines of a program, and what they need of the library. */
export interface Code {
  readonly imports: readonly string[];
  readonly lines: readonly string[];
}

/** What is known of the prompts that changes are made with. */
export interface Lengths {
  /** How many tokens the prompt has. */
  readonly positions: number;
  /** How many tokens a text has. */
  of(text: string): number;
}

/** Declares `changed`, a view of `model` with the changes that are on; no lines where there are none. */
export function changesCode(changes: readonly Change[], lengths: Lengths): Code {
  const writer = new Writer(lengths);
  const sites = new Map<string, string[]>();
  for (const change of changes.filter((one) => one.on).filter(isPlaced)) {
    const site = siteOf(change.place);
    sites.set(site, [...(sites.get(site) ?? []), writer.expression(change, site)]);
  }
  if (sites.size === 0) return { imports: [], lines: [] };
  const entries = [...sites].map(([site, all]) => `  ${quoted(site)}: [${all.join(", ")}],`);
  return {
    imports: [...writer.imports],
    lines: [...writer.lines, "const changed = model.edit({", ...entries, "});"],
  };
}

/** A text as a literal. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}

/** Writes expressions, and the lines that must stand before them. */
class Writer {
  readonly imports = new Set<string>();
  readonly lines: string[] = [];
  private readonly caches = new Map<string, string>();

  constructor(private readonly lengths: Lengths) {}

  expression(change: PlacedChange, site: string): string {
    switch (change.kind) {
      case "ablate":
        return this.restricted(change.place, this.call("zeroOut"));
      case "scale":
        return this.restricted(change.place, this.call("scale", `${change.factor}`));
      case "steer":
        return this.restricted(change.place, this.steering(change, site));
      case "patch":
        return this.patch(change, site);
    }
  }

  private call(name: string, ...values: string[]): string {
    this.imports.add(name);
    return `${name}(${values.join(", ")})`;
  }

  private restricted(place: Place, inner: string): string {
    const { part, head, key, position } = place;
    const hasHeads = (part === "head" || part === "edge") && head !== undefined;
    let code = hasHeads ? this.call("atHeads", `${head}`, inner) : inner;
    if (part === "edge" && key !== undefined) code = this.call("atKeys", `${key}`, code);
    return position === undefined ? code : this.call("atPositions", `${position}`, code);
  }

  private steering({ place, toward, from, factor }: Steering, site: string): string {
    const end = `${this.cache(toward, site)}.last(${quoted(site)})${ofHead(place)}`;
    const scaled = `{ scale: ${factor} }`;
    if (from === "") return this.call("addVector", end, scaled);
    this.imports.add("mx");
    const begin = `${this.cache(from, site)}.last(${quoted(site)})${ofHead(place)}`;
    return this.call("addVector", `mx.subtract(${end}, ${begin})`, scaled);
  }

  private patch(change: Patch, site: string): string {
    const { place, source, amount } = change;
    const cache = this.cache(source, site);
    const moved = counterparts(change, this.lengths.positions, this.lengths.of(source));
    if (amount === 1) {
      const inner = { ...place, position: undefined };
      if (place.position === undefined)
        return this.restricted(inner, this.call("patchFrom", cache));
      const [[to, from]] = moved;
      const where =
        to === from ? `{ positions: ${to} }` : `{ positions: ${to}, sourcePositions: ${from} }`;
      return this.restricted(inner, this.call("patchFrom", cache, where));
    }
    const mixes = moved.map(([to, from]) => {
      const vector = `${cache}.get(${quoted(site)}).index(0, ${from}${place.part === "head" ? `, ${place.head ?? 0}` : ""})`;
      const kept = this.call("scale", `${1 - amount}`);
      const added = this.call("addVector", vector, `{ scale: ${amount} }`);
      return this.restricted({ ...place, position: to }, this.call("compose", kept, added));
    });
    return mixes.join(", ");
  }

  /** The name of a cache of what a text makes of a site; read once. */
  private cache(text: string, site: string): string {
    const key = `${site}\n${text}`;
    const known = this.caches.get(key);
    if (known !== undefined) return known;
    const name = `cache${this.caches.size + 1}`;
    this.caches.set(key, name);
    this.lines.push(`const ${name} = await model.run(${quoted(text)}, { save: ${quoted(site)} });`);
    return name;
  }
}

/** Of (1, hidden) the vector, of (1, heads, headDim) that of the head. */
function ofHead({ part, head = 0 }: Place): string {
  return part === "head" ? `.index(0, ${head})` : ".index(0)";
}
