/** The command as a process: streams, signals, and what it says when the binding does not load. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { fromSources } from "../../../../scripts/lib/from-sources.mjs";
import { widestLine } from "./test-support.js";

const main = await fromSources(new URL("main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "mlxterp-main-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface SpawnOptions {
  /** Options of node itself. */
  readonly node?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** What is piped in; nothing, and at its end, otherwise. */
  readonly input?: string;
  /** Called with everything printed so far. */
  readonly onOutput?: (stdout: string, interrupt: () => void) => void;
}

function run(
  argv: readonly string[],
  { node = [], environment, input, onOutput }: SpawnOptions = {},
) {
  const child = spawn(process.execPath, [...node, main, ...argv], {
    cwd: folder,
    env: { ...process.env, ...environment },
  });
  child.stdin.on("error", () => undefined); // a process that ends does not read
  child.stdin.end(input);
  const printed = { stdout: "", stderr: "" };
  let interrupted = false; // a second signal would end the process at once, as it should
  const interrupt = () => {
    if (!interrupted) child.kill("SIGINT");
    interrupted = true;
  };
  child.stdout.on("data", (part) => {
    printed.stdout += part;
    onOutput?.(printed.stdout, interrupt);
  });
  child.stderr.on("data", (part) => {
    printed.stderr += part;
  });
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...printed }));
  });
}

describe("without a binding that loads", () => {
  const broken = `data:text/javascript,${encodeURIComponent(`
    import Module from "node:module";
    const load = Module._load;
    Module._load = (request, ...rest) => {
      if (request === "@frost-beta/mlx") throw new Error("libblas.so.3: cannot open shared object file");
      return load(request, ...rest);
    };`)}`;
  const options = { node: ["--import", broken] };

  it("still helps and tells wrong arguments", async () => {
    expect(await run(["lens", "--help"], options)).toMatchObject({ code: 0, stderr: "" });
    expect(await run(["lens", "--nonsense"], options)).toMatchObject({ code: 2, stdout: "" });
  });

  it("says in one line how to mend it", async () => {
    const { code, stdout, stderr } = await run(["lens"], options);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(
      /^mlxterp lens: The MLX binding cannot be loaded: .*apt-get install.*\n$/,
    );
  });
});

it("asks for compiled code to be kept before it loads all else, where Node can", async () => {
  const watched = `data:text/javascript,${encodeURIComponent(`
    import Module from "node:module";
    const load = Module._load;
    Module._load = (request, ...rest) => {
      if (request === "@frost-beta/mlx") process.stderr.write("binding ");
      return load(request, ...rest);
    };
    Module.enableCompileCache = () => process.stderr.write("cache ");`)}`;
  const { code, stderr } = await run(["sites", "--json"], { node: ["--import", watched] });
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: expect.stringMatching(/^cache (binding )+$/),
  });
});

it("reads its prompt from a pipe", async () => {
  const { code, stdout } = await run(["trace", "--json"], { input: "the capital of France is\n" });
  expect(code).toBe(0);
  expect(JSON.parse(stdout).tokens.pieces).toEqual(["<bos>", "the", "capital", "of", "France", "is"]); // biome-ignore format: one list
});

it("stops at Ctrl-C with 130 and one line", async () => {
  const { code, stderr } = await run(["demo"], {
    onOutput: (stdout, interrupt) => {
      if (stdout.includes("1. What")) interrupt();
    },
  });
  expect({ code, stderr }).toEqual({ code: 130, stderr: "mlxterp demo: interrupted\n" });
});

it("takes the model that comes along apart and leaves a report", async () => {
  const { code, stdout, stderr } = await run(["demo"], {
    environment: { COLUMNS: "80", NO_COLOR: "1" },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const report = join(folder, "demo-report.html");
  const [steps, last] = stdout.split("Report: ");
  expect(last).toBe(`${report}\n`);
  expect(widestLine(steps)).toBeLessThanOrEqual(80);
  expect(steps.match(/^\d\. .+$/gm)).toHaveLength(6);
  const page = readFileSync(report, "utf8");
  expect(page).toMatch(/^<!doctype html>/i);
  expect(page).not.toMatch(/(src|href)\s*=\s*["']?(https?:)?\/\//i);
  expect(page.match(/<svg/g)?.length).toBeGreaterThan(3);
});
