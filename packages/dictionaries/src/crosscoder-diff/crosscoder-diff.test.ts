/** Crosscoder diffing as a method, against rows that were put together by hand; and crosscoders saved and read back. */
import { mx, toFlat } from "@mlxterp/mlx";
import { type LanguageModel, loadModel } from "@mlxterp/models";
import { expect, it } from "vitest";
import { loadCrosscoder } from "../loading/load.js";
import { diffCrosscoder } from "../model-diffing/diff-crosscoder.js";
import { saveCrosscoder } from "../saving/save-crosscoder.js";
import { normal, temporaryFolder } from "../testing/make.js";
import { casePath, casesAreHere } from "../testing/reference.js";
import { arraySource } from "../training/sources.js";
import { crosscoderDiff } from "./crosscoder-diff.js";
import { crosscoderDiffView } from "./view.js";

const tiny = (await loadModel("tiny")) as LanguageModel;
const prompts = ["Mary and John went to the park .", "the capital of France is"];

it("finds of prompts what their rows have, token by token", async () => {
  const result = await crosscoderDiff(tiny, prompts);
  const sites = ["layers.1", "layers.2"];
  const parts = [];
  for (const { ids } of result.fed) {
    using cache = await tiny.run([[...ids]], { save: sites });
    parts.push(
      mx.stack(
        sites.map((site) => cache.get(site).index(0, mx.Slice(1))),
        1,
      ),
    );
  }
  const rows = mx.concatenate(parts, 0);
  const crosscoder = loadCrosscoder("tiny");
  const sizes = { batchSize: rows.shape[0], batches: 1 };
  const diff = await diffCrosscoder(crosscoder, arraySource(rows), sizes);
  const { features, counts } = result.tables;
  expect(features.rows.map(({ place }) => place)).toEqual(diff.features.map(({ place }) => place));
  for (const [at, { scaling, density }] of diff.features.entries()) {
    expect(features.rows[at].density).toBe(density);
    if (density > 0) expect(features.rows[at].scaling).toBeCloseTo(scaling, 5);
    else expect(features.rows[at].scaling).toBeNull();
  }
  const [{ tokens, shared, on, explainedFirst, explainedSecond }] = counts.rows;
  expect(tokens).toBe(rows.shape[0]);
  expect([shared, on]).toEqual([
    diff.counts.shared,
    diff.features.filter(({ density }) => density > 0).length,
  ]);
  for (const share of [explainedFirst, explainedSecond]) expect(share).toBeGreaterThan(0.6);
  expect(result.notes.map(({ code }) => code)).toEqual(["FEW_TOKENS"]);
  const encoded = crosscoder.encode(rows);
  const strongest = [...features.rows].sort((a, b) => b.activation - a.activation)[0];
  const column = [...toFlat(encoded.index(mx.Slice(), strongest.feature))];
  const place = column.indexOf(Math.max(...column));
  expect(strongest.token).toBe(result.fed.flatMap(({ pieces }) => pieces.slice(1))[place]);
});

it("reads a second model where one is given, and says when the crosscoder is not of the two", async () => {
  const edited = tiny.edit({ "layers.2.mlp": (x) => mx.multiply(x, 0) });
  const { tables, notes } = await crosscoderDiff(tiny, prompts, {
    ...{ other: edited, sites: ["layers.3"] },
  });
  const [{ first, second }] = tables.counts.rows;
  expect([first, second]).toEqual([tiny.name, edited.name]);
  expect(notes.map(({ code }) => code)).toContain("POOR_RECONSTRUCTION");
  await expect(crosscoderDiff(tiny, "Mary", { sites: ["layers.1"] })).rejects.toThrow("two tokens");
  await expect(crosscoderDiff(tiny, prompts, { other: "tiny" })).rejects.toThrow("is a name");
  for (const site of ["layers.1.selfAttn.pattern", "layers.1.selfAttn.z"]) {
    const read = crosscoderDiff(tiny, prompts, { sites: [site] });
    await expect(read).rejects.toMatchObject({ code: "INVALID_ARGUMENT", message: expect.stringContaining(`"${site}" does not have one row for each token`) }); // biome-ignore format: one line
  }
});

it("shows as many features as are asked for, confirmed ones first", async () => {
  const result = await crosscoderDiff(tiny, prompts, { top: 3, exclusive: 0.45, shared: 0.48 });
  const [table] = crosscoderDiffView(result).filter(({ kind }) => kind === "table");
  if (table.kind !== "table") throw new Error("no table");
  expect(table.rows).toHaveLength(3);
  const places = result.tables.features.rows.filter(({ confirmed }) => confirmed);
  if (places.length > 0) expect(table.rows[0].join()).toContain("confirmed");
});

it
  .runIf(casesAreHere)
  .each(["crosscoder-l1", "crosscoder-batchtopk", "crosscoder-batchtopk-normalized"])(
  // biome-ignore format: one line
  "is read back as it was saved: %s",
  async (name) => {
    const crosscoder = loadCrosscoder(casePath(name));
    const folder = temporaryFolder();
    await saveCrosscoder(crosscoder, folder);
    const again = loadCrosscoder(folder);
    const { sources, width } = crosscoder.config;
    const x = normal([9, sources, width], 3);
    expect([...toFlat(again.forward(x))]).toEqual([...toFlat(crosscoder.forward(x))]);
    const { selection, ...config } = again.config;
    expect({ selection, ...config }).toEqual(crosscoder.config);
    const byBatch = loadCrosscoder(casePath("crosscoder-batchtopk"), { select: "batchTopK" });
    await expect(saveCrosscoder(byBatch, folder)).rejects.toMatchObject({
      code: "UNSUPPORTED_DICTIONARY_SAVE",
    });
  },
);
