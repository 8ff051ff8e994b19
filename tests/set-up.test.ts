/** Set-up's judgement: what a failed load of the binding means, which Node will do, and how tests are counted. */
import { describe, expect, it } from "vitest";
import { blasAdvice, diagnose } from "../scripts/lib/binding.mjs";
import { isSupportedNode } from "../scripts/lib/set-up.mjs";
import { readTotals, totalsLine } from "../scripts/lib/totals.mjs";

const missingBlas =
  "Error: libblas.so.3: cannot open shared object file: No such file or directory";
const missingLapack = missingBlas.replace("libblas", "liblapack");

type Files = Parameters<typeof readTotals>[0]["testResults"];

describe("a binding that does not load", () => {
  it.each([missingBlas, missingLapack])(
    "lacks BLAS on Linux when the loader says: %s",
    (message) => {
      expect(diagnose(message, "linux", "x64")).toBe("blas");
    },
  );

  it("has not been downloaded yet on macOS, whatever the loader says", () => {
    const elf = "Error: dlopen(mlx.node, 0x0001): not a mach-o file";
    expect(diagnose(elf, "darwin", "arm64")).toBe("macos-build");
  });

  it.each([
    ["win32", "x64"],
    ["linux", "arm64"],
  ] as const)("has no build for %s %s", (platform, architecture) => {
    expect(diagnose("Error: invalid ELF header", platform, architecture)).toBe("platform");
  });

  it("is not installed when Node does not find it", () => {
    expect(diagnose("Error: Cannot find module '@frost-beta/mlx'", "linux", "x64")).toBe("missing");
  });

  it("gives the exact command on Debian and names the libraries elsewhere", () => {
    expect(blasAdvice(true)).toContain("apt-get install -y libopenblas0-pthread liblapack3");
    expect(blasAdvice(false)).toContain("libblas.so.3");
  });
});

describe("the Node version", () => {
  it.each([
    ["18.20.4", false],
    ["20.18.3", false],
    ["20.19.0", true],
    ["22.1.0", true],
  ])("%s: supported is %s", (version, supported) => {
    expect(isSupportedNode(version)).toBe(supported);
  });
});

describe("the totals of a test run", () => {
  const passing = { status: "passed", assertionResults: [{ status: "passed" }] };
  const failing = { status: "failed", assertionResults: [{ status: "failed" }] };
  const broken = { status: "failed", assertionResults: [] };

  function report(passed: number, failed: number, skipped: number, testResults: Files) {
    const counts = { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped };
    return { ...counts, numTodoTests: 0, testResults };
  }

  it("are one line, with skipped tests only when there are some", () => {
    expect(totalsLine(readTotals(report(3, 0, 0, [passing])))).toBe("3 passed, 0 failed");
    expect(totalsLine(readTotals(report(3, 1, 2, [failing])))).toBe(
      "3 passed, 1 failed, 2 skipped",
    );
  });

  it("count a file that does not load as a failure", () => {
    expect(readTotals(report(3, 0, 0, [passing, broken]))).toMatchObject({ failed: 1 });
  });
});
