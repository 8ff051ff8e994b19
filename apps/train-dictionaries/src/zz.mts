import { changeFeatures, featureSite, loadDictionary, spliceDictionary } from "@mlxterp/dictionaries";
import { mx, toFlat } from "@mlxterp/mlx";
import { loadModel } from "@mlxterp/models";
import { bestFeature, f1Of, rowsOf } from "./concept.js";
import { sampleTexts } from "./sample-texts.js";
const seed = Number(process.argv[2] ?? 77), N = Number(process.argv[3] ?? 128);
const model: any = await loadModel("tiny");
const dictionary = loadDictionary("tiny");
const texts = await sampleTexts(model, { sequences: N, length: 48, seed });
console.log(texts.slice(0, 6).map((t) => model.tokenizer.decode(t)).join("\n"));
const [found, judged] = [texts.slice(0, N / 2), texts.slice(N / 2)];
const concepts: Record<string, string> = {
  names: "Mary,Anna,Sue,Amy,Lily,Emma,Kate,Jane,Rose,Ruth,John,Tom,Ben,Max,Sam,Bob,Jack,Tim,Paul,Peter",
  things: "ball,drink,book,ring,letter,kite,present,cake,hat,lamp,coat,map,flower,basket,pen,bone",
  countries: "France,Spain,Italy,Japan,China,Norway,Chile,Peru,Kenya,Portugal,Hungary,Denmark",
  capitals: "Paris,Madrid,Rome,Oslo,Lisbon,Berlin,Santiago,Vienna,Lima,Nairobi,Havana,Accra",
  qualities: "old,new,nice,pretty,small,big,quiet,clean,strange,famous",
  verbs: "is,are,was,were,looks,look,seems,seem,stays,stay",
  prepositions: "near,behind,beside,above,under,by",
};
const norms = toFlat(mx.sqrt(mx.sum(mx.square(dictionary.directions()), 1)));
for (const [name, list] of Object.entries(concepts)) {
  const words = list.split(",");
  for (const where of ["next"]) {
    const rows = async (t: number[][]) => {
      const r: any = await rowsOf(model, dictionary, t, words);
      if (where === "at") return r;
      const isWord = Float32Array.from(t.flatMap((x) => x.slice(2).concat(-1)), (id) => (r.ids.has(id) ? 1 : 0));
      return { ...r, isWord };
    };
    const [train, test] = [await rows(found), await rows(judged)];
    const { feature, f1 } = bestFeature(dictionary, train);
    const enc = dictionary.encode(train.x);
    const acts = [...toFlat(enc.index(mx.Slice(), feature))].filter((v) => v > 0);
    const own = acts.reduce((a, b) => a + b, 0) / acts.length;
    const dens = toFlat(mx.mean(mx.greater(enc, 0).astype(mx.float32), 0));
    const alive = [...dens.keys()].filter((o) => o !== feature && dens[o] > 0.001);
    const step = Math.max(1, Math.floor(alive.length / 39));
    const others = alive.filter((_, i) => i % step === 0).slice(0, 39);
    const ids = mx.array([...test.ids], mx.int32);
    const shareOf = async (one: number | undefined, size: number) => {
      const view = one === undefined ? model : spliceDictionary(model, dictionary).edit({ [featureSite(model, dictionary)]: changeFeatures(dictionary, { add: { [one]: size / norms[one] } }) });
      using cache = await view.run(judged.slice(0, 20), { save: "output" });
      return Number(mx.mean(mx.sum(mx.take(mx.softmax(cache.get("output"), -1), ids, 2), 2)).item());
    };
    const plain = await shareOf(undefined, 0);
    const out: string[] = [];
    for (const strength of [2]) {
      const size = strength * own * norms[feature];
      const s = await shareOf(feature, size);
      const os: number[] = [];
      for (const o of others) os.push(await shareOf(o, size));
      out.push(`×${strength}: ${(100 * s).toFixed(2)} vs max ${(100 * Math.max(...os)).toFixed(2)} p=${((os.filter((v) => v >= s).length + 1) / (os.length + 1)).toFixed(3)}`);
    }
    console.log(name, where, "f", feature, "F1", f1.toFixed(2), f1Of(dictionary, feature, test).toFixed(2), "own", own.toFixed(2), "plain", (100 * plain).toFixed(2), out.join("; "));
  }
}
