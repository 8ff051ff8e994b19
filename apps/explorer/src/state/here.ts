/** Where one acts: the place that was clicked last, and what was typed for acts there. */

import type { Result } from "@mlxterp/results";
import { signal } from "@preact/signals";
import type { TokenFed } from "../api/api.js";
import type { Change, Place } from "../changes/change.js";
import { placeOf, type Selection } from "../changes/place.js";
import { newId } from "./desks.js";
import type { Explorer } from "./explorer.js";

/** What one can do at a place. */
export type Act = "ablate" | "scale" | "steer" | "patch" | "swap";

/** The words that acts need. */
export interface Words {
  readonly toward: string;
  readonly from: string;
  readonly source: string;
  readonly token: string;
}

/** The place one acts at. */
export class Here {
  readonly place = signal<Place | undefined>(undefined);
  readonly words = signal<Words>({ toward: "", from: "", source: "", token: "" });
  readonly problem = signal<string | undefined>(undefined);
  /** Counts clicks in pictures, so that the panel can come into view. */
  readonly clicks = signal(0);

  constructor(private readonly explorer: Explorer) {}

  /** Takes the place of what was clicked in a picture. */
  select(selection: Selection, result?: Result): void {
    const model = this.explorer.model.value;
    if (!model) return;
    const pieces = this.explorer.tokens.value.map(({ text }) => text);
    this.place.value = placeOf(selection, { layers: model.layers, pieces, result });
    this.problem.value = undefined;
    this.clicks.value++;
  }

  /** Moves the place, or chooses one where there is none yet. */
  at(part: Partial<Place>): void {
    const model = this.explorer.model.value;
    if (!model) return;
    const moved = {
      part: "after" as const,
      layer: Math.floor(model.layers / 2),
      ...this.place.value,
      ...part,
    };
    const hasHead = moved.part === "head" || moved.part === "edge";
    const { head, key, ...rest } = moved;
    this.place.value = {
      ...rest,
      ...(hasHead && { head: head ?? 0 }),
      ...(moved.part === "edge" && { key: key ?? 0 }),
    };
    this.problem.value = undefined;
  }

  /** Does something at the place. */
  async act(act: Act): Promise<void> {
    const place = this.place.value;
    if (!place) return;
    try {
      this.explorer.addChange(await this.change(act, place));
      this.problem.value = undefined;
    } catch (error) {
      this.problem.value = (error as Error).message;
    }
  }

  private async change(act: Act, place: Place): Promise<Change> {
    const shared = { id: newId(), on: true, place };
    const { toward, from, source, token } = this.words.value;
    const other = source || this.explorer.desk.value.other;
    switch (act) {
      case "ablate":
        return { ...shared, kind: "ablate" };
      case "scale":
        return { ...shared, kind: "scale", factor: 2 };
      case "steer":
        return { ...shared, kind: "steer", toward: need(toward, "Steer to"), from, factor: 1 };
      case "patch":
        return { ...shared, kind: "patch", source: need(other, "Patch from"), amount: 1 };
      case "swap":
        return this.swap(place, need(token, "Swap for"));
    }
  }

  private async swap({ position }: Place, text: string): Promise<Change> {
    if (position === undefined) throw new RangeError("Choose one position to swap its token.");
    const was = this.explorer.tokens.value[position]?.text ?? "";
    const spaced = /^\s/.test(was) && !/^\s/.test(text) ? [` ${text}`, text] : [text];
    const readings = await Promise.all(spaced.map((one) => this.ownTokens(one)));
    const [token] = readings.find(({ length }) => length === 1) ?? [];
    if (token) {
      const { id, text: shown } = token;
      return { id: newId(), on: true, kind: "swap", position, was, token: { id, text: shown } };
    }
    const [own] = readings;
    const parts = own.map((one) => `“${one.text}”`).join(" ");
    throw new RangeError(`“${text}” is ${own.length} tokens here (${parts}); a swap takes one.`);
  }

  /** A text's tokens without the one that begins every text, if there is one. */
  private async ownTokens(text: string): Promise<readonly TokenFed[]> {
    const { desk, reader } = this.explorer;
    const { model } = desk.value;
    const [read, [first]] = await Promise.all([
      reader.tokens(model, text),
      reader.tokens(model, "a"),
    ]);
    return read.length > 1 && read[0].id === first?.id ? read.slice(1) : read;
  }
}

function need(text: string, field: string): string {
  if (text.trim() === "") throw new RangeError(`${field}: write a text.`);
  return text;
}
