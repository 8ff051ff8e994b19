/** The steps of a regular expression, to be run without ever going back in the text. */
import type { CodeSet } from "./code-set.js";
import { type PatternNode, PatternSyntaxError, type Place } from "./syntax.js";

export type Instruction =
  | { readonly kind: "take"; readonly set: CodeSet }
  | { readonly kind: "split"; first: number; second: number }
  | { readonly kind: "jump"; to: number }
  | {
      readonly kind: "look";
      readonly set: CodeSet;
      readonly behind: boolean;
      readonly negated: boolean;
    }
  | { readonly kind: "place"; readonly place: Place }
  | { readonly kind: "match" };

const longest = 5000; // steps; {1,1000} of a word are as many

export function compilePattern(node: PatternNode): readonly Instruction[] {
  const program: Instruction[] = [];
  emit(node, program);
  program.push({ kind: "match" });
  return program;
}

function emit(node: PatternNode, program: Instruction[]): void {
  if (program.length > longest) throw new PatternSyntaxError(`it has more than ${longest} steps`);
  switch (node.kind) {
    case "set":
      program.push({ kind: "take", set: node.set });
      return;
    case "look":
    case "place":
      program.push(node);
      return;
    case "sequence":
      for (const part of node.parts) emit(part, program);
      return;
    case "choice":
      emitChoice(node.parts, program);
      return;
    case "repeat":
      emitRepeat(node, program);
  }
}

function emitChoice(parts: readonly PatternNode[], program: Instruction[]): void {
  const exits: { to: number }[] = [];
  parts.forEach((part, index) => {
    if (index === parts.length - 1) {
      emit(part, program);
      return;
    }
    const split = { kind: "split" as const, first: program.length + 1, second: 0 };
    program.push(split);
    emit(part, program);
    const exit = { kind: "jump" as const, to: 0 };
    program.push(exit);
    exits.push(exit);
    split.second = program.length;
  });
  for (const exit of exits) exit.to = program.length;
}

function emitRepeat(
  { part, least, most, greedy }: PatternNode & { readonly kind: "repeat" },
  program: Instruction[],
): void {
  for (let count = 0; count < least; count++) emit(part, program);
  if (most === Number.POSITIVE_INFINITY) {
    const split = emitSplit(program, greedy);
    emit(part, program);
    program.push({ kind: "jump", to: program.indexOf(split) });
    leave(split, program.length, greedy);
    return;
  }
  const splits = [];
  for (let count = least; count < most; count++) {
    splits.push(emitSplit(program, greedy));
    emit(part, program);
  }
  for (const split of splits) leave(split, program.length, greedy);
}

type Split = Instruction & { readonly kind: "split" };

function emitSplit(program: Instruction[], greedy: boolean): Split {
  const inside = program.length + 1;
  const split: Split = { kind: "split", first: greedy ? inside : 0, second: greedy ? 0 : inside };
  program.push(split);
  return split;
}

function leave(split: Split, to: number, greedy: boolean): void {
  if (greedy) split.second = to;
  else split.first = to;
}
