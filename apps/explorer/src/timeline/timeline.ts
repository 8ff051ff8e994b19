/** The history of a sitting: acts that can be undone, and runs that can be opened again, in one list. */

/** One line of the history. */
export interface Line<Document, Run> {
  readonly id: string;
  /** When, in milliseconds. */
  readonly time: number;
  readonly text: string;
  /** What was on the desk after an act, or when a run was made. */
  readonly document: Document;
  /** What was found; a line without one is an act. */
  readonly run?: Run;
  /** Acts of one key that follow each other are one line: a slider that moves, a text that is typed. */
  readonly merge?: string;
  /** A run that was not asked for, but follows what is on the desk; the next of its key takes its place. */
  readonly live?: string;
}

/** Lines, oldest first, and how many of them hold: acts behind that have been undone. */
export interface Timeline<Document, Run> {
  readonly initial: Document;
  readonly lines: readonly Line<Document, Run>[];
  readonly held: number;
}

/** A history with nothing in it. */
export function emptyTimeline<Document, Run>(initial: Document): Timeline<Document, Run> {
  return { initial, lines: [], held: 0 };
}

/** What is on the desk now. */
export function documentOf<D, R>({ initial, lines, held }: Timeline<D, R>): D {
  return lines.slice(0, held).findLast(isAct)?.document ?? initial;
}

/** Adds a line. An act ends what was undone before it; runs are facts, and stay. */
export function withLine<D, R>(timeline: Timeline<D, R>, line: Line<D, R>): Timeline<D, R> {
  const { initial, lines, held } = timeline;
  const before = lines.slice(0, held);
  const behind = lines.slice(held);
  const kept = isAct(line) ? withoutMerged(before, line) : withoutLive(before, line);
  const after = isAct(line) ? behind.filter((one) => !isAct(one)) : behind;
  if (!isAct(line)) return { initial, lines: [...kept, line, ...after], held: kept.length + 1 };
  return { initial, lines: [...kept, ...after, line], held: kept.length + after.length + 1 };
}

/** Without the last act where it is one with the next, and the runs that only followed it. */
function withoutMerged<D, R>(before: readonly Line<D, R>[], next: Line<D, R>) {
  const settled = before.slice(0, before.findLastIndex(({ live }) => live === undefined) + 1);
  const last = settled.at(-1);
  const follows = next.merge !== undefined && last?.merge === next.merge && isAct(last);
  return follows ? settled.slice(0, -1) : before;
}

function withoutLive<D, R>(before: readonly Line<D, R>[], next: Line<D, R>) {
  const isNewer = next.live !== undefined && before.at(-1)?.live === next.live;
  return isNewer ? before.slice(0, -1) : before;
}

/** Takes the last act back; the same where there is none. */
export function undone<D, R>(timeline: Timeline<D, R>): Timeline<D, R> {
  const at = timeline.lines.slice(0, timeline.held).findLastIndex(isAct);
  return at < 0 ? timeline : { ...timeline, held: at };
}

/** Does the next act again; the same where there is none. */
export function redone<D, R>(timeline: Timeline<D, R>): Timeline<D, R> {
  const at = timeline.lines.findIndex((line, index) => index >= timeline.held && isAct(line));
  return at < 0 ? timeline : { ...timeline, held: at + 1 };
}

/** Whether there is an act to take back. */
export function canUndo<D, R>(timeline: Timeline<D, R>): boolean {
  return undone(timeline) !== timeline;
}

/** Whether there is an act to do again. */
export function canRedo<D, R>(timeline: Timeline<D, R>): boolean {
  return redone(timeline) !== timeline;
}

/** Without a line, and without the oldest runs beyond so many. */
export function pruned<D, R>(timeline: Timeline<D, R>, most: number): Timeline<D, R> {
  const excess = timeline.lines.length - most;
  if (excess <= 0 || timeline.held < excess) return timeline;
  const initial = documentOf({ ...timeline, held: excess });
  return { initial, lines: timeline.lines.slice(excess), held: timeline.held - excess };
}

/** Whether a line is something that was done, and not found. */
export function isAct<D, R>({ run }: Line<D, R>): boolean {
  return run === undefined;
}
