/** A program that loads damaged copies of checkpoints and runs what loads, with a line for each; it must never die or hang. */
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { evaluate, MlxterpError } from "@mlxterp/mlx";
import { loadModel } from "../index.js";
import { MaskedLanguageModel } from "../masked-model/masked-language-model.js";
import { RecurrentModel } from "../recurrent-model/recurrent-model.js";
import { damage, randomFrom } from "./damage.js";

const [, , first, count, base, ...folders] = process.argv;

async function use(folder: string, adapter: boolean): Promise<string> {
  const gguf = readdirSync(folder).find((name) => name.endsWith(".gguf"));
  const source = gguf ? join(folder, gguf) : adapter ? base : folder;
  const as = folder.includes("bert") ? MaskedLanguageModel : RecurrentModel;
  const plain = !/bert|mamba/.test(folder);
  const model = await (plain
    ? loadModel(source, adapter ? { adapter: folder } : {})
    : loadModel<MaskedLanguageModel | RecurrentModel>(source, { as }));
  await evaluate([(await model.run([[1, 2, 3]])).get("output")]);
  return "loaded";
}

for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  const random = randomFrom(seed);
  const original = folders[seed % folders.length];
  const name = original.split("/").at(-1);
  const folder = mkdtempSync(join(tmpdir(), `mlxterp-damaged-${name}-`));
  cpSync(original, folder, { recursive: true });
  const what = damage(folder, random);
  process.stdout.write(`${seed} ${name} ${what}: `);
  const result = await use(folder, original.endsWith("adapter")).catch((error: unknown) =>
    MlxterpError.isInstance(error) && typeof (error as { code?: unknown }).code === "string"
      ? `typed ${(error as unknown as { code: string }).code}`
      : `UNTYPED ${String(error).slice(0, 200)} ${(error as Error).stack?.split("\n")[2] ?? ""}`,
  );
  rmSync(folder, { recursive: true, force: true });
  process.stdout.write(`${result}\n`);
}
process.stdout.write("end\n");
