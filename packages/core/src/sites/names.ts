/** Other people's names for sites, in ours: TransformerLens hooks and snake_case checkpoint paths. */

import { inLayer, outside } from "./hook-names.js";

const hooksInLayer: Readonly<Record<string, string>> = inLayer;
const hooksOutside: Readonly<Record<string, string>> = outside;

/** A TransformerLens hook name in this project's words; undefined when it is none. Selectors pass through the layer part. */
function fromTransformerLens(name: string): string | undefined {
  const [, hook, call = ""] = /^(.*?)(#\d+)?$/s.exec(name) ?? [name, name];
  if (Object.hasOwn(hooksOutside, hook)) return hooksOutside[hook] + call;
  const [, layer, inside] = /^blocks\.(\{[^}]*\}|[^.]+)\.(.+)$/.exec(hook) ?? [];
  if (inside === undefined || !Object.hasOwn(hooksInLayer, inside)) return undefined;
  return `layers.${layer}.${hooksInLayer[inside]}${call}`;
}

/** `self_attn.q_proj` → `selfAttn.qProj`, and without the wrapper's leading `model.`. */
function fromSnakeCase(name: string): string {
  return name
    .replace(/^(model\.)+/, "")
    .replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** A name as this project would write it. */
export function ourSpelling(name: string): string {
  return fromTransformerLens(name) ?? fromSnakeCase(name);
}

/** Every spelling under which a name may be known, the given one first. */
export function spellings(name: string): string[] {
  return [...new Set([name, fromTransformerLens(name) ?? name, fromSnakeCase(name)])];
}
