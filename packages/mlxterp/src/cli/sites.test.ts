/** `mlxterp sites` with a prompt: shapes and bytes of what a run would save. */
import { expect, it } from "vitest";
import { invoke, widestLine } from "./test-support.js";

const asked = ["sites", "--sites", "layers.*", "--sites", "layers.*.selfAttn.pattern"];

it("shows shapes and bytes for a prompt", async () => {
  const { code, stdout } = await invoke([...asked, "Mary and John"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/layers\.0 +\[1, 4, 128\] +float32 +2,048/);
  expect(stdout).toMatch(/layers\.0\.selfAttn\.pattern +\[1, 4, 4, 4\] +float32 +256/);
});

it("gives them as data, for token ids too", async () => {
  const { stdout } = await invoke([...asked, "--tokens", "2,0,1", "--json"]);
  const { bytes, sites, tokens } = JSON.parse(stdout);
  expect(tokens).toEqual([2, 0, 1]);
  expect(bytes).toBe(sites.reduce((sum: number, site: { bytes: number }) => sum + site.bytes, 0));
  expect(sites[0]).toMatchObject({ site: "layers.0", shape: [1, 3, 128], dtype: "float32" });
});

it("lists places without shapes where there is no prompt", async () => {
  const { stdout } = await invoke([...asked, "--json"]);
  expect(JSON.parse(stdout).sites[0]).not.toHaveProperty("shape");
});

it("says what a site holds and what TransformerLens calls it, on a narrow screen below", async () => {
  const argv = ["sites", "--sites", "layers.0.selfAttn.*", "--sites", "output"];
  const wide = await invoke(argv, { environment: { COLUMNS: "220" } });
  const pattern = wide.stdout
    .split("\n")
    .find((line) => line.startsWith("layers.0.selfAttn.pattern"));
  expect(pattern).toMatch(/\(batch, .+\) +[A-Z][^()]+\. \(blocks\.0\.attn\.hook_pattern\)/);
  for (const width of [40, 60, 80]) {
    const { stdout } = await invoke(argv, { environment: { COLUMNS: String(width) } });
    expect(widestLine(stdout)).toBeLessThanOrEqual(width);
    expect(stdout).toMatch(/^site.+axes/m);
    expect(stdout).toMatch(/^site.+what it holds/m);
  }
});
