/** The families by the `model_type` of their checkpoints. */
import { UnknownModelTypeError } from "../errors.js";
import { bert } from "./bert.js";
import { bloom } from "./bloom.js";
import { cohere } from "./cohere.js";
import { cohere2 } from "./cohere2.js";
import { deepseekV3 } from "./deepseek-v3.js";
import { falcon } from "./falcon.js";
import type { Family, ModuleFamily } from "./family.js";
import { gemma } from "./gemma.js";
import { gemma2 } from "./gemma2.js";
import { gemma3Text } from "./gemma3-text.js";
import { glm4 } from "./glm4.js";
import { gptBigcode } from "./gpt-bigcode.js";
import { gptNeo } from "./gpt-neo.js";
import { gptNeox } from "./gpt-neox.js";
import { gptOss } from "./gpt-oss.js";
import { gpt2 } from "./gpt2.js";
import { gptj } from "./gptj.js";
import { granite } from "./granite.js";
import { llama } from "./llama.js";
import { mamba } from "./mamba.js";
import { mistral } from "./mistral.js";
import { mixtral } from "./mixtral.js";
import { nemotron } from "./nemotron.js";
import { olmo2 } from "./olmo2.js";
import { olmoe } from "./olmoe.js";
import { opt } from "./opt.js";
import { phi } from "./phi.js";
import { phi3 } from "./phi3.js";
import { qwen2 } from "./qwen2.js";
import { qwen3 } from "./qwen3.js";
import { qwen3Moe } from "./qwen3-moe.js";
import { smollm3 } from "./smollm3.js";
import { stablelm } from "./stablelm.js";
import { starcoder2 } from "./starcoder2.js";

/** Every family; a new one is a file and a line here. */
export const families: readonly (Family | ModuleFamily)[] = [
  bert,
  bloom,
  cohere,
  cohere2,
  deepseekV3,
  falcon,
  gemma,
  gemma2,
  gemma3Text,
  glm4,
  gpt2,
  gptBigcode,
  gptj,
  gptNeo,
  gptNeox,
  gptOss,
  granite,
  llama,
  mamba,
  mistral,
  mixtral,
  nemotron,
  olmo2,
  olmoe,
  opt,
  phi,
  phi3,
  qwen2,
  qwen3,
  qwen3Moe,
  smollm3,
  stablelm,
  starcoder2,
];

/** @throws UnknownModelTypeError (`UNKNOWN_MODEL_TYPE`) */
export function familyOf(json: unknown, file: string): Family | ModuleFamily {
  const modelType = (json as { model_type?: unknown } | null)?.model_type;
  const family = families.find((candidate) => candidate.modelType === modelType);
  if (family) return family;
  throw new UnknownModelTypeError(
    modelType,
    file,
    families.map((known) => known.modelType),
  );
}
