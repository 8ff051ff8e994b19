/** A run of the history as a program. */
import { isPlaced } from "../changes/change.js";
import { type Asked, generationProgram, methodProgram } from "../code/program.js";
import type { HistoryLine } from "../state/desks.js";
import { type Desk, inputOf } from "../state/document.js";
import type { Explorer } from "../state/explorer.js";
import { samplingOptions } from "../state/generation.js";

/** @returns TypeScript that runs with the package `mlxterp` alone */
export async function programOf(explorer: Explorer, line: HistoryLine): Promise<string> {
  const method = explorer.methods.value.find(({ name }) => name === line.run?.method);
  if (!line.run || !method) throw new RangeError("This line of the history is no run of a method.");
  const { name, title, input } = method;
  const { options } = line.run;
  const given = line.run.input;
  const task =
    typeof given === "object" && given !== null && "task" in given ? given.task : undefined;
  return methodProgram(await askedOf(explorer, line.document), {
    name,
    title,
    input,
    options,
    task,
  });
}

/** The continuation of what is on the desk, plain and changed, as a program. */
export async function continuationProgramOf(explorer: Explorer): Promise<string> {
  const { desk, generation } = explorer;
  const asked = await askedOf(explorer, desk.value);
  return generationProgram(asked, samplingOptions(generation.sampling.value));
}

async function askedOf(explorer: Explorer, desk: Desk): Promise<Asked> {
  const { reader, models } = explorer;
  const { model, prompt, changes } = desk;
  const source = models.value.find(({ id }) => id === model)?.source ?? model;
  const tokens = await reader.tokens(model, inputOf(prompt));
  const texts = changes
    .filter(isPlaced)
    .flatMap((one) => (one.kind === "patch" ? [one.source] : []));
  const lengths = new Map<string, number>();
  for (const text of texts) lengths.set(text, (await reader.tokens(model, text)).length);
  return {
    desk,
    source,
    ids: tokens.map(({ id }) => id),
    lengths: { positions: tokens.length, of: (text) => lengths.get(text) ?? tokens.length },
  };
}
