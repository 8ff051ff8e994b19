/** Places as sites and restrictions, in the JSON form of interventions. */
import type { Place } from "./change.js";

/** One intervention as the server takes it. */
export interface InterventionJson {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** The site of a place. */
export function siteOf({ part, layer }: Place): string {
  const home = `layers.${layer}`;
  switch (part) {
    case "before":
      return `${home}.input`;
    case "after":
      return home;
    case "attention":
      return `${home}.selfAttn`;
    case "mlp":
      return `${home}.mlp`;
    case "head":
      return `${home}.selfAttn.z`;
    case "edge":
      return `${home}.selfAttn.pattern`;
  }
}

/** An intervention at the head, key and position of a place only. */
export function restricted(place: Place, intervention: InterventionJson): InterventionJson {
  const { part, head, key, position } = place;
  let inner = intervention;
  const hasHeads = part === "head" || part === "edge";
  if (hasHeads && head !== undefined) {
    inner = { type: "atHeads", heads: head, intervention: inner };
  }
  if (part === "edge" && key !== undefined) {
    inner = { type: "atKeys", positions: key, intervention: inner };
  }
  if (position === undefined) return inner;
  return { type: "atPositions", positions: position, intervention: inner };
}
