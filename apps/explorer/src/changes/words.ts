/** What the words of a picture name in a model: components, sites, layers, heads, tokens. */
import { visibleToken } from "@mlxterp/results";
import type { Part, Place } from "./change.js";

/** As much of a place as is named. */
export type Found = Partial<Place>;

/** What stands around the words. */
export interface WordContext {
  /** Titles, by which a bare number is understood. */
  readonly titles: string;
  /** Whether bare numbers and pairs of them may be meant: `3` below "layer", `3.0` below "head". */
  readonly bare: boolean;
  readonly pieces?: readonly string[];
}

/** Beyond every model, cut to its last layer. */
const last = Number.MAX_SAFE_INTEGER;

/** What words name: `layer 3`, `head 3.0`, `L3H0`, `MLP 2`, `a3.h0`, `layers.3.mlp`, `embedding`, `to (13)`. */
export function readWords(words: string, { titles, bare, pieces = [] }: WordContext): Found {
  const named = componentIn(words) ?? siteIn(words) ?? headIn(words, bare);
  if (named) return named;
  const head = /\bhead (\d+)/i.exec(words);
  const layer = /\b(?:layer|mlp|attention|attn|stream|after|before|L)[ .]?(\d+)\b/i.exec(words);
  const alone = bare && /layer|after|before/i.test(titles) ? /^(\d+)$/.exec(words.trim()) : null;
  const number = layer?.[1] ?? alone?.[1];
  const part = head ? "head" : partOf(`${words} ${titles}`);
  if (number !== undefined || head) {
    return {
      ...(number !== undefined && { layer: Number(number) }),
      ...(head && { head: Number(head[1]) }),
      ...(part && { part }),
      ...positionIn(words),
    };
  }
  const token = /^token (\d+)\b/.exec(words);
  if (token) return { part: "before", layer: 0, position: Number(token[1]) };
  if (/^\W*(embedding|embedTokens|input)\b/i.test(words)) return { part: "before", layer: 0 };
  return tokenIn(words, pieces);
}

/** Of what the titles say, which activation is meant. */
export function partOf(words: string): Part | undefined {
  if (/\bmlps?\b/i.test(words)) return "mlp";
  if (/\battention (adds|\d)|\battn\b/i.test(words)) return "attention";
  return /stream before|before each layer/i.test(words) ? "before" : undefined;
}

/** Of an edge the component that writes, or the one that reads where the prompt itself does: `a0.h0 → a3.h1<v>`. */
function componentIn(words: string): Found | undefined {
  const ends = words
    .split("→")
    .map((end) => /^(?:a(\d+)\.h(\d+)|m(\d+))(?:<\w>)?$/.exec(end.trim()));
  const known = ends.find((end) => end !== null);
  if (known) {
    const [, layer, head, mlp] = known;
    if (mlp !== undefined) return { part: "mlp", layer: Number(mlp) };
    return { part: "head", layer: Number(layer), head: Number(head) };
  }
  return /^\s*logits\s*$/.test(words) ? { part: "after", layer: last } : undefined;
}

/** `layers.3.mlp.hidden` is in the MLP of layer 3. */
function siteIn(words: string): Found | undefined {
  const site = /\blayers\.(\d+)(?:\.(\w+))?/.exec(words);
  if (!site) return undefined;
  const [, layer, child] = site;
  const parts: Readonly<Record<string, Part>> = { input: "before", inputNorm: "before", selfAttn: "attention", mixer: "attention", mlp: "mlp" }; // biome-ignore format: one table
  return { part: parts[child ?? ""] ?? "after", layer: Number(layer) };
}

function headIn(words: string, bare: boolean): Found | undefined {
  const both =
    /\b(?:head |L)(\d+)(?:\.|H)(\d+)\b/i.exec(words) ??
    (bare ? /^\s*(\d+)\.(\d+)\s*$/.exec(words) : null);
  return both ? { part: "head", layer: Number(both[1]), head: Number(both[2]) } : undefined;
}

/** `L3 feature 21 at 5 Mary` */
function positionIn(words: string): Found {
  const at = /\bat (\d+)\b/.exec(words);
  return at ? { position: Number(at[1]) } : {};
}

/** A token with its position behind it, if it stands there in the prompt. */
function tokenIn(words: string, pieces: readonly string[]): Found {
  const token = /^(.*) \((\d+)\)$/.exec(words);
  if (!token) return {};
  const piece = pieces[Number(token[2])];
  if (piece === undefined) return {};
  const same = visibleToken(piece).trim() === token[1].trim() || piece.trim() === token[1].trim();
  return same ? { position: Number(token[2]) } : {};
}
