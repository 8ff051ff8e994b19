/** A run as a TypeScript program that repeats it with the library alone. */
import { swapped } from "../changes/compile.js";
import type { Desk } from "../state/document.js";
import { inputOf } from "../state/document.js";
import { type Code, changesCode, type Lengths, quoted } from "./change-code.js";

/** What is to be repeated. */
export interface Asked {
  readonly desk: Desk;
  /** The model as it is loaded: `tiny`, a folder, a hub id. */
  readonly source: string;
  readonly lengths: Lengths;
  /** The prompt's tokens, for prompts of which one was exchanged. */
  readonly ids: readonly number[];
}

/** A method with its options. */
export interface MethodAsked {
  readonly name: string;
  readonly title: string;
  readonly input: "prompts" | "pairs" | "none";
  readonly options: Readonly<Record<string, unknown>>;
  /** The task that its pairs are of, where it is not the prompts. */
  readonly task?: string;
}

/**
 * A program that runs a method as the page did and prints the results as JSON.
 */
export function methodProgram(asked: Asked, method: MethodAsked): string {
  const { desk } = asked;
  const changes = changesCode(desk.changes, asked.lengths);
  const input = method.task === undefined ? inputCode(asked, method.input) : taskCode(method.task);
  const view = changes.lines.length > 0 ? "changed" : "model";
  const given = literal(method.options);
  const options = input.isTask ? `askedOfTask(method, task, ${given})` : given;
  return program(`${method.title}, as the explorer ran it.`, asked, {
    imports: [
      "dictionaryMethods",
      "methods",
      "toJson",
      ...(input.imports ?? []),
      ...changes.imports,
    ],
    lines: [
      ...(method.input === "none" ? [] : input.lines),
      ...changes.lines,
      "",
      `const method = [...methods, ...dictionaryMethods].find(({ name }) => name === ${quoted(method.name)});`,
      `if (!method) throw new Error(${quoted(`There is no method "${method.name}" here.`)});`,
      `const results = await method.run(${view}, ${method.input === "none" ? "undefined" : input.name}, ${options});`,
      "console.log(toJson([results].flat(), 2));",
    ],
  });
}

/** A program that continues the prompt as the page did, plain and changed. */
export function generationProgram(
  asked: Asked,
  options: Readonly<Record<string, unknown>>,
): string {
  const changes = changesCode(asked.desk.changes, asked.lengths);
  const isChanged = asked.desk.changes.some(({ on }) => on);
  const plain = inputCode({ ...asked, desk: { ...asked.desk, changes: [] } }, "prompts");
  const swapped = inputCode(asked, "prompts", "changedPrompt");
  const isSwapped = swapped.lines[0] !== `const changedPrompt = ${promptCode(asked.desk)};`;
  const view = changes.lines.length > 0 ? "changed" : "model";
  const runs = [
    `[model, ${plain.name}]`,
    ...(isChanged ? [`[${view}, ${isSwapped ? swapped.name : plain.name}]`] : []),
  ];
  return program("A continuation, as the explorer wrote it.", asked, {
    imports: changes.imports,
    lines: [
      ...plain.lines,
      ...(isSwapped ? swapped.lines : []),
      ...changes.lines,
      "",
      `for (const [view, input] of [${runs.join(", ")}] as const) {`,
      `  for await (const { text } of view.generate(input, ${literal(options)})) process.stdout.write(text);`,
      '  process.stdout.write("\\n");',
      "}",
    ],
  });
}

function program(title: string, { source }: Asked, { imports, lines }: Code): string {
  const names = [...new Set(["loadModel", ...imports])].sort((a, b) =>
    a.toLowerCase() < b.toLowerCase() ? -1 : 1,
  );
  return [
    `/** ${title} */`,
    `import { ${names.join(", ")} } from "mlxterp";`,
    "",
    `const model = await loadModel(${quoted(source)});`,
    ...lines,
    "",
  ].join("\n");
}

interface Declared {
  readonly lines: readonly string[];
  readonly name: string;
  /** Whether it brings options of its own. */
  readonly isTask?: boolean;
  readonly imports?: readonly string[];
}

/** The pairs that a task comes with, as many as the server takes, and its answers. */
function taskCode(task: string): Declared {
  return {
    lines: [`const task = builtInTask(model, ${quoted(task)}, { size: 8, seed: 0 });`],
    name: "task.pairs",
    isTask: true,
    imports: ["askedOfTask", "builtInTask"],
  };
}

function inputCode(asked: Asked, kind: MethodAsked["input"], name = "prompt"): Declared {
  const { desk, ids } = asked;
  const isSwapped = desk.changes.some((one) => one.kind === "swap" && one.on);
  const prompt = isSwapped ? literal(swapped(ids, desk.changes)) : promptCode(desk);
  if (kind !== "pairs") return { lines: [`const ${name} = ${prompt};`], name };
  return {
    lines: [`const pair = { clean: ${prompt}, corrupted: ${quoted(desk.other)} };`],
    name: "pair",
  };
}

/** A chat becomes tokens by the model's own template. */
function promptCode({ prompt }: Desk): string {
  const input = inputOf(prompt);
  if (typeof input === "string") return quoted(input);
  return `model.tokenizer!.applyChatTemplate(${literal(input)}, { addGenerationPrompt: true }).ids`;
}

/** Data as a literal, with keys as one writes them. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([key, one]) => `${/^[A-Za-z_]\w*$/.test(key) ? key : quoted(key)}: ${literal(one)}`,
  );
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}
