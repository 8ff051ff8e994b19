/** Hostile command lines: a right one of some verb, with one or two things wrong. */
import type { Command } from "../../../cli/verbs/command.js";
import type { Random } from "../random.js";
import type { Surroundings } from "./surroundings.js";

/** Right ones that take no time, by verb; the others are right without arguments. */
const right: Readonly<Record<string, readonly string[]>> = {
  trace: ["Mary and John", "--sites", "layers.0.mlp"],
  task: ["--task", "pairs.csv"],
  scan: ["--task", "pairs.csv", "--seconds", "1", "--top", "1", "--random", "1"],
  lens: ["Mary and John", "--answer", "to", "--top-k", "2"],
  "tuned-lens": ["Mary and", "--file", "texts.txt", "--steps", "1"],
  patchscope: ["Mary and", "--target", "John and", "--layers", "0", "--nulls", "1", "--max-tokens", "1"],
  attention: ["Mary and", "--layers", "1", "--heads", "0"],
  turns: ["--file", "chat.json", "--ends", "1"],
  heads: ["--sequences", "1", "--length", "3", "--nulls", "1"],
  weights: ["--sample-tokens", "20", "--directions", "3.0", "--nulls", "1"],
  copying: ["--heads", "1.0", "--sequences", "1", "--length", "3"],
  patch: ["--clean", "Mary and", "--corrupted", "John and", "--answer", "to", "--kinds", "residual", "--layers", "0"],
  causal: ["Mary and", "--subject", "Mary", "--samples", "1", "--layers", "0", "--answer", "to"],
  atp: ["--kinds", "head", "--task", "pairs.json"],
  attribute: ["Mary and", "--answer", "to", "--most", "3"],
  tokens: ["Mary and", "--answer", "to", "--steps", "2"],
  ablate: ["Mary and", "--heads", "2.1", "--answer", "to", "--method", "zero"],
  path: ["--clean", "Mary and", "--corrupted", "John and", "--answer", "to", "--receivers", "logits"],
  edges: ["--task", "pairs.json", "--scoring", "eap"],
  circuit: ["--task", "pairs.json", "--random", "1", "--fractions", "0.1,1", "--scoring", "eap"],
  acdc: ["--task", "pairs.json", "--threshold", "9"],
  probe: ["--task", "agreement", "--pairs", "4", "--layers", "0", "--nulls", "1", "--folds", "2"],
  steer: ["--task", "agreement", "--pairs", "4", "--layers", "0", "--strengths=1", "--nulls", "1"],
  erase: ["--task", "agreement", "--pairs", "4", "--layers", "0", "--nulls", "1", "--folds", "2"],
  das: ["--task", "agreement", "--pairs", "4", "--layers", "0", "--steps", "1", "--nulls", "1"],
  diff: ["Mary and", "--change", "layers.2.mlp=scale(0)"],
  similarity: ["Mary and John", "--measure", "procrustes", "--nulls", "1", "--layers", "0"],
  statistics: ["Mary and", "--sites", "output"],
  features: ["Mary and", "--features", "7,12"],
  graph: ["Mary and", "--max-features", "4"],
  "feature-circuit": ["Mary and", "--nodes", "4", "--steps", "1", "--random", "1"],
  crosscoder: ["Mary and", "--top", "2"],
  generate: ["Mary and", "--max-tokens", "2", "--seed", "3"],
  rerun: ["result.json"],
  sites: ["--sites", "layers.0.*"],
  serve: ["--port", "0"],
  mcp: ["--characters", "300"],
  explore: ["--port", "0"],
}; // biome-ignore format: a table

const numbers = ["0", "-1", "1", "2", "3", "0.5", "0,1", "100000", "1.5", "-0", "NaN", "Infinity", "-Infinity", "1e999", "1e308", "9007199254740993", "2147483648", "0x10", "١", "1_000", "1,", "many"]; // biome-ignore format: one list
const texts = ["", " ", ",", ".", "=", "*", "**", "layers.99", "layers.[", "constructor", "__proto__", "toString", "\0", "\ud800", "\u001b]0;title\u0007", "\u001b[2J", "\u202eyraM", "a\nb", "zebra", "'", "$(id)", "-", "--", "x".repeat(20_000), "{0,1}".repeat(22), "layers.".repeat(2000), "null", "[]", "{}", "99.99", "0.0", "-1.-1", "1.1.1", "layers.0=scale(1e999)", "layers.0=scale(", "layers.0=vanish()", "layers.0 = A - B * x", "layers.0=Mary - John * 1e999", "output=zeroOut()"]; // biome-ignore format: one list
const outs = ["out/a.html", "out/a.svg", "out/a.png", "out/a.json", "out/a.csv", "out/a.txt", "out/a.pdf", "out/A.HTML", "nowhere/a.html", "out", ".", "", "/", "\0.html", "out/a\0.json", "result.json", "result.json/a.html", "circle.json", "dangling.json", "folder.json", "/dev/full", "/dev/null", "/proc/a.json", "out/\u001b[31m.html", `out/${"x".repeat(300)}.html`]; // biome-ignore format: one list
const others = ["--", "-", "-h", "-x", "--help=1", "--no-json", "--=", "---", "-1", "--json=true", "--debug=", "--methods", "--version", "second word"]; // biome-ignore format: one list

export interface CommandLine {
  readonly argv: readonly string[];
  /** Values that are hostile, or likely to be. */
  readonly hostile: readonly string[];
}

/** The command line of a seed. */
export function commandLine(
  commands: readonly Command[],
  random: Random,
  around: Surroundings,
): CommandLine {
  // biome-ignore format: one signature
  const command = random.pick(commands);
  let argv = [command.name, ...(right[command.name] ?? [])];
  const hostile: string[] = [];
  for (let count = random.pick([1, 1, 2]); count > 0; count--) {
    const [next, value] = wrong(argv, command, random, around);
    argv = next;
    hostile.push(value);
  }
  return { argv, hostile };
}

/** One thing wrong, and what. */
function wrong(
  argv: string[],
  command: Command,
  random: Random,
  around: Surroundings,
): [string[], string] {
  // biome-ignore format: one signature
  const values = argv.flatMap((word, index) => (index > 0 && !word.startsWith("--") ? [index] : []));
  const at = values.length > 0 ? random.pick(values) : 1;
  const flag = random.pick(Object.keys(command.options).filter((name) => name !== "debug")); // which prints what is forbidden otherwise
  const value = valueFor(flag, command, random, around);
  const kind = random.below(30);
  if (kind < 16) return given(argv, command, flag, value, random);
  if (kind < 24) return argv.length > 1 ? replaced(argv, at, command, random, around) : [[...argv, value], value]; // biome-ignore format: one choice
  if (kind === 24) return [argv.toSpliced(at, 1), argv[at] ?? ""];
  if (kind === 25) return misspelt(argv, flag, random);
  if (kind === 26) return [argv.with(0, `${command.name.slice(0, -1)}${random.pick(texts)}`), argv[0]]; // biome-ignore format: one line
  if (kind === 27) return ((word) => [argv.toSpliced(at, 0, word), word])(random.pick(others));
  if (kind === 28) return ((file) => [["--methods", file, ...argv], file])(random.pick([...around.files, "mine.js", "broken.js"])); // biome-ignore format: one line
  return ((word) => [argv.toSpliced(at, 0, word), word])(random.pick(texts));
}

function given(
  argv: string[],
  { options }: Command,
  flag: string,
  value: string,
  random: Random,
): [string[], string] {
  // biome-ignore format: one signature
  const name = `--${flag}`;
  if (options[flag].placeholder === undefined && random.below(4) > 0)
    return [[...argv, name], name];
  const without = argv.includes(name) && random.below(6) > 0 ? argv.toSpliced(argv.indexOf(name), 2) : argv; // biome-ignore format: one choice
  return [[...without, ...(random.below(2) === 0 ? [`${name}=${value}`] : [name, value])], value];
}

/** A word in place of another; a value of a flag by a value for it. */
function replaced(
  argv: string[],
  at: number,
  command: Command,
  random: Random,
  around: Surroundings,
): [string[], string] {
  // biome-ignore format: one signature
  const flag = /^--([\w-]+)$/.exec(argv[at - 1])?.[1];
  const value = valueFor(flag ?? "", command, random, around);
  return [argv.with(at, value), value];
}

function misspelt(argv: string[], flag: string, random: Random): [string[], string] {
  const word = random.pick([`--${flag}${flag.at(-1)}`, `--${flag.slice(1)}`, `-${flag}`, `--${flag.toUpperCase()}`, `--${random.pick(texts)}`]); // biome-ignore format: one list
  return [[...argv, word], word];
}

/** Mostly of the kind that the flag takes, so that what is behind the first check is reached. */
function valueFor(
  flag: string,
  { options }: Command,
  random: Random,
  { files, models, folder }: Surroundings,
): string {
  // biome-ignore format: one signature
  if (random.below(5) === 0) return random.pick([...numbers, ...texts, ...files]);
  const placeholder = options[flag]?.placeholder ?? "text";
  if (flag === "out") return random.pick(outs);
  if (flag === "model" || flag === "other" || flag === "adapter") return random.pick(models);
  if (flag === "root") return random.pick([folder, ...files]);
  if (/^(file|task|lens|translators|dictionar|transcoders|crosscoder|save|checkpoint$|texts|prompts)/.test(flag)) return random.pick(files); // biome-ignore format: one line
  if (/^n(,…)?$/.test(placeholder)) return random.pick(numbers);
  if (placeholder.includes("|")) return random.pick([...placeholder.split("|"), ...texts]);
  return random.pick([...texts, "Mary", "to", "layers.0", "2,0,1", "0.0,1.1"]);
}
