/** The history: acts that can be undone and done again, runs that stay, against a plain stack of documents. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canRedo, canUndo, documentOf, emptyTimeline, type Line, pruned, redone, type Timeline, undone, withLine } from "./timeline.js"; // biome-ignore format: one menu

let count = 0;
const line = (
  document: string,
  more: Partial<Line<string, number>> = {},
): Line<string, number> => ({
  ...{ id: `${count++}`, time: 0, text: document, document },
  ...more,
});
const texts = (timeline: Timeline<string, number>) => timeline.lines.map(({ text }) => text);

describe("the history", () => {
  it("undoes acts one by one and does them again", () => {
    const both = withLine(withLine(emptyTimeline<string, number>("-"), line("a")), line("b"));
    expect(documentOf(both)).toBe("b");
    expect(documentOf(undone(both))).toBe("a");
    expect(documentOf(undone(undone(both)))).toBe("-");
    expect(canUndo(undone(undone(both)))).toBe(false);
    expect(documentOf(redone(redone(undone(undone(both)))))).toBe("b");
    expect(canRedo(both)).toBe(false);
  });

  it("keeps runs when acts before them are undone and others are done", () => {
    const ran = withLine(withLine(emptyTimeline<string, number>("-"), line("a")), line("a", { run: 1, text: "lens" })); // biome-ignore format: one history
    const other = withLine(undone(ran), line("b"));
    expect(texts(other)).toEqual(["lens", "b"]);
    expect(documentOf(other)).toBe("b");
    expect(documentOf(undone(other))).toBe("-");
  });

  it("makes one line of a slider's many moves, and none of moves around a run", () => {
    const moved = ["a1", "a2"].reduce((all, one) => withLine(all, line(one, { merge: "dial" })), emptyTimeline<string, number>("-")); // biome-ignore format: one history
    expect(texts(moved)).toEqual(["a2"]);
    const ran = withLine(moved, line("a2", { run: 1, text: "lens" }));
    expect(texts(withLine(ran, line("a3", { merge: "dial" })))).toEqual(["a2", "lens", "a3"]);
    expect(documentOf(undone(moved))).toBe("-");
  });

  it("keeps one of the runs that only follow what is typed", () => {
    const typed = (document: string) => line(document, { merge: "prompt" });
    const live = (run: number) => line("", { run, text: `lens ${run}`, live: "lens" });
    const lines = [typed("a"), live(1), typed("ab"), live(2), typed("abc"), live(3), live(4)];
    const all = lines.reduce(withLine, emptyTimeline<string, number>("-"));
    expect(texts(all)).toEqual(["abc", "lens 4"]);
    expect(texts(withLine(all, line("abcd")))).toEqual(["abc", "lens 4", "abcd"]);
  });

  it("forgets the oldest lines and nothing of the desk", () => {
    const many = Array.from({ length: 9 }, (_, at) => line(`${at}`)).reduce(withLine, emptyTimeline<string, number>("-")); // biome-ignore format: one history
    expect(texts(pruned(many, 4))).toEqual(["5", "6", "7", "8"]);
    expect(documentOf(undone(undone(undone(undone(pruned(many, 4))))))).toBe("4");
  });

  it("is a stack of documents, whatever is done", () => {
    const steps = fc.array(fc.constantFrom("act", "undo", "redo", "run"), { maxLength: 30 });
    fc.assert(
      fc.property(steps, (all) => {
        let timeline = emptyTimeline<string, number>("-");
        let [past, future]: [string[], string[]] = [["-"], []];
        all.forEach((step, at) => {
          if (step === "run") timeline = withLine(timeline, line(past.at(-1)!, { run: at }));
          if (step === "act") {
            timeline = withLine(timeline, line(`${at}`));
            [past, future] = [[...past, `${at}`], []];
          }
          if (step === "undo") {
            timeline = undone(timeline);
            if (past.length > 1) future = [past.pop()!, ...future];
          }
          if (step === "redo") {
            timeline = redone(timeline);
            if (future.length > 0) past = [...past, future.shift()!];
          }
          expect(documentOf(timeline)).toBe(past.at(-1));
        });
        expect(timeline.lines.filter(({ run }) => run !== undefined)).toHaveLength(all.filter((one) => one === "run").length); // biome-ignore format: one count
      }),
    );
  });
});
