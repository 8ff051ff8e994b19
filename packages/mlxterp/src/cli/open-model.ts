/** Loads the model of an invocation; only here does the command need the binding. */
import type { LanguageModel, LoadOptions } from "@mlxterp/models";
import { UnfitModelError } from "./arguments/failure.js";
import { loadOptionsOf, type ModelValues, sourceFrom } from "./arguments/model-options.js";
import type { CliIo } from "./terminal/io.js";
import type { Progress } from "./terminal/progress.js";

/** Models that read one text, besides language models. What one of them lacks is refused by who needs it. */
const alsoOpened = ["RecurrentModel", "MaskedLanguageModel"] as const;

/**
 * @param values the model, `tiny` by default, and how it is loaded; folders are relative to the current one
 * @param given options that no flag gives
 * @throws UnfitModelError, BindingUnavailableError (`BINDING_UNAVAILABLE`), and whatever `loadModel` throws
 */
export async function openModel(
  values: ModelValues,
  io: CliIo,
  progress: (label: string) => Progress,
  given: Pick<LoadOptions, "lazy"> = {},
): Promise<LanguageModel> {
  const options = { ...loadOptionsOf(values, io.folder), ...given };
  const models = await import("@mlxterp/models");
  const name = values.model ?? "tiny";
  const bar = progress(`loading ${name}`);
  const load = (all: LoadOptions) => models.loadModel(sourceFrom(name, io.folder), all);
  const shown: LoadOptions = {
    ...options,
    signal: io.signal,
    onProgress: ({ file, loaded, total }) =>
      bar.update({ done: loaded, total, unit: "bytes", part: file }),
  };
  try {
    return await load(shown);
  } catch (error) {
    if (!(error instanceof models.ModelKindError)) throw error;
    const kind = alsoOpened.find((one) => one === error.found);
    if (!kind) throw new UnfitModelError(noText(error));
    const other: unknown = await load({ ...shown, as: models[kind] } as object);
    return other as LanguageModel;
  } finally {
    bar.stop();
  }
}

function noText({ file, found }: { readonly file: string; readonly found: string }): string {
  const opened = ["LanguageModel", ...alsoOpened].join(", ");
  return `${file} describes a model of the kind ${found}, and commands open those that read one text (${opened}). From TypeScript it opens with loadModel(source, { as: ${found} }).`;
}
