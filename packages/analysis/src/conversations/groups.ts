/** The turns of a conversation as groups of positions. */
import { range } from "../shared/lists.js";
import type { WrittenChat } from "./conversation.js";

/** A turn as a group of positions. */
export interface Group {
  readonly name: string;
  readonly positions: readonly number[];
}

/** The turns, and what comes after the last of them. */
export function groupsOf({ ids, turns }: WrittenChat, which: "all" | "content"): Group[] {
  const groups = turns.map(({ role, start, end, content }, index) => {
    const span = which === "content" ? content : { start, end };
    const positions = range(span.end - span.start).map((at) => span.start + at);
    return { name: `${index}: ${role}`, positions };
  });
  const end = turns.at(-1)?.end ?? 0;
  const rest = range(ids.length - end).map((at) => end + at);
  const all = rest.length > 0 ? [...groups, { name: "answer", positions: rest }] : groups;
  return all.filter(({ positions }) => positions.length > 0);
}
