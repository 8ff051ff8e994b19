/** The one check of blocks, before anything draws them: JavaScript alone would find out in the middle of a picture. */
import { oneOf } from "../errors/check-options.js";
import { InvalidArgumentError } from "../errors/invalid-argument.js";
import { didYouMean } from "../errors/nearest.js";
import {
  checkBoolean,
  checkList,
  checkNumber,
  checkPositiveInteger,
  checkRecord,
  checkText,
  checkWholeNumber,
  type OptionRule,
} from "../errors/option-rules.js";
import type { Block } from "./block.js";
import { blockFits } from "./block-fits.js";

/** The rule of every field of an interface; the compiler sees that none is forgotten. */
type Fields<T> = Readonly<Record<keyof Required<T>, OptionRule>>;

type OfKind<K extends Block["kind"]> = Extract<Block, { readonly kind: K }>;

const optional =
  (rule: OptionRule): OptionRule =>
  (argument, value) =>
    value === undefined || rule(argument, value);

const orNull =
  (rule: OptionRule): OptionRule =>
  (argument, value) =>
    value === null || rule(argument, value);

const listOf =
  (rule: OptionRule): OptionRule =>
  (argument, value) => {
    checkList(argument, value);
    for (const [index, one] of (value as unknown[]).entries()) rule(`${argument}[${index}]`, one);
  };

/** Any, also one that is not finite: a figure shows it as what it is. */
const number = checkNumber as OptionRule;

const numberOrText: OptionRule = (argument, value) =>
  typeof value === "string" || number(argument, value);

/** No shade is anywhere between ends that are not. */
const finite: OptionRule = (argument, value) => {
  if (Number.isFinite(checkNumber(argument, value))) return;
  throw new InvalidArgumentError(argument, value, `must be a finite number, not ${value}.`);
};

const pair: OptionRule = (argument, value) => {
  listOf(finite)(argument, value);
  if ((value as unknown[]).length === 2) return;
  throw new InvalidArgumentError(argument, value, "must be two numbers, the least and the most.");
};

function record<T>(fields: Fields<T>): OptionRule {
  return (argument, value) => {
    checkRecord(argument, value);
    const given = value as Readonly<Record<string, unknown>>;
    const names = Object.keys(fields);
    for (const name in given) {
      if (names.includes(name)) continue;
      const rule = `there is no such field. ${didYouMean(name, names)}Fields are ${names.join(", ")}.`;
      throw new InvalidArgumentError(`${argument}.${name}`, given[name], rule);
    }
    for (const [name, rule] of Object.entries<OptionRule>(fields)) {
      rule(`${argument}.${name}`, given[name]);
    }
  };
}

const text = checkText as OptionRule;
const texts = listOf(text);
const maybeText = optional(text);
const tone = optional(oneOf("strong", "good", "bad", "quiet"));
const cellRecord = record({ text, tone });
const cell: OptionRule = (argument, value) =>
  typeof value === "string" || cellRecord(argument, value);
const likely = record({ text, probability: number });
const amounts = listOf(orNull(number));
const places = record({ axis: text, at: listOf(orNull(numberOrText)) });
const head = { layer: checkWholeNumber, head: checkWholeNumber };
const titles = { title: text, subtitle: maybeText };

const sequential = record({ kind: text, domain: pair });
const diverging = record({ kind: text, domain: pair, pivot: finite });
const scale: OptionRule = (argument, value) => {
  checkRecord(argument, value);
  const { kind } = value as { kind?: unknown };
  oneOf("sequential", "diverging")(`${argument}.kind`, kind);
  (kind === "sequential" ? sequential : diverging)(argument, value);
};

const weights: OptionRule = (argument, value) => {
  if (value instanceof Float32Array) return;
  throw new InvalidArgumentError(argument, value, "must be a Float32Array, row by row.");
};

/** What every kind has; sections' blocks are checked by themselves. */
const shared = { kind: text, only: optional(oneOf("terminal", "page")) };

// biome-ignore format: a table
const kinds: { readonly [K in Block["kind"]]: OptionRule } = {
  section: record<OfKind<"section">>({ ...shared, title: text, blocks: checkList }),
  text: record<OfKind<"text">>({ ...shared, text, tone }),
  tokens: record<OfKind<"tokens">>({ ...shared, label: text, pieces: texts, values: optional(listOf(number)), scale: optional(scale) }),
  table: record<OfKind<"table">>({ ...shared, caption: maybeText, columns: listOf(record({ title: text, align: optional(oneOf("left", "right")) })), rows: listOf(listOf(cell)), fixed: optional(checkWholeNumber), unit: maybeText, widest: optional(checkPositiveInteger) }),
  grid: record<OfKind<"grid">>({ ...shared, ...titles, rowTitle: text, columnTitle: text, rows: texts, columns: texts, values: listOf(amounts), cells: optional(listOf(listOf(cell))), details: optional(listOf(texts)), alternatives: optional(listOf(listOf(listOf(likely)))), rowPlaces: optional(places), columnPlaces: optional(places), prompts: optional(listOf(record({ label: text, pieces: texts, says: optional(likely) }))), scale, legend: text, upwards: optional(checkBoolean), unit: maybeText }),
  bars: record<OfKind<"bars">>({ ...shared, ...titles, axis: text, bars: listOf(record({ label: text, value: number, low: optional(number), high: optional(number) })) }),
  lines: record<OfKind<"lines">>({ ...shared, ...titles, xTitle: text, yTitle: text, x: listOf(numberOrText), lines: listOf(record({ label: text, values: amounts, low: optional(amounts), high: optional(amounts) })) }),
  histogram: record<OfKind<"histogram">>({ ...shared, ...titles, axis: text, edges: listOf(number), counts: listOf(number) }),
  scatter: record<OfKind<"scatter">>({ ...shared, ...titles, xTitle: text, yTitle: text, points: listOf(record({ x: number, y: number, label: text })) }),
  attention: record<OfKind<"attention">>({ ...shared, pieces: texts, causal: checkBoolean, patterns: listOf(record({ ...head, weights })), open: optional(record(head)) }),
  graph: record<OfKind<"graph">>({ ...shared, ...titles, nodes: listOf(record({ id: text, label: text, rank: number })), edges: listOf(record({ from: text, to: text, weight: number })) }),
};

/** Sections within sections beyond this hold themselves, or might as well. */
const deepest = 32;

/**
 * Refuses what is no block, with the field that is wrong.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a kind there is not, a field that is missing, unknown or of
 * another type, and parts that do not fit each other, such as a row of a grid that is shorter than its columns
 * @example
 * checkBlock("block", { kind: "text", text: "Mary" });
 */
export function checkBlock(argument: string, value: unknown): asserts value is Block {
  checkText("argument", argument);
  checkAt(argument, value, 0);
}

/**
 * The same for a list of blocks.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) naming the first that is none
 * @example
 * checkBlocks("blocks", [{ kind: "text", text: "Mary" }]);
 */
export function checkBlocks(argument: string, value: unknown): asserts value is Block[] {
  checkText("argument", argument);
  listOf((name, one) => checkAt(name, one, 0))(argument, value);
}

function checkAt(argument: string, value: unknown, depth: number): void {
  checkRecord(argument, value);
  const own = Object.hasOwn(value as object, "kind"); // what draws it copies what it has itself
  const kind = own ? (value as { kind?: unknown }).kind : undefined;
  oneOf(...Object.keys(kinds))(`${argument}.kind`, kind);
  kinds[kind as Block["kind"]](argument, value);
  const block = value as Block;
  blockFits(argument, block);
  if (block.kind !== "section") return;
  if (depth > deepest) {
    const rule = `sections are more than ${deepest} deep, or one holds itself.`;
    throw new InvalidArgumentError(argument, value, rule);
  }
  listOf((name, one) => checkAt(name, one, depth + 1))(`${argument}.blocks`, block.blocks);
}
