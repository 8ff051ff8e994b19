/** Changes in words, as the history and the list of changes say them. */
import { visibleToken } from "@mlxterp/results";
import type { Change, Place } from "./change.js";

/** A place in words, such as `head 3.0 at 7 ·John`. */
export function placeText(place: Place, pieces: readonly string[] = []): string {
  const { part, layer, head, position, key } = place;
  const what = {
    before: `stream before layer ${layer}`,
    after: `stream after layer ${layer}`,
    attention: `attention ${layer}`,
    mlp: `MLP ${layer}`,
    head: `head ${layer}.${head ?? 0}`,
    edge: `head ${layer}.${head ?? 0}`,
  }[part];
  if (part === "edge" && key !== undefined) {
    return `${what}, ${tokenText(position, pieces)} looking at ${tokenText(key, pieces)}`;
  }
  return position === undefined
    ? `${what}, everywhere`
    : `${what} at ${tokenText(position, pieces)}`;
}

/** A token of the prompt in words: its text where it is known, and its position. */
function tokenText(position: number | undefined, pieces: readonly string[]): string {
  if (position === undefined) return "every token";
  const piece = pieces[position];
  return piece === undefined
    ? `position ${position}`
    : `“${visibleToken(piece).trim()}” (${position})`;
}

/** A change in words. */
export function changeText(change: Change, pieces: readonly string[] = []): string {
  switch (change.kind) {
    case "ablate":
      return `Ablate ${placeText(change.place, pieces)}`;
    case "scale":
      return `Scale ${placeText(change.place, pieces)} by ${shown(change.factor)}`;
    case "steer": {
      const away = change.from === "" ? "" : ` from “${brief(change.from)}”`;
      return `Steer ${placeText(change.place, pieces)}${away} to “${brief(change.toward)}” × ${shown(change.factor)}`;
    }
    case "patch": {
      const share = change.amount === 1 ? "" : `, ${Math.round(change.amount * 100)} %`;
      return `Patch ${placeText(change.place, pieces)} from “${brief(change.source)}”${share}`;
    }
    case "swap":
      return `Swap “${visibleToken(change.was).trim()}” (${change.position}) for “${visibleToken(change.token.text).trim()}”`;
  }
}

function shown(value: number): string {
  return `${Number(value.toFixed(2))}`;
}

/** The end of a long text: prompts of one experiment begin alike. */
function brief(text: string): string {
  return text.length > 34 ? `…${text.slice(-32)}` : text;
}
