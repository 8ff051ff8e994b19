/** The weights of every family, by name, compute what its projections compute. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { loadModel } from "../index.js";
import { maxDifference, readActivations, rows } from "../test-support/reference.js";
import { sweptFolders } from "../test-support/reference-folders.js";

const layer = "layers.1";
const [attention, mlp] = [`${layer}.selfAttn`, `${layer}.mlp`];

/** x · W + b, for a matrix or one of each head: (batch, position, …) */
function project(x: MxArray, W: MxArray, b?: MxArray): MxArray {
  const byHead = W.ndim === 3;
  const product = byHead
    ? mx
        .matmul(mx.expandDims(x, 1), W)
        .transpose(0, 2, 1, 3)
        .reshape([...x.shape.slice(0, 2), -1])
    : mx.matmul(x, W);
  return b ? mx.add(product, byHead ? b.flatten() : b) : product;
}

const checkpoints = sweptFolders();

describe.each(checkpoints)("the weights of $name", ({ folder }) => {
  const loaded = (async () => {
    const model = await loadModel(folder);
    const prompt = rows(readActivations(folder).input_ids);
    const { W_router, latent } = model.weights.layer(1);
    const ofKeys = model.module.layers[1].selfAttn.valuesFromKeys;
    const projections = [
      ...(latent
        ? ["qProj", "kvDownProj", "kRopeProj", "kProj", "vProj"]
        : ["qProj", "kProj", ...(ofKeys ? [] : ["vProj"])]
      ).map((name) => `${attention}.${name}`),
      ...(latent?.W_DQ ? [`${attention}.qDownProj`] : []),
      `${attention}.oProj`,
      ...(W_router ? [`${mlp}.router`] : [`${mlp}.upProj`, `${mlp}.downProj`]),
      ...(model.weights.layer(1).W_router === undefined && model.weights.layer(1).W_gate
        ? [`${mlp}.gateProj`]
        : []),
    ];
    const save = projections.flatMap((site) => [site, `${site}.input`]);
    const extra = W_router
      ? [
          `${mlp}.expertIndices`,
          `${mlp}.upProj`,
          `${mlp}.upProj.input`,
          `${mlp}.downProj`,
          `${mlp}.post`,
        ]
      : [];
    const cache = await model.run(prompt, { save: [...save, ...extra, "finalNorm", "output"] });
    const check = (site: string, W: MxArray, b?: MxArray) =>
      expect(
        maxDifference(project(cache.get(`${site}.input`), W, b), cache.get(site)),
        site,
      ).toBeLessThan(1e-4);
    return { model, cache, check };
  })();

  it("are those of its attention", async () => {
    const { model, cache, check } = await loaded;
    const weights = model.weights.layer(1);
    if (weights.latent) {
      const { W_DQ, W_UQ, W_DKV, W_UK, W_UV, W_KR } = weights.latent;
      if (W_DQ) check(`${attention}.qDownProj`, W_DQ);
      check(`${attention}.qProj`, W_UQ);
      check(`${attention}.kvDownProj`, W_DKV);
      check(`${attention}.kProj`, W_UK);
      check(`${attention}.vProj`, W_UV);
      check(`${attention}.kRopeProj`, W_KR);
    } else {
      check(`${attention}.qProj`, weights.W_Q, weights.b_Q);
      check(`${attention}.kProj`, weights.W_K, weights.b_K);
      const { valuesFromKeys } = model.module.layers[1].selfAttn;
      check(`${attention}.${valuesFromKeys ? "k" : "v"}Proj`, weights.W_V, weights.b_V);
    }
    const { W_O, b_O } = weights; // (heads, headDim, hidden)
    const whole = W_O.reshape([-1, W_O.shape[2]]);
    const written = project(cache.get(`${attention}.oProj.input`), whole, b_O);
    expect(maxDifference(written, cache.get(`${attention}.oProj`))).toBeLessThan(1e-4);
  });

  it("are those of its MLP, or of each expert", async () => {
    const { model, cache, check } = await loaded;
    const weights = model.weights.layer(1);
    const { experts, W_router, b_router } = weights;
    if (!experts || !W_router) {
      check(`${mlp}.upProj`, weights.W_in, weights.b_in);
      check(`${mlp}.downProj`, weights.W_out, weights.b_out);
      if (weights.W_gate) check(`${mlp}.gateProj`, weights.W_gate, weights.b_gate);
      return;
    }
    check(`${mlp}.router`, W_router, b_router);
    const chosen = toFlat(cache.get(`${mlp}.expertIndices`).index(0, 0));
    chosen.forEach((expert, rank) => {
      const { W_in, b_in, W_out, b_out } = experts[expert];
      const at = (site: string) => cache.get(site).index(0, 0, rank);
      const entering = cache.get(`${mlp}.upProj.input`).index(0, 0);
      const x = entering.ndim === 2 ? entering.index(rank) : entering; // weighed for each expert, or the same for all
      const up = b_in ? mx.add(mx.matmul(x, W_in), b_in) : mx.matmul(x, W_in);
      expect(maxDifference(up, at(`${mlp}.upProj`))).toBeLessThan(1e-4);
      const read = mx.matmul(at(`${mlp}.post`), W_out);
      const down = b_out ? mx.add(read, b_out) : read;
      expect(maxDifference(down, at(`${mlp}.downProj`))).toBeLessThan(1e-4);
    });
  });

  it("are those of its unembedding", async () => {
    const { model, cache } = await loaded;
    const { W_U, b_U } = model.weights;
    const { scale = 1, softCap } = model.config.head;
    const plain = project(cache.get("finalNorm"), W_U, b_U);
    const scaled = mx.multiply(plain, scale);
    const logits = softCap ? mx.multiply(mx.tanh(mx.divide(scaled, softCap)), softCap) : scaled;
    expect(maxDifference(logits, cache.get("output"))).toBeLessThan(1e-4);
  });
});
