/** Opens a GGUF file as a checkpoint, whose blocks are packed matrices of 4 or 8 bits in groups of 32. */
import { dirname } from "node:path";
import type { DecoderConfig } from "../../decoder/config/config.js";
import { loadTokenizer } from "../../tokenizer/tokenizer.js";
import type { TensorEntry } from "../files/safetensors-header.js";
import type { OpenedCheckpoint } from "../opened-checkpoint.js";

import type { WeightTable } from "../table/weight-table.js";
import type { GgufArchitecture, GgufArchitectures } from "./gguf-architecture.js";
import { groupSize } from "./gguf-blocks.js";
import { type GgufTensor, readGgufHeader } from "./gguf-header.js";
import { GgufMetadata, refuseUnknown } from "./gguf-metadata.js";
import { GgufSource } from "./gguf-source.js";
import { ggufTokenizer } from "./gguf-tokenizer.js";

/**
 * A `tokenizer.json` beside the file is preferred to the file's own tokenizer.
 *
 * @param known the architectures that can be read
 * @throws CorruptCheckpointError (`CORRUPT_CHECKPOINT`), UnsupportedConfigError (`UNSUPPORTED_CONFIG`)
 */
export function openGguf(file: string, known: GgufArchitectures): OpenedCheckpoint {
  const header = readGgufHeader(file);
  const metadata = new GgufMetadata(header, file);
  const architecture = findArchitecture(metadata, known);
  refuseUnknown(metadata, architecture.reads);
  const bits = new Map(header.tensors.map(({ name, type }) => [name, type.bits ?? 8]));
  const folder = dirname(file);
  return {
    folder,
    config: file,
    json: {
      ...architecture.config(metadata),
      eos_token_id: header.metadata.get("tokenizer.ggml.eos_token_id"),
    },
    files: { weights: file, tensors: header.tensors.flatMap((tensor) => entriesOf(tensor, file)) },
    packing: { schemeOf: (module) => ({ bits: bits.get(`${module}.weight`) ?? 8, groupSize }) },
    table: (config) => tableOf(architecture, config),
    configText: undefined,
    notes: [],
    source: new GgufSource(file, header.tensors),
    tokenizer: () => loadTokenizer(folder) ?? ggufTokenizer(header.metadata, file),
  };
}

const scans = "its state-space mixers (ssm_in, ssm_conv1d, ssm_dt, ssm_a, ssm_d, ssm_out)";
const delta =
  "its gated delta layers (attn_qkv, attn_gate, ssm_conv1d, ssm_ba, ssm_a, ssm_norm, ssm_out)";
const convolutions =
  "its short convolutions (shortconv.conv, shortconv.in_proj, shortconv.out_proj)";

/** Recurrent and hybrid models by their architectures, and what of them is missing. */
const recurrent: Readonly<Record<string, string>> = {
  ...{ mamba: scans, mamba2: scans, "falcon-h1": scans, granitehybrid: scans },
  ...{ qwen3next: delta, qwen35: delta, qwen35moe: delta, lfm2: convolutions },
};

function findArchitecture(metadata: GgufMetadata, known: GgufArchitectures): GgufArchitecture {
  const { architecture } = metadata;
  const found = known.get(architecture);
  if (found) return found;
  if (Object.hasOwn(recurrent, architecture)) {
    const rule = `Not read of GGUF: the tensors of ${recurrent[architecture]}. Load the model's safetensors, with { as: RecurrentModel }.`;
    return metadata.refuse("general.architecture", architecture, rule);
  }
  const rule = `Supported: ${[...known.keys()].join(", ")}. Convert other models to safetensors.`;
  return metadata.refuse("general.architecture", architecture, rule);
}

function tableOf(architecture: GgufArchitecture, config: DecoderConfig): WeightTable {
  // Read with the configuration.
  const ignored = [/^rope_(freqs|factors_long|factors_short)\.weight$/];
  return { optionalPrefix: "", modules: architecture.modules(config), ignored };
}

/** The arrays that a tensor becomes: three, where it is packed. */
function entriesOf({ name, type, shape }: GgufTensor, file: string): TensorEntry[] {
  const { bits } = type;
  if (!bits) return [{ name, dtype: type.block === 1 ? type.name : "F32", shape, file }];
  const [columns = 0] = shape.slice(-1);
  const rows = shape.slice(0, -1);
  const module = name.replace(/\.weight$/, "");
  const groups = [...rows, columns / groupSize];
  return [
    { name, dtype: "U32", shape: [...rows, (columns * bits) / 32], file },
    { name: `${module}.scales`, dtype: "F32", shape: groups, file },
    { name: `${module}.biases`, dtype: "F32", shape: groups, file },
  ];
}
