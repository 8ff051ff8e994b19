/** A model as `console.log` shows it: what it is made of, with sizes, and equal layers once. */
import { dtypeName, isArray, type Module, type MxArray } from "@mlxterp/mlx";
import type { Anatomy } from "../anatomy/anatomy.js";
import { anatomyPart } from "../anatomy/resolve-anatomy.js";
import { formatBytes } from "../storage/byte-size.js";
import { isContainer, type ModuleNode, type Slot } from "../tree/module-node.js";
import { Tap } from "../tree/tap.js";

interface Line {
  readonly depth: number;
  readonly name: string;
  readonly text: string;
}

/**
 * @param heading the model's own name
 * @param root of its module tree
 */
export function drawModel(heading: string, root: ModuleNode, anatomy: Anatomy): string {
  const lines = [...tapLine(root.slots, 1), ...slotLines(root.slots, 1)];
  const width = Math.max(0, ...lines.map(({ depth, name }) => 2 * depth + name.length));
  const drawn = lines.map(({ depth, name, text }) => {
    const start = " ".repeat(2 * depth) + name;
    return `${start.padEnd(width)}  ${text}`.trimEnd();
  });
  const facts = [root.module.constructor.name, ...anatomyFacts(anatomy), ...weightFacts(root)];
  return [heading, `  ${facts.join(", ")}`, ...drawn].join("\n");
}

function anatomyFacts(anatomy: Anatomy): string[] {
  const part = <K extends keyof Anatomy>(name: K) => anatomyPart(anatomy, name);
  const [layers, heads, kvHeads] = [part("layers"), part("heads"), part("kvHeads")];
  const [headDim, hidden, vocab] = [part("headDim"), part("hidden"), part("vocab")];
  const shared = kvHeads !== undefined && kvHeads !== heads ? ` (${kvHeads} of keys)` : "";
  return [
    ...(layers === undefined ? [] : [`${layers} layers`]),
    ...(heads === undefined ? [] : [`${heads} heads${shared}${headDim ? ` of ${headDim}` : ""}`]),
    ...(hidden === undefined ? [] : [`hidden ${hidden}`]),
    ...(vocab === undefined ? [] : [`vocab ${vocab}`]),
  ];
}

/** How many numbers, of which type, in how many bytes; arrays that two modules share count once. */
function weightFacts(root: ModuleNode): string[] {
  const arrays = new Set<MxArray>();
  collectArrays(root, arrays);
  if (arrays.size === 0) return [];
  const sum = (count: (x: MxArray) => number) => [...arrays].reduce((a, x) => a + count(x), 0);
  const dtypes = [...new Set([...arrays].map(({ dtype }) => dtypeName(dtype)))];
  return [
    `${sum(({ size }) => size).toLocaleString("en")} numbers`,
    `${dtypes.join(" and ")}, ${formatBytes(sum(({ nbytes }) => nbytes))}`,
  ];
}

function collectArrays(slot: Slot, into: Set<MxArray>): void {
  const inner = isContainer(slot) ? slot.entries : slot.slots;
  if (!isContainer(slot)) for (const [, array] of ownArrays(slot.module)) into.add(array);
  for (const child of inner.values()) collectArrays(child, into);
}

function ownArrays(module: Module): [name: string, array: MxArray][] {
  return Object.entries(module).filter((entry): entry is [string, MxArray] => isArray(entry[1]));
}

function slotLines(slots: ReadonlyMap<string, Slot>, depth: number): Line[] {
  return [...slots]
    .filter(([, slot]) => !isTap(slot))
    .flatMap(([name, slot]) => (isContainer(slot) ? listLines(name, slot.entries, depth) : moduleLines(name, slot, depth))); // biome-ignore format: one choice
}

function isTap(slot: Slot): boolean {
  return !isContainer(slot) && slot.module instanceof Tap;
}

function moduleLines(name: string, { module, slots }: ModuleNode, depth: number): Line[] {
  const shapes = ownArrays(module).map(([key, { shape }]) => `${key} [${shape.join(", ")}]`);
  const text = [module.constructor.name, ...shapes].join("  ");
  return [{ depth, name, text }, ...tapLine(slots, depth + 1), ...slotLines(slots, depth + 1)];
}

/** The named points inside a module's forward, on one line. */
function tapLine(slots: ReadonlyMap<string, Slot>, depth: number): Line[] {
  const names = [...slots].filter(([, slot]) => isTap(slot)).map(([name]) => name);
  return names.length === 0 ? [] : [{ depth, name: "·", text: names.join(" ") }];
}

/** Neighbours that look the same stand there once, `0 … 11`. */
function listLines(name: string, entries: ReadonlyMap<string, Slot>, depth: number): Line[] {
  const groups: { first: string; last: string; lines: Line[]; key: string }[] = [];
  for (const [place, slot] of entries) {
    const lines = slotLines(new Map([["", slot]]), depth);
    const key = JSON.stringify(lines);
    const before = groups.at(-1);
    if (before?.key === key) before.last = place;
    else groups.push({ first: place, last: place, lines, key });
  }
  return groups.flatMap(({ first, last, lines: [head, ...rest] }) => {
    if (!head) return [];
    const places = first === last ? first : `${first} … ${last}`;
    const own = head.name === "" ? "" : ` ${head.name}`; // a list within the list
    return [{ ...head, name: `${name} ${places}${own}` }, ...rest];
  });
}
