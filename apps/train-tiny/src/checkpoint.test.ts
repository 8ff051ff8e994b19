/** Tests of the written folder: names, tokenizer and the step that puts it in place. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mx, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, loadModel } from "@mlxterp/models";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { decoderConfig } from "./architecture.js";
import { draftFolder, publishDraft, writeCheckpoint } from "./checkpoint.js";
import { tokens } from "./vocabulary.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "train-tiny-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a written checkpoint", () => {
  it("loads as the decoder it was written from, rounded to float16", async () => {
    const decoder = initializeWeights(new Decoder(decoderConfig), { seed: 1 });
    await writeCheckpoint(decoder, folder);
    const model = await loadModel(folder);
    expect(model.config).toEqual(decoderConfig);
    const ids = mx.array([[1, 20, 30, 40]], mx.int32);
    const difference = mx.abs(mx.subtract(decoder.forward(ids), model.module.forward(ids)));
    expect(toFlat(mx.max(difference))[0]).toBeLessThan(1e-2);
  });

  it("has a tokenizer with one token per word", async () => {
    await writeCheckpoint(initializeWeights(new Decoder(decoderConfig)), folder);
    const { tokenizer } = await loadModel(folder);
    const ids = tokenizer!.encode("Mary and John went to the park. Then xyzzy");
    expect(ids.map((id) => tokens[id])).toEqual(
      "<bos> Mary and John went to the park . Then <unk>".split(" "),
    );
    expect(tokenizer!.decode(ids.slice(1, -1))).toBe("Mary and John went to the park. Then");
    expect(tokenizer!.vocabSize).toBe(decoderConfig.vocab);
  });
});

describe("publishing a draft", () => {
  it("replaces the target and leaves nothing else behind", () => {
    const target = join(folder, "tiny");
    const draft = draftFolder(target);
    for (const [place, file] of [
      [target, "old"],
      [draft, "new"],
    ]) {
      mkdirSync(place);
      writeFileSync(join(place, file), "");
    }
    publishDraft(draft, target);
    expect(readdirSync(target)).toEqual(["new"]);
    expect(readdirSync(folder)).toEqual(["tiny"]);
    expect(existsSync(draft)).toBe(false);
  });
});
