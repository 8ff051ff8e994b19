/** CodeGen (`model_type: "codegen"`): GPT-J with queries, values and keys in one tensor, in four blocks. */
import { compact, type WeightRule } from "../../checkpoint/table/weight-table.js";
import { likeGptj } from "../shared/gptj-parts.js";

/** Blocks that four devices had: queries, values and keys of a quarter of the heads each. */
const blocks = 4;

const fourBlocks: WeightRule = {
  into: ["layers.*.selfAttn.qProj", "layers.*.selfAttn.vProj", "layers.*.selfAttn.kProj"],
  transform: (tensor) => {
    const columns = tensor.shape.slice(1);
    return tensor
      .reshape([blocks, 3, -1, ...columns])
      .split(3, 1)
      .map((part) => compact(part.reshape([-1, ...columns])));
  },
  storedShape: ([[rows, ...columns]]) => [3 * rows, ...columns],
};

export const codegen = likeGptj("codegen", { "h.*.attn.qkv_proj": fourBlocks });
