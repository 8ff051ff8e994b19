import { evaluate, type MxArray, mx, nn, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, listParameters, setParameters } from "@mlxterp/models";
import { AdamW, flatten } from "/work/main/apps/train-tiny/src/adamw.ts";
import { defaultDataset, drawDocument } from "/work/main/apps/train-tiny/src/dataset.ts";
import { seededRandom } from "/work/main/apps/train-tiny/src/random.ts";
import { abilities, words } from "/work/main/apps/train-tiny/src/sentences/index.ts";
import { bosId, encodeWords, padId, tokens } from "/work/main/apps/train-tiny/src/vocabulary.ts";

const A = Object.fromEntries(process.argv.slice(2).map((a) => a.split("="))) as any;
const hidden = +(A.h ?? 128),
  layers = +(A.l ?? 4),
  heads = +(A.heads ?? 4),
  mlp = +(A.mlp ?? 256),
  steps = +(A.steps ?? 3000),
  batch = +(A.b ?? 48),
  T = +(A.T ?? 64),
  lr = +(A.lr ?? 2e-3),
  dev = +(A.dev ?? 0.04),
  tied = A.tied === "1",
  rep = +(A.rep ?? 0.35),
  wd = +(A.wd ?? 0.1),
  b2 = +(A.b2 ?? 0.98);
const norm = { kind: "rms" as const, epsilon: 1e-5, bias: false };
const hd = +(A.hd ?? hidden / heads);
const config = {
  vocab: tokens.length,
  hidden,
  maxPositions: T,
  learnedPositions: false,
  layers: Array.from({ length: layers }, () => ({
    inputNorm: norm,
    postAttentionNorm: norm,
    attention: {
      heads,
      kvHeads: heads,
      headDim: hd,
      scale: hd ** -0.5,
      qkvBias: false,
      outputBias: false,
      rope: { dims: hd, base: +(A.base ?? 10000), interleaved: false },
    },
    mlp: { hidden: mlp, activation: "silu" as const, gated: true, bias: false },
  })),
  finalNorm: norm,
  head: { tied, bias: false },
};
const model = initializeWeights(new Decoder(config), { seed: +(A.seed ?? 1), deviation: dev });
console.log(
  "params",
  flatten(model.parameters()).reduce((s, [, a]) => s + a.size, 0),
  JSON.stringify(A),
);
const r = seededRandom("1/train");
const ds = { ...defaultDataset, length: T, repeated: rep };
const opt = new AdamW({ betas: [0.9, b2], epsilon: 1e-8, weightDecay: wd, clip: 1 });
function lossFn(x: MxArray, y: MxArray, w: MxArray) {
  const logits = model.forward(x);
  const ce = mx.subtract(
    mx.logsumexp(logits, -1),
    mx.squeeze(mx.takeAlongAxis(logits, mx.expandDims(y, -1), -1), -1),
  );
  return mx.divide(mx.sum(mx.multiply(ce, w)), mx.sum(w));
}
const vg = nn.valueAndGrad(model, lossFn);
function step(docs: number[][], rate: number) {
  const x = mx.array(
      docs.map((d) => d.slice(0, -1)),
      mx.int32,
    ),
    y = mx.array(
      docs.map((d) => d.slice(1)),
      mx.int32,
    );
  const w = mx.array(docs.map((d) => d.slice(1).map((t) => (t === padId ? 0 : 1))));
  const [loss, g] = vg(x, y, w);
  setParameters(model, opt.update(listParameters(model), new Map(flatten(g as any)), rate));
  return loss;
}
function logits(ids: number[][]) {
  return model.forward(mx.array(ids, mx.int32));
}
const hr = seededRandom("1/held");
const tests = Object.fromEntries(
  Object.entries(abilities).map(([n, a]) => [
    n,
    Array.from({ length: 150 }, () => a.draw(hr, "heldOut")),
  ]),
);
const reps = Array.from({ length: 32 }, () => hr.sample(words, 20));
async function evalAll() {
  (globalThis as any).gc?.();
  await new Promise((r) => setImmediate(r));
  const out: string[] = [];
  for (const [n, ss] of Object.entries(tests)) {
    const L = Math.max(...ss.map((s) => s.answerAt + 1));
    const ids = ss.map((s) => [bosId, ...encodeWords(s.words.slice(0, s.answerAt))]);
    const lg = logits(ids.map((i) => [...i, ...Array(L - i.length).fill(padId)]));
    const last = mx.takeAlongAxis(
      lg,
      mx.array(
        ids.map((i) => [[i.length - 1]]),
        mx.int32,
      ),
      1,
    );
    const f = toFlat(last),
      V = tokens.length;
    let top = 0,
      pair = 0;
    ss.forEach((s, i) => {
      const row = Array.from(f.slice(i * V, (i + 1) * V));
      const [a] = encodeWords([s.words[s.answerAt]]);
      const am = row.indexOf(Math.max(...row));
      if (am === a) top++;
      if (s.foil) {
        const [b] = encodeWords([s.foil]);
        if (row[a] > row[b]) pair++;
      }
    });
    out.push(
      `${n} ${((100 * top) / ss.length).toFixed(0)}/${((100 * pair) / ss.length).toFixed(0)}`,
    );
  }
  const ids = reps.map((w) => {
    const e = encodeWords(w);
    return [bosId, ...e, ...e];
  });
  const lg = logits(ids.map((d) => d.slice(0, -1)));
  const y = mx.array(
    ids.map((d) => d.slice(1)),
    mx.int32,
  );
  const ce = mx.subtract(
    mx.logsumexp(lg, -1),
    mx.squeeze(mx.takeAlongAxis(lg, mx.expandDims(y, -1), -1), -1),
  );
  const m = toFlat(mx.mean(ce, 0));
  const n = 20;
  const f1 = m.slice(0, n).reduce((a, b) => a + b) / n,
    f2 = m.slice(n + 1).reduce((a, b) => a + b) / (n - 1);
  out.push(`rep ${f1.toFixed(2)}/${f2.toFixed(2)}`);
  (globalThis as any).gc?.();
  await new Promise((r) => setImmediate(r));
  return out.join(" ");
}
let t0 = performance.now(),
  tt = t0;
let acc = 0;
for (let i = 1; i <= steps; i++) {
  const warm = Math.min(1, i / +(A.warm ?? 100));
  const rate = lr * warm * (0.05 + 0.95 * 0.5 * (1 + Math.cos((Math.PI * i) / steps)));
  const docs = Array.from({ length: batch }, () => drawDocument(r, ds));
  const loss = step(docs, rate);
  const flat = flatten(model.parameters()).map(([, a]) => a);
  await evaluate([loss, ...flat, ...opt.state]);
  acc += loss.item() as number;
  if (i % 20 === 0) {
    (globalThis as any).gc?.();
    await new Promise((r) => setImmediate(r));
  }
  if (i % 100 === 0) {
    console.log(
      i,
      "loss",
      (acc / 100).toFixed(3),
      ((performance.now() - tt) / 100).toFixed(0) + "ms/step",
      (process.memoryUsage.rss() / 1e6).toFixed(0) + "MB",
      i % +(A.ev ?? 500) === 0 ? await evalAll() : "",
    );
    tt = performance.now();
    acc = 0;
  }
}
console.log(await evalAll());
console.log("total", ((performance.now() - t0) / 1000).toFixed(0));
const out: Record<string, MxArray> = {};
for (const [k, a] of flatten(model.parameters())) out[k] = a;
if (A.save) {
  mx.saveSafetensors(A.save, out);
  (await import("node:fs")).writeFileSync(A.save + ".json", JSON.stringify(config));
}
