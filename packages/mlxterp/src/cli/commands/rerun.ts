/** `mlxterp rerun`: runs a stored result again and says whether the numbers are the same. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import {
  compare,
  type Difference,
  type Method,
  originDifferences,
  ProvenanceMismatchError,
  type Result,
  resultsFromJson,
} from "@mlxterp/results";
import { UsageError } from "../arguments/failure.js";
import { modelOptions } from "../arguments/model-options.js";
import { text, toggle } from "../arguments/options.js";
import { paragraph } from "../blocks/blocks.js";
import { type Command, type CommandContext, outputOptions } from "../verbs/command.js";
import { bringHubFolders } from "../verbs/hub-folders.js";
import { withOtherModels } from "../verbs/other-models.js";

/** Prompts that shared a batch are run alone here, and products of other shapes sum in another order. */
const near = { absolute: 1e-4, relative: 1e-4 };

/** @param methods that a result may be from */
export function rerunCommand(methods: readonly Method[]): Command {
  return {
    name: "rerun",
    summary: "Run a stored result (--json, --out file.json) again and compare the numbers",
    takesPrompt: "optional",
    word: "file",
    options: {
      ...modelOptions,
      chat: toggle("has no meaning here: what was fed is fed again"),
      ...outputOptions,
      other: text("the second model of a result that had one, if its name alone does not tell", "model"), // biome-ignore format: one line
      anyway: toggle("go on with other weights, dtype or versions than made the result"),
    },
    examples: ["result.json", "result.json --model ./the-same-model"],
    async run({ options, prompt: file }, context) {
      if (file === undefined)
        throw new UsageError("rerun needs the file of a result, such as result.json.");
      const stored = await readResults(resolve(context.folder, file), file);
      const source = options.model as string | undefined;
      const checks: Check[] = [];
      const other = options.other as string | undefined;
      const how = { source, other, anyway: options.anyway === true };
      for (const one of stored) checks.push(await check(one, methods, how, context));
      const blocks = checks.map(({ text, same }) => paragraph(text, same ? "good" : "bad"));
      return {
        data: { same: checks.every(({ same }) => same), checks },
        blocks,
        report: {
          title: `Rerun of ${file}`,
          blocks,
          provenance: checks.map((one) => one.result.provenance),
        },
        failed: checks.some(({ same }) => !same),
      };
    },
  };
}

interface Check {
  readonly same: boolean;
  readonly text: string;
  readonly difference: Difference | null;
  readonly result: Result;
}

interface How {
  readonly source: string | undefined;
  readonly other: string | undefined;
  readonly anyway: boolean;
}

async function readResults(path: string, file: string): Promise<Result[]> {
  try {
    return resultsFromJson(await readFile(path, "utf8"));
  } catch (cause) {
    throw new UsageError(`${file}: ${(cause as Error).message}`, { cause });
  }
}

async function check(
  stored: Result,
  methods: readonly Method[],
  { source, other, anyway }: How,
  context: CommandContext,
): Promise<Check> {
  const method = methods.find(({ name }) => name === stored.method);
  if (!method) {
    throw new UsageError(`There is no method "${stored.method}"; one of your own is named before the verb: mlxterp --methods ./mine.js rerun …`); // biome-ignore format: one message
  }
  const { rerun } = await import("@mlxterp/analysis");
  const model = await context.loadModel(source ?? stored.provenance.model);
  const brought = await bringHubFolders(method, stored.asked, context);
  const options = await withOtherModels(method, brought.options, context, other);
  const asked = options as Result["asked"];
  const result = brought.named(
    await rerunOrSay(() =>
      rerun(model, method, { ...stored, asked }, { signal: context.signal, anyway }),
    ),
  );
  for (const { text } of originDifferences(stored.provenance, result.provenance)) {
    context.warn(text.replace(/\.$/, ""));
  }
  const exact = compare(stored, result);
  const difference = exact && compare(stored, result, near);
  const what = `${method.title} of ${model.name}`;
  if (!exact)
    return {
      same: true,
      text: `${what}: the same numbers, bit for bit.`,
      difference: null,
      result,
    };
  if (!difference) return { same: true, text: `${what}: the same numbers within ${near.absolute}; bits differ from ${exact.path} on.`, difference: exact, result }; // biome-ignore format: one sentence
  return { same: false, text: `${what}: other numbers. ${difference.text}`, difference, result };
}

/** The way out by its name on a command line. */
async function rerunOrSay(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof ProvenanceMismatchError)) throw error;
    const { action, differences } = error;
    const rule = "Name the model it was made with (--model), or go on with --anyway.";
    throw new ProvenanceMismatchError(action, differences, rule);
  }
}
