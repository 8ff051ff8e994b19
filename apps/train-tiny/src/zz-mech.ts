import { readFileSync } from "node:fs";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { Decoder } from "@mlxterp/models";
import { flatten } from "./adamw.js";
import { seededRandom } from "./random.js";
import { abilities, words } from "./sentences/index.js";
import { tokens as allTokens, bosId } from "./vocabulary.js";

const file = process.argv[2];
const config = JSON.parse(readFileSync(file + ".json", "utf8"));
const toks = allTokens;
const words2 = toks.slice(4);
const encodeWords = (l: readonly string[]) =>
  l.map((w) => (toks.indexOf(w) < 0 ? 3 : toks.indexOf(w)));
const model = new Decoder(config);
const w = mx.load(file) as Record<string, MxArray>;
function re(t: any, p = ""): any {
  if (t instanceof mx.array) return w[p].astype(mx.float16).astype(mx.float32);
  if (Array.isArray(t)) return t.map((c, i) => re(c, p ? `${p}.${i}` : `${i}`));
  return Object.fromEntries(Object.entries(t).map(([k, c]) => [k, re(c, p ? `${p}.${k}` : k)]));
}
model.update(re(model.parameters()));
const r = seededRandom("mech");
const n = +(process.argv[3] ?? 20),
  B = 32;
const seqs = Array.from({ length: B }, () => {
  const e = encodeWords(r.sample(words2, n));
  return [bosId, ...e, ...e];
});
const H = config.layers[0].attention.heads,
  L = config.layers.length;
const ablate = new Set<string>();
const pats: MxArray[] = [];
model.layers.forEach((layer, i) => {
  const a = layer.selfAttn as any;
  Object.defineProperty(a.pattern, "changed", { get: () => true });
  a.pattern.forward = (x: MxArray) => {
    pats[i] = x;
    return x;
  };
  a.z.forward = (x: MxArray) => {
    const m = Array.from({ length: H }, (_, h) => (ablate.has(`${i}.${h}`) ? 0 : 1));
    return mx.multiply(x, mx.array(m).reshape([1, 1, H, 1]));
  };
});
function loss() {
  const lg = model.forward(
    mx.array(
      seqs.map((s) => s.slice(0, -1)),
      mx.int32,
    ),
  );
  const y = mx.array(
    seqs.map((s) => s.slice(1)),
    mx.int32,
  );
  const ce = mx.subtract(
    mx.logsumexp(lg, -1),
    mx.squeeze(mx.takeAlongAxis(lg, mx.expandDims(y, -1), -1), -1),
  );
  const m = toFlat(mx.mean(ce, 0));
  return [
    m.slice(0, n).reduce((a, b) => a + b) / n,
    m.slice(n + 1).reduce((a, b) => a + b) / (n - 1),
  ];
}
console.log("loss", loss());
const ind: [string, number][] = [],
  prev: [string, number][] = [];
pats.forEach((p, i) => {
  for (let h = 0; h < H; h++) {
    const f = toFlat(mx.mean(p.index(mx.Slice(), h), 0));
    const T = 2 * n;
    let s = 0,
      c = 0,
      q = 0;
    for (let k = n + 1; k < T; k++) {
      s += f[k * T + (k - n + 1)];
      c++;
    }
    for (let k = 1; k < T; k++) q += f[k * T + k - 1];
    ind.push([`${i}.${h}`, s / c]);
    prev.push([`${i}.${h}`, q / (T - 1)]);
  }
});
const show = (l: [string, number][]) =>
  l
    .sort((a, b) => b[1] - a[1])
    .slice(0, 6)
    .map(([k, v]) => `${k}:${v.toFixed(2)}`)
    .join(" ");
console.log("induction", show(ind));
console.log("previous", show(prev));
for (const k of [1, 2, 3, 4]) {
  ablate.clear();
  ind.slice(0, k).forEach(([h]) => ablate.add(h));
  console.log("ablate top", k, [...ablate].join(), loss()[1].toFixed(2));
  const others: number[] = [];
  for (let t = 0; t < 12; t++) {
    ablate.clear();
    const rest = ind.slice(k).map(([h]) => h);
    r.sample(rest, k).forEach((h) => ablate.add(h));
    others.push(loss()[1]);
  }
  console.log("  random", others.map((x) => x.toFixed(2)).join(" "));
}
for (const [h] of [...ind].sort()) {
  ablate.clear();
  ablate.add(h);
  process.stdout.write(`${h}:${loss()[1].toFixed(2)} `);
}
console.log();
console.log(
  "profiles (mean attention from second-copy queries): bos, self, prev, prev2, prev3, same token earlier, after same",
);
pats.forEach((p, i) => {
  for (let h = 0; h < H; h++) {
    const f = toFlat(mx.mean(p.index(mx.Slice(), h), 0));
    const T = 2 * n;
    const at = (d: (k: number) => number) => {
      let s = 0;
      for (let k = n + 1; k < T; k++) s += f[k * T + d(k)];
      return (s / (T - n - 1)).toFixed(2);
    };
    console.log(
      `${i}.${h}`,
      at(() => 0),
      at((k) => k),
      at((k) => k - 1),
      at((k) => k - 2),
      at((k) => k - 3),
      at((k) => k - n),
      at((k) => k - n + 1),
    );
  }
});

{
  const hr = seededRandom("io");
  const ss = Array.from({ length: 100 }, () => abilities.indirectObject.draw(hr, "heldOut")).filter(
    (s) => s.foil,
  );
  const L = Math.max(...ss.map((s) => s.answerAt + 1));
  const ids = ss.map((s) => [bosId, ...encodeWords(s.words.slice(0, s.answerAt))]);
  const diff = () => {
    const lg = model.forward(
      mx.array(
        ids.map((i) => [...i, ...Array(L - i.length).fill(0)]),
        mx.int32,
      ),
    );
    const last = mx.takeAlongAxis(
      lg,
      mx.array(
        ids.map((i) => [[i.length - 1]]),
        mx.int32,
      ),
      1,
    );
    const f = toFlat(last),
      V = config.vocab;
    let d = 0,
      ok = 0;
    ss.forEach((s, i) => {
      const row = Array.from(f.slice(i * V, (i + 1) * V));
      const [a, b] = encodeWords([s.words[s.answerAt], s.foil!]);
      d += row[a] - row[b];
      if (row.indexOf(Math.max(...row)) === a) ok++;
    });
    return `${(d / ss.length).toFixed(1)}/${((100 * ok) / ss.length).toFixed(0)}%`;
  };
  ablate.clear();
  console.log("IO", diff());
  for (let i = 0; i < L0(); i++)
    for (let h = 0; h < H; h++) {
      ablate.clear();
      ablate.add(`${i}.${h}`);
      process.stdout.write(`${i}.${h}:${diff()} `);
    }
  console.log();
  function L0() {
    return config.layers.length;
  }
}
