/** One block of every kind, as methods make them, with tokens that are hard to show; the same in every run. */
import {
  type AttentionBlock,
  type Block,
  divergingAround,
  type GraphBlock,
  type GridBlock,
  section,
  text,
  visibleToken,
} from "@mlxterp/results";

/** Numbers from 0 to 1, always the same. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) % 0x80000000;
    return state / 0x80000000;
  };
}

/** `When Mary and John …`, as a byte-level tokenizer cuts it. */
const sentence = ["<s>", "When", " Mary", " and", " John", " went", " to", " the", " shop", ",", " John", " gave", " a", " ball", " to"]; // biome-ignore format: one line
const corrupted = sentence.map((piece, at) => (at === 10 ? " Mary" : piece));

/** Blanks, line ends, controls, two directions of writing, and letters that no font of Latin has. */
const hard = ["<s>", "  ", "\n", "\t", "\u0007", "שלום", " مرحبا", "日本", "<0xE2>", "\u200b", " naïve"]; // biome-ignore format: one line

/** Repeats a text until it has so many tokens. */
export function longText(length: number): string[] {
  return Array.from({ length }, (_, at) => sentence[at % sentence.length]);
}

/** A lens over a text of any length. */
export function lensBlock(pieces: readonly string[], layers = 6): GridBlock {
  const random = chance(7);
  const rows = Array.from({ length: layers }, (_, layer) =>
    layer === 0 ? "embedding" : layer - 1,
  );
  const alternatives = rows.map((_, row) =>
    pieces.map(() => {
      let left = 1;
      return Array.from({ length: 4 }, () => {
        const probability = left * (0.1 + (0.8 * random() * (row + 1)) / layers);
        left -= probability;
        return {
          text: visibleToken(sentence[Math.floor(random() * sentence.length)]),
          probability,
        };
      }).sort((a, b) => b.probability - a.probability);
    }),
  );
  return {
    kind: "grid",
    title: "Logit lens: what each layer would predict",
    subtitle: "Cells show the most likely next token; colour is its probability",
    rowTitle: "residual stream after",
    columnTitle: "token read at",
    rows: rows.map((layer) => (layer === "embedding" ? "embedding" : `layer ${layer}`)),
    columns: pieces.map(visibleToken),
    values: alternatives.map((row) => row.map(([best]) => best.probability)),
    cells: alternatives.map((row) => row.map(([best]) => best.text)),
    alternatives,
    rowPlaces: { axis: "layer", at: rows },
    columnPlaces: { axis: "position", at: pieces.map((_, position) => position) },
    scale: { kind: "sequential", domain: [0, 1] },
    legend: "probability of the token shown",
  };
}

export function patchingBlock(): GridBlock {
  const random = chance(3);
  const values = Array.from(
    { length: 6 },
    (_, layer) =>
    sentence.map((_piece, at) => (at === 10 ? 1 - layer / 6 : at === 14 ? layer / 5 : 0.2 * (random() - 0.5))), // biome-ignore format: one number
  );
  return {
    kind: "grid",
    title: "Patching the residual stream before each layer",
    subtitle:
      "logitDifference of Mary − John: 3.12 clean, −2.4 corrupted. Patched clean into corrupted.",
    rowTitle: "patched in",
    columnTitle: "position (clean / corrupted token)",
    rows: values.map((_, layer) => `layer ${layer}`),
    columns: sentence.map((piece, at) => (at === 10 ? "·John/·Mary" : visibleToken(piece))),
    values,
    prompts: [
      { label: "clean", pieces: sentence, says: { text: "·Mary", probability: 0.81 } },
      { label: "corrupted", pieces: corrupted, says: { text: "·John", probability: 0.74 } },
    ],
    alternatives: values.map(
      (row) =>
      row.map((effect) => [{ text: effect > 0.5 ? "·Mary" : "·John", probability: 0.3 + Math.abs(effect - 0.5) }]), // biome-ignore format: one cell
    ),
    rowPlaces: { axis: "layer", at: values.map((_, layer) => layer) },
    columnPlaces: { axis: "position", at: sentence.map((_, position) => position) },
    scale: divergingAround(values.flat(), 0),
    legend: "effect: 0 as corrupted, 1 as clean",
  };
}

/** Heads that look back by one, at the first token, nearby, and here and there. */
export function attentionBlock(pieces: readonly string[], layers = 3, heads = 4): AttentionBlock {
  const random = chance(11);
  const size = pieces.length;
  const wish = [
    (query: number, key: number) => (key === query - 1 ? 20 : 0.3),
    (_query: number, key: number) => (key === 0 ? 6 : random()),
    (query: number, key: number) => Math.exp((key - query) / 2),
    () => random() ** 8 + 0.002,
  ];
  const patterns = Array.from({ length: layers * heads }, (_, at) => {
    const weights = new Float32Array(size * size);
    for (let query = 0; query < size; query++) {
      const row = weights.subarray(query * size, query * size + query + 1);
      for (let key = 0; key <= query; key++) row[key] = wish[at % wish.length](query, key);
      const sum = row.reduce((total, weight) => total + weight, 0);
      for (let key = 0; key <= query; key++) row[key] /= sum;
    }
    return { layer: Math.floor(at / heads), head: at % heads, weights };
  });
  return { kind: "attention", pieces, causal: true, patterns };
}

/** A graph from tokens to what is said. */
export function graphBlock(nodes: number, edges: number, ranks: number): GraphBlock {
  const random = chance(5);
  const rankOf = (at: number) => (at < sentence.length ? 0 : 1 + (at % ranks));
  const list = Array.from({ length: nodes }, (_, at) => ({
    id: `n${at}`,
    label: at < sentence.length ? `token ${at} ${visibleToken(sentence[at])}` : `L${rankOf(at) - 1} feature ${1000 + at}`, // biome-ignore format: one choice
    rank: rankOf(at),
  }));
  const links = Array.from({ length: edges }, () => {
    const ends = [Math.floor(random() * nodes), Math.floor(random() * nodes)].sort((a, b) => rankOf(a) - rankOf(b)); // biome-ignore format: one list
    return { from: `n${ends[0]}`, to: `n${ends[1]}`, weight: (random() - 0.3) * random() ** 3 };
  });
  return {
    kind: "graph",
    title: "Attribution graph",
    subtitle: "edges as wide as what they carry; from tokens to what is said",
    nodes: list,
    edges: links.filter(
      ({ from, to }) => rankOf(Number(from.slice(1))) < rankOf(Number(to.slice(1))),
    ),
  };
}

function featuresBlock(): GridBlock {
  const random = chance(2);
  const features = [812, 77, 4011];
  return {
    kind: "grid",
    title: "Features in the prompt",
    subtitle: "those that are on most",
    rowTitle: "feature",
    columnTitle: "token",
    rows: features.map(String),
    columns: sentence.map(visibleToken),
    values: features.map(() => sentence.map(() => (random() < 0.6 ? 0 : 5 * random()))),
    rowPlaces: { axis: "feature", at: features },
    columnPlaces: { axis: "position", at: sentence.map((_, position) => position) },
    scale: { kind: "sequential", domain: [0, 5] },
    legend: "activation",
    upwards: false,
  };
}

/** Every kind of block, some twice where they are read in two ways. */
export function galleryBlocks(): Block[] {
  const random = chance(13);
  return [
    section("Tokens", { kind: "tokens", label: "Tokens fed", pieces: sentence }, { kind: "tokens", label: "What each token adds", pieces: hard, values: hard.map((_, at) => Math.sin(at)), scale: { kind: "diverging", domain: [-1, 1], pivot: 0 } }), // biome-ignore format: one section
    section("Lens", lensBlock(sentence)),
    section("Patching", patchingBlock()),
    section("Attention", attentionBlock(sentence)),
    section("Bars", { kind: "bars", title: "What writes the answer", subtitle: "direct logit attribution at the last token; whiskers are 95 % of resampled prompts", axis: "logits", bars: [{ label: "head 5.1", value: 3.2, low: 2.6, high: 3.9 }, { label: "head 4.7", value: 2.1, low: 1.4, high: 2.7 }, { label: "mlp 5", value: 0.8, low: 0.2, high: 1.3 }, { label: "embedding", value: 0.1 }, { label: "mlp 2", value: -1.6, low: -2.2, high: -0.9 }] }), // biome-ignore format: one section
    section("Lines", { kind: "lines", title: "How tokens rise", subtitle: 'After "·to"', xTitle: "residual stream after", yTitle: "probability", x: ["embedding", "0", "1", "2", "3", "4"], lines: [{ label: "·Mary", values: [0, 0.02, 0.1, 0.35, 0.7, 0.92], low: [0, 0, 0.05, 0.22, 0.6, 0.86], high: [0.02, 0.06, 0.2, 0.5, 0.8, 0.97] }, { label: "·John", values: [0.01, 0.05, 0.3, 0.3, 0.12, 0.04] }, { label: "שלום", values: [0.1, 0.05, null, 0.02, 0.01, 0] }] }), // biome-ignore format: one section
    section("Histogram", { kind: "histogram", title: "Losses", axis: "nats", edges: Array.from({ length: 25 }, (_, at) => at / 4), counts: Array.from({ length: 24 }, (_, at) => Math.round(120 * Math.exp(-((at - 8) ** 2) / 30))) }), // biome-ignore format: one section
    section("Scatter", { kind: "scatter", title: "Heads by what they do", xTitle: "copying", yTitle: "induction", points: Array.from({ length: 24 }, (_, at) => ({ x: random(), y: random() ** 2, label: `${Math.floor(at / 8)}.${at % 8}` })) }), // biome-ignore format: one section
    section("Graph", graphBlock(44, 150, 4)),
    section("Table", { kind: "table", caption: "Nodes with most influence", columns: [{ title: "node" }, { title: "influence", align: "right" }, { title: "share", align: "right" }, { title: "says" }], rows: [["L3 feature 121", { text: "2.647", tone: "strong" }, "24.5 %", "·Mary"], ["L2 feature 174", "1.571", "9.7 %", { text: "·John", tone: "quiet" }], ["L0 feature 90", "−0.258", "60.1 %", { text: "·ball", tone: "bad" }]] }, text("Note: one prompt, so there are no intervals.", "quiet")), // biome-ignore format: one section
    section("Features", featuresBlock(), { kind: "table", caption: "What each would say directly", columns: [{ title: "feature", align: "right" }, { title: "more likely" }], rows: [["812", "·he, ·him"], ["77", "·she, ·her"], ["4011", "·store"]] }), // biome-ignore format: one section
  ];
}
