/** Other people's names for sites, in ours: TransformerLens hooks and snake_case checkpoint paths. */
import { inLayer, outside } from "./hook-names.js";

type Hooks = Readonly<Record<string, string | readonly string[]>>;
const hooksInLayer: Hooks = inLayer;
const hooksOutside: Hooks = outside;

/** A TransformerLens hook name in this project's words, the most exact first; none when it is none. Selectors pass through the layer part. */
function fromTransformerLens(name: string): string[] {
  const [, hook, call = ""] = /^(.*?)(#\d+)?$/s.exec(name) ?? [name, name];
  if (Object.hasOwn(hooksOutside, hook))
    return [hooksOutside[hook]].flat().map((site) => site + call);
  const [, layer, inside] = /^blocks\.(\{[^}]*\}|[^.]+)\.(.+)$/.exec(hook) ?? [];
  if (inside === undefined || !Object.hasOwn(hooksInLayer, inside)) return [];
  return [hooksInLayer[inside]].flat().map((site) => `layers.${layer}.${site}${call}`);
}

/** `self_attn.q_proj` → `selfAttn.qProj`, and without the wrapper's leading `model.`. */
function fromSnakeCase(name: string): string {
  return name
    .replace(/^(model\.)+/, "")
    .replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** A name as this project would write it. */
export function ourSpelling(name: string): string {
  return fromTransformerLens(name).at(-1) ?? fromSnakeCase(name);
}

/** Every spelling under which a name may be known, the given one first. */
export function spellings(name: string): string[] {
  return [...new Set([name, ...fromTransformerLens(name), fromSnakeCase(name)])];
}
