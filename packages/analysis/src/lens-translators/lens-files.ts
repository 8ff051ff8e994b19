/** Lenses in folders: our own layout, and the one in which tuned lenses are published. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  CorruptFileError,
  checkOptions,
  checkPath,
  InvalidArgumentError,
  type MxArray,
  mx,
  oneOf,
  openTorchFile,
  readTensors,
  readTorchTensor,
  withFile,
  writeFileAtomically,
  writeTensors,
  writeTorchTensors,
} from "@mlxterp/mlx";
import { type Provenance, provenanceProblem } from "@mlxterp/results";
import { z } from "zod";
import { type LensKind, LensTranslators } from "./lens-translators.js";

const ours = "lens.safetensors";
const published = "params.pt";

/** What `saveLens` is told. */
export interface SaveLensOptions {
  /** `torch` writes `params.pt` and `config.json` as tuned-lens does. Default: `safetensors`. */
  readonly format?: "safetensors" | "torch";
}

/**
 * Writes a lens into a folder, which is made where it is missing.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a Jacobian lens in torch's format, which knows none;
 *   IncompleteWriteError (`INCOMPLETE_WRITE`), FileAccessError (`FILE_ACCESS`)
 * @example
 * const lens = await jacobianLens(model, ["Mary and John"]);
 * await saveLens(lens, "lenses/jacobian");
 * (await loadLens("lenses/jacobian")).kind; // "jacobian"
 */
export async function saveLens(
  lens: LensTranslators,
  folder: string,
  options: SaveLensOptions = {},
): Promise<void> {
  checkPath("folder", folder);
  checkOptions<SaveLensOptions>("saveLens", options, {
    format: oneOf("safetensors", "torch"),
  });
  if (options.format === "torch") return savePublished(lens, folder);
  const about = { kind: lens.kind, ...(lens.origin && { origin: JSON.stringify(lens.origin) }) };
  const arrays = { weight: lens.weight, bias: lens.bias };
  await writeTensors(join(folder, ours), arrays, about);
}

async function savePublished(lens: LensTranslators, folder: string): Promise<void> {
  if (lens.kind !== "tuned") {
    const rule = "only tuned lenses are published as params.pt; leave format out.";
    throw new InvalidArgumentError("format", "torch", rule);
  }
  const arrays: [string, MxArray][] = [];
  for (let depth = 0; depth < lens.depths; depth++) {
    arrays.push([`${depth}.weight`, lens.weight.index(depth)]);
    arrays.push([`${depth}.bias`, lens.bias.index(depth)]);
  }
  await writeTorchTensors(join(folder, published), arrays);
  const config = {
    base_model_name_or_path: lens.origin?.model ?? "",
    d_model: lens.hidden,
    num_hidden_layers: lens.depths,
    bias: true,
    base_model_revision: null,
    unembed_hash: null,
    lens_type: "linear_tuned_lens",
  };
  writeFileAtomically(join(folder, "config.json"), JSON.stringify(config));
}

/**
 * Reads a lens that `saveLens` wrote, or a published tuned lens (`params.pt` with `config.json`). Nothing in a torch file is run.
 *
 * @throws CorruptFileError (`CORRUPT_FILE`), UnsupportedFileError (`UNSUPPORTED_FILE`), FileAccessError (`FILE_ACCESS`)
 * @example
 * await saveLens(await jacobianLens(model, ["Mary"]), "lenses/one");
 * const lens = await loadLens("lenses/one");
 * await logitLens(model, "Mary and John", { translators: lens });
 */
export async function loadLens(folder: string): Promise<LensTranslators> {
  checkPath("folder", folder);
  const file = join(folder, ours);
  return existsSync(file) || !existsSync(join(folder, published))
    ? readOurs(file, folder)
    : readPublished(folder);
}

function readOurs(file: string, folder: string): LensTranslators {
  const { tensors, metadata } = readTensors(file);
  const { weight, bias } = tensors;
  const { kind } = metadata;
  if (!weight || !bias || (kind !== "tuned" && kind !== "jacobian")) {
    throw new CorruptFileError(file, "it has no weight, bias and kind of a lens");
  }
  return made(file, { kind, weight, bias, folder, origin: originIn(file, metadata.origin) });
}

function originIn(file: string, text: string | undefined): Provenance | undefined {
  if (text === undefined) return undefined;
  const origin = parsed(file, text);
  const problem = provenanceProblem(origin);
  if (problem) throw new CorruptFileError(file, `it does not say where it comes from: ${problem}`);
  return origin as Provenance;
}

const configSchema = z.object({
  d_model: z.int().min(1),
  num_hidden_layers: z.int().min(1),
  bias: z.boolean().default(true),
  lens_type: z.literal("linear_tuned_lens").optional(), // older files do not say
});

function readPublished(folder: string): LensTranslators {
  const configFile = join(folder, "config.json");
  const text = withFile(configFile, () => readFileSync(configFile, "utf8"));
  const config = configSchema.safeParse(parsed(configFile, text));
  if (!config.success) {
    const [issue] = config.error.issues;
    throw new CorruptFileError(configFile, `${issue.path.join(".")}: ${issue.message}`);
  }
  const { d_model: hidden, num_hidden_layers: depths } = config.data;
  const file = join(folder, published);
  const { tensors } = openTorchFile(file);
  if (depths > tensors.size) {
    const reason = `num_hidden_layers is ${depths}, and ${published} has ${tensors.size} tensors`;
    throw new CorruptFileError(configFile, reason);
  }
  const read = (name: string, shape: readonly number[]): MxArray => {
    const tensor = tensors.get(name);
    if (!tensor) throw new CorruptFileError(file, `it has no "${name}"`);
    if (tensor.shape.join() === shape.join()) return readTorchTensor(tensor).astype(mx.float32);
    throw new CorruptFileError(file, `"${name}" is [${tensor.shape}], not [${shape}]`);
  };
  const each = Array.from({ length: depths }, (_, depth) => depth);
  const weight = mx.stack(each.map((depth) => read(`${depth}.weight`, [hidden, hidden])));
  const bias = config.data.bias
    ? mx.stack(each.map((depth) => read(`${depth}.bias`, [hidden])))
    : mx.zeros([depths, hidden]);
  return made(file, { kind: "tuned", weight, bias, folder });
}

interface Read {
  readonly kind: LensKind;
  readonly weight: MxArray;
  readonly bias: MxArray;
  readonly folder: string;
  readonly origin?: Provenance | undefined;
}

function made(file: string, { origin, ...parts }: Read): LensTranslators {
  try {
    return new LensTranslators({ ...parts, ...(origin && { origin }) });
  } catch (cause) {
    if (!(cause instanceof InvalidArgumentError)) throw cause;
    throw new CorruptFileError(file, cause.message, { cause });
  }
}

function parsed(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CorruptFileError(file, "it is no JSON", { cause });
  }
}
