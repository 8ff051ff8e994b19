/** The history of what is on the desk, and the acts that change it. */
import { computed, signal } from "@preact/signals";
import type { TokenFed } from "../api/api.js";
import { type Change, dialled } from "../changes/change.js";
import { changeText } from "../changes/describe.js";
import { documentOf, emptyTimeline, type Line, pruned, redone, type Timeline, undone, withLine } from "../timeline/timeline.js"; // biome-ignore format: one menu
import { emptyDesk } from "./blank-desk.js";
import type { Desk } from "./document.js";
import type { Run } from "./run.js";

export type History = Timeline<Desk, Run>;
export type HistoryLine = Line<Desk, Run>;

const mostLines = 200;

/** An id of a line or a change. */
export function newId(): string {
  return crypto.randomUUID();
}

/** The desk with its history. */
export class Desks {
  readonly history = signal<History>(emptyTimeline(emptyDesk));
  readonly desk = computed(() => documentOf(this.history.value));
  /** Of the prompt, as it is fed. */
  readonly tokens = signal<readonly TokenFed[]>([]);

  /** Adds a line to the history. */
  protected add(line: HistoryLine): void {
    this.history.value = pruned(withLine(this.history.value, line), mostLines);
  }

  /** Does something that can be undone. */
  act(text: string, desk: Partial<Desk>, merge?: string): void {
    const document = { ...this.desk.value, ...desk };
    const line = { id: newId(), time: Date.now(), text, document, ...(merge && { merge }) };
    this.add(line);
  }

  undo(): void {
    this.history.value = undone(this.history.value);
  }

  redo(): void {
    this.history.value = redone(this.history.value);
  }

  addChange(change: Change): void {
    this.act(this.textOf(change), { changes: [...this.desk.value.changes, change] });
  }

  /** Moves a change's slider; its many moves are one line. */
  dial(id: string, value: number): void {
    const changes = this.desk.value.changes.map((one) =>
      one.id === id ? dialled(one, value) : one,
    );
    const moved = changes.find((one) => one.id === id);
    if (moved) this.act(this.textOf(moved), { changes }, `dial ${id}`);
  }

  toggle(id: string): void {
    const changes = this.desk.value.changes.map((one) =>
      one.id === id ? { ...one, on: !one.on } : one,
    );
    const one = changes.find((change) => change.id === id);
    if (one) this.act(`${one.on ? "Switch on" : "Switch off"}: ${this.textOf(one)}`, { changes });
  }

  removeChange(id: string): void {
    const gone = this.desk.value.changes.find((one) => one.id === id);
    const changes = this.desk.value.changes.filter((one) => one.id !== id);
    if (gone) this.act(`Remove: ${this.textOf(gone)}`, { changes });
  }

  private textOf(change: Change): string {
    return changeText(
      change,
      this.tokens.value.map(({ text }) => text),
    );
  }
}
